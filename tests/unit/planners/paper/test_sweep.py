"""Points are planned once, with the same requests for every scheme."""

import numpy as np
import pytest

from planners import solve
from planners.paper.outcome import Outcome, Point, Ratio, points, ratio, signed
from planners.paper.scheme import GROUND_ONLY, PLANNER, SENSING_ALONE, SINGLE, SINGLE_FITTING, UNIFORM
from planners.paper.setting import Setting, changed
from planners.paper.sweep import Effort, run
from satllm_env.errors import InputError

EFFORT = Effort(episodes=3, shell_episodes=1, deadline_s=20.0)
PLAIN = Setting()


def test_outcomes_are_those_of_solve() -> None:
    """The planner gets the request as drawn; ground-only may compute on the ground."""
    results = run(points([PLAIN], (PLANNER, GROUND_ONLY)), EFFORT)
    drawn = PLAIN.draws(range(3))
    assert results.of(PLAIN).delay_s.tolist() == [solve(instance).delay_s for instance in drawn]
    allowed = [solve(changed(i, ground_may_compute=True), "ground-only") for i in drawn]
    ground = results.of(PLAIN, GROUND_ONLY)
    assert ground.delay_s.tolist() == [result.delay_s for result in allowed]
    assert ground.total_bytes.tolist() == [r.isl_bytes + r.downlink_bytes for r in allowed]
    assert results.of(PLAIN).proven == 3


def test_schemes_lift_what_they_say() -> None:
    """Without the memory limit one satellite holds ViT-G; alone, it is the source."""
    drawn = PLAIN.draws(range(2))
    for instance in drawn:
        assert solve(SINGLE_FITTING.instance(instance), SINGLE_FITTING.planner).plan is None
        best = solve(SINGLE.instance(instance), SINGLE.planner)
        alone = solve(SENSING_ALONE.instance(instance), SENSING_ALONE.planner)
        assert best.plan is not None
        assert alone.plan is not None
        source = instance.tables.source
        assert [stage.node for stage in alone.plan.stages] == [source]
        assert best.delay_s <= alone.delay_s


def test_progress_counts_every_plan() -> None:
    """As many as the effort says, points given twice once."""
    shell = Setting(over="kuiper-630")
    wanted = points([PLAIN, shell], (GROUND_ONLY, UNIFORM))
    told: list[int] = []
    run([*wanted, *wanted], EFFORT, told.append)
    assert sum(told) == EFFORT.plans(wanted) == 2 * 3 + 2 * 1


def test_a_setting_out_of_range_is_told() -> None:
    """One line with the scenario."""
    with pytest.raises(InputError, match="none-such"):
        run([Point(Setting(resolution="none-such"), PLANNER)], EFFORT)


def _outcome(delays: list[float]) -> Outcome:
    array = np.array(delays)
    return Outcome(array, array, array, array, array, 0)


def test_ratios_are_of_requests_that_both_have() -> None:
    """A mean over a mean; equal ratios have no width."""
    found = ratio(_outcome([1.0, 2.0, np.nan, 9.0]), _outcome([2.0, 4.0, 5.0, np.nan]))
    assert found == Ratio(0.5, 0.5, 0.5)
    assert found.change_text == "−50 % (−50 to −50)"
    assert found.times_text == "0.50×"
    nothing = ratio(_outcome([np.nan]), _outcome([1.0]))
    assert (nothing.change_text, nothing.change_only, nothing.times_text) == ("–", "–", "–")


def test_intervals_hold_the_ratio() -> None:
    """Of requests that differ."""
    rng = np.random.default_rng(1)
    ours, theirs = rng.uniform(1, 2, 50), rng.uniform(2, 5, 50)
    found = ratio(_outcome(ours.tolist()), _outcome(theirs.tolist()))
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(ours.mean() / theirs.mean())


def test_signs_are_written_out() -> None:
    """With a decimal where a whole number would say too little."""
    assert [signed(value) for value in (-42.4, 12.0, 0.4, -97.94)] == ["−42", "+12", "+0.4", "−97.9"]
