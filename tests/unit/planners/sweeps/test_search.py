"""Sweeps against the exact planner and exhaustive search: legal, as good as they say, nearly optimal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners import solve
from planners.follow import follow
from planners.sweeps.cells import NUM_CELLS
from planners.sweeps.polish import make_bench, polish
from planners.sweeps.search import (
    EVERY_CELL,
    make_desk,
    plan_by_cells,
    plan_by_sweeps,
    scene_of,
    search_cells,
    value_cells,
)
from planners.sweeps.sweep import make_board, sweep
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, Walk
from satllm_env.scenarios import load_scenario
from tests.strategies import problems

SCENARIOS = ("paper", "paper-ground", "walker-dense")


def samples(name: str, count: int) -> list[Instance]:
    """The scenario's first instances."""
    scenario = load_scenario(name)
    return [scenario.sample(seed).instance for seed in range(count)]


@settings(max_examples=150)
@given(problem=problems(layers=4))
def test_never_better_than_the_optimum(problem: Problem) -> None:
    """A plan keeps every rule, so it is no quicker than the quickest of all walks."""
    plan, swept = plan_by_sweeps(Instance.from_problem(problem))
    assert swept <= NUM_CELLS
    try:
        optimum = solve(problem, "exhaustive")
    except InputError:
        return
    if plan is not None:
        assert plan.delay_s >= optimum.delay_s * (1.0 - 1e-9)


@pytest.mark.parametrize("name", SCENARIOS)
def test_nearly_optimal(name: str) -> None:
    """All sweeps together find a plan of every request, within 1 % of the optimum on average."""
    gaps = []
    for instance in samples(name, 8):
        plan, _ = plan_by_sweeps(instance)
        assert plan is not None
        gaps.append(plan.delay_s / solve(instance, deadline_s=20.0).delay_s - 1.0)
    assert np.mean(gaps) < 0.01


@settings(max_examples=60)
@given(problem=problems(layers=5), cell=st.integers(0, NUM_CELLS - 1))
def test_ways_cost_what_they_say(problem: Problem, cell: int) -> None:
    """The delay and bottleneck that a search adds up are those of the walk that makes its sends."""
    instance = Instance.from_problem(problem)
    scene = scene_of(Walk(instance))
    desk = make_desk(scene)
    search_cells(scene, np.array([cell]), 1, desk)
    best = desk.best
    if best.length[0] == 0:
        return
    walk = Walk(instance)
    assert follow(walk, best.sends[: best.length[0]]) == ""
    assert best.values_s[0] == pytest.approx(walk.delay_s, rel=1e-9)
    assert best.values_s[1] == pytest.approx(walk.bottleneck_s, rel=1e-9)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sweep_keeps_its_threshold(name: str) -> None:
    """Nothing is busy longer than the threshold, and polishing only makes a way quicker."""
    for instance in samples(name, 3):
        scene = scene_of(Walk(instance))
        board, bench = make_board(scene), make_bench(instance.tables.num_levels)
        found = 0
        for multiple in (1.0, 1.1, 1.5, 3.0):
            board.bar_s[0] = np.inf
            sweep(scene, scene.start_s * multiple, 0.1, True, board)
            if board.trial.length[0] == 0:
                continue
            found += 1
            assert board.trial.values_s[1] <= scene.start_s * multiple * (1.0 + 1e-9)
            for close in (False, True):
                before_s = board.trial.values_s[0]
                polish(scene, close, bench, board.trial)
                assert board.trial.values_s[0] <= before_s
            assert follow(Walk(instance), board.trial.sends[: board.trial.length[0]]) == ""
        assert found


@pytest.mark.parametrize("name", SCENARIOS)
def test_on_from_the_middle(name: str) -> None:
    """From a payload's arrival on the way, too, sweeps find a legal rest of the walk."""
    for instance in samples(name, 3):
        plan, _ = plan_by_sweeps(instance)
        assert plan is not None
        scene = scene_of(Walk(instance))
        desk = make_desk(scene)
        search_cells(scene, EVERY_CELL, NUM_CELLS, desk)
        sends = desk.best.sends[: desk.best.length[0]]
        for made in range(1, len(sends)):
            walk = Walk(instance)
            assert follow(walk, sends[:made]) == ""
            rest = scene_of(walk)
            ahead = make_desk(rest)
            search_cells(rest, EVERY_CELL, NUM_CELLS, ahead)
            assert ahead.best.length[0] > 0
            assert follow(walk, ahead.best.sends[: ahead.best.length[0]]) == ""
            assert walk.delay_s == pytest.approx(ahead.best.values_s[0], rel=1e-9)


def test_a_stage_in_progress() -> None:
    """Sweeps begin where a payload has arrived, not within a stage."""
    walk = Walk(samples("paper", 1)[0])
    while not walk.instance.can_compute[walk.node]:  # relay to the first processor
        link = next(link for link in walk.instance.slots[walk.node] if link >= 0)
        walk.send(int(link), 0)
    walk.compute()
    with pytest.raises(ValueError, match="in progress"):
        scene_of(walk)


def test_more_sweeps_until_there_is_a_plan() -> None:
    """Where the first cells find nothing, the next ones are swept."""
    instance = samples("paper", 1)[0]
    scene = scene_of(Walk(instance))
    values_s = np.empty(NUM_CELLS)
    value_cells(scene, values_s)
    barren, fruitful = np.flatnonzero(np.isinf(values_s)), np.flatnonzero(np.isfinite(values_s))
    assert len(barren) and len(fruitful)
    order = np.array([*barren[:3], *fruitful])
    plan, swept = plan_by_cells(instance, scene, order, 1)
    assert plan is not None
    assert swept == min(len(barren), 3) + 1
    assert plan.delay_s == pytest.approx(values_s[fruitful[0]], rel=1e-9)
