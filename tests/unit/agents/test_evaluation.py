"""Scores against the optimum."""

import numpy as np
import pytest

from agents.contenders import contender, default_names
from agents.evaluation import draw_samples, gaps_pct, mean_interval, score
from satllm_env.errors import InputError
from satllm_env.problem import dump_problem
from satllm_env.scenarios import load_scenario


def test_gaps_are_percent_above_the_optimum_where_it_is_known() -> None:
    """Unknown optima are left out, and rounding errors count as none."""
    gaps = gaps_pct(np.array([1.1, 2.0, 3.0]), np.array([1.0, np.nan, 3.0 * (1 + 1e-15)]))
    assert gaps == pytest.approx([10.0, 0.0])
    assert gaps[1] == 0.0


def test_the_interval_covers_the_mean_and_shrinks_with_more_values() -> None:
    """A bootstrap interval of a mean behaves like one."""
    values = np.random.default_rng(1).exponential(size=400)
    low, high = mean_interval(values)
    few_low, few_high = mean_interval(values[:40])
    assert low < values.mean() < high
    assert high - low < few_high - few_low


def test_the_interval_of_equal_values_is_a_point_and_of_none_unknown() -> None:
    """No spread, no width; no values, no interval."""
    assert mean_interval(np.array([2.0, 2.0, 2.0])) == (2.0, 2.0)
    assert np.isnan(mean_interval(np.array([]))).all()


def test_episode_i_is_the_instance_of_seed_plus_i() -> None:
    """A comparison's request can be planned again by its seed."""
    sample = draw_samples("paper", 3, 5)[2]
    assert dump_problem(sample.problem) == dump_problem(load_scenario("paper").sample(7).problem)


def test_baselines_never_beat_the_planner_and_the_planner_has_no_gap() -> None:
    """Gaps are not negative, those of the exact planner are zero."""
    samples = draw_samples("paper-ground", 3, 0)
    planner = contender("astar", 0, 60.0)
    results = [planner.plan(sample) for sample in samples]
    optima_s = np.array([result.delay_s for result in results])
    for name in default_names():
        made, _ = score("paper-ground", contender(name, 0, 60.0), samples, optima_s)
        assert (made.gap_pct >= 0.0).all(), name
        if name == "astar":
            assert made.feasible_rate == 1.0
            assert not made.gap_pct.any()


def test_an_unknown_contender_is_refused_with_the_known_ones() -> None:
    """The message lists who may take part."""
    with pytest.raises(InputError, match="astar"):
        contender("nobody", 0, None)
