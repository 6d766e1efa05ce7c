"""The best way on from the middle of a walk, against every way on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners import solve
from planners.follow import follow
from planners.limits import Limits
from planners.onward import copy_of, solve_onward
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, Walk
from satllm_env.problem.moves import LEGAL
from satllm_env.scenarios import load_scenario
from tests.strategies import problems

SMALL = problems(["line", "ring", "one-way"], layers=4, satellites=3, levels=2)


def legal_moves(walk: Walk) -> list[tuple[int, int] | None]:
    """Every legal move: None computes a layer, a pair is a link and a level."""
    tables = walk.instance.tables
    sends = [
        (link, level)
        for link in range(len(tables.latency_s))
        for level in range(tables.num_levels)
        if walk.send_fault(link, level) == LEGAL
    ]
    return ([None] if walk.compute_fault() == LEGAL else []) + sends


def after(walk: Walk, move: tuple[int, int] | None) -> Walk:
    """The walk with one move more."""
    moved = copy_of(walk)
    if move is None:
        moved.compute()
    else:
        moved.send(*move)
    return moved


def least_delay_s(walk: Walk, best_s: float = np.inf) -> float:
    """Of every way on; nothing but the rules of moves is shared with the planner."""
    if walk.delay_s >= best_s:
        return best_s
    if walk.finished:
        return walk.delay_s
    for move in legal_moves(walk):
        best_s = least_delay_s(after(walk, move), best_s)
    return best_s


def some_way(problem: Problem, moves: int, seed: int) -> Walk:
    """A walk of some legal moves drawn at random, short of its end."""
    walk, rng = Walk(Instance.from_problem(problem)), np.random.default_rng(seed)
    for _ in range(moves):
        there = legal_moves(walk)
        moved = after(walk, there[rng.integers(len(there))]) if there else walk
        if moved.finished:
            break
        walk = moved
    return walk


@settings(max_examples=250)
@given(problem=SMALL, moves=st.integers(0, 8), seed=st.integers(0, 2**32 - 1))
def test_from_any_state_it_is_the_best_of_all_ways_on(problem: Problem, moves: int, seed: int) -> None:
    """Relays, stages in progress and payloads that are done: the same delay, by moves that are legal."""
    walk = some_way(problem, moves, seed)
    found, least_s = solve_onward(walk), least_delay_s(walk)
    assert found.delay_s == pytest.approx(least_s, rel=1e-9)
    assert found.status == ("optimal" if least_s < np.inf else "infeasible")
    if found.sends:
        assert follow(walk, found.sends) == ""
        assert walk.finished
        assert walk.delay_s == pytest.approx(least_s, rel=1e-9)


@settings(max_examples=100)
@given(problem=SMALL)
def test_from_the_source_it_is_the_optimum(problem: Problem) -> None:
    """Agreement with the exhaustive planner, which shares nothing with it."""
    try:
        reference = solve(problem, "exhaustive")
    except InputError:
        return  # too large for it
    found = solve_onward(Walk(Instance.from_problem(problem)))
    assert found.delay_s == pytest.approx(reference.delay_s, rel=1e-9)


def test_a_walk_is_not_changed_and_limits_stop_the_proof() -> None:
    """A plan that is not proven says so."""
    walk = Walk(load_scenario("walker-dense").sample(0).instance)
    before = walk.ints.copy(), walk.reals.copy(), list(walk.sends)
    found = solve_onward(walk, Limits(label_limit=0))
    assert found.status == "feasible"
    assert follow(copy_of(walk), found.sends) == ""
    assert (walk.ints == before[0]).all() and (walk.reals == before[1]).all() and walk.sends == before[2]
