"""The cheapest next move, again and again."""

from __future__ import annotations

from planners.baselines.options import Option, copy, make, options
from planners.baselines.split import NoSplitError
from satllm_env.problem import Instance, Plan, Walk

MAX_MOVES = 5_000
"""Moves tried, those that led into dead ends included."""


def greedy(instance: Instance) -> Plan:
    """Always make the move that raises the delay the least; on a dead end go back to the last choice.

    Among equals the first in the order of `options`: computing, then links in slot order and levels.

    Raises:
        NoSplitError: no plan after `MAX_MOVES` moves, or all walks lead into dead ends.
    """
    branches: list[list[tuple[float, Walk]]] = [[(0.0, Walk(instance))]]
    for _ in range(MAX_MOVES):
        while branches and not branches[-1]:
            branches.pop()
        if not branches:
            break
        walk = branches[-1].pop()[1]
        if walk.finished:
            return Plan.from_walk(walk)
        # the last is taken first, so the first among equals has to stand last
        ahead = [_after(walk, option) for option in reversed(options(walk))]
        ahead.sort(key=lambda branch: -branch[0])
        branches.append(ahead)
    raise NoSplitError(f"no plan within {MAX_MOVES} moves")


def _after(walk: Walk, option: Option) -> tuple[float, Walk]:
    twin = copy(walk)
    make(twin, option)
    return twin.delay_s, twin
