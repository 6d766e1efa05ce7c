"""The Lagrangian dual of the accuracy budget at one threshold.

``D(λ) = min over relaxed walks of Σ(busy + latency) + λ·(loss − budget)`` bounds the sum of every walk
within the budget from below, for every λ ≥ 0. The best λ is found by the secant rule of Handler and
Zang (1980, Networks 10:293): intersect the lines of a walk that is over the budget and one that is not.
"""

from __future__ import annotations

from typing import NamedTuple

from planners.astar.interval import Interval
from planners.astar.passes import ToGo, backward
from planners.astar.scaled import INFINITE, Scaled
from planners.astar.walks import best_walk, walk_cost
from satllm_env.problem.instance import Ints

MAX_PASSES = 8
MAX_MULTIPLIER = 1 << 31
NOT_WORTH = 50
"""A pass that could raise the bound by less than one part in this of what is missing is left out."""


class Dual(NamedTuple):
    """The outcome at one threshold."""

    value: int
    """[ticks] lower bound on the sum, INFINITE where no relaxed walk exists."""
    multiplier: int
    """[ticks per coarse loss unit] that gives it."""
    togo: ToGo | None
    """Its tables, None where no relaxed walk exists."""
    walks: list[Ints]
    """Relaxed walks seen, the best multiplier's last."""
    passes: int


class _Line(NamedTuple):
    """A relaxed walk as a function of λ: total + λ·excess."""

    total: int
    excess: int


def maximise(problem: Scaled, interval: Interval, enough: int) -> Dual:
    """Raise the bound at an interval's threshold until it cannot be raised, or is enough.

    Args:
        problem: the instance in ticks.
        interval: its multiplier is where to begin, its dual what is known.
        enough: [ticks] a value at which the caller stops caring.
    """
    net, alive, threshold, multiplier = interval.net, interval.alive, interval.upto, interval.multiplier
    best = Dual(-INFINITE, multiplier, None, [], 0)
    over: _Line | None = None
    within: _Line | None = None
    tried = set()
    while best.passes < MAX_PASSES and multiplier not in tried:
        tried.add(multiplier)
        togo = backward(problem, net, alive, threshold, multiplier)
        bound = int(togo.arrival[0, 0, net.source])
        if bound >= INFINITE:
            return Dual(INFINITE, multiplier, None, best.walks, best.passes + 1)
        sends = best_walk(problem, net, togo, threshold, net.source, 0, 0)
        total, _, _, coarse = walk_cost(problem, sends)
        value = bound - multiplier * problem.coarse_budget
        if value > best.value:
            best = Dual(value, multiplier, togo, [*best.walks, sends], best.passes + 1)
        else:
            best = best._replace(walks=[sends, *best.walks], passes=best.passes + 1)
        line = _Line(int(total), int(coarse) - problem.coarse_budget)
        if line.excess > 0:
            over = line
        else:
            within = line
        if best.value >= enough or (within is line and multiplier == 0) or line.excess == 0:
            break
        if best.passes == 1 and multiplier > 0 and value <= interval.dual:
            break  # nothing has changed
        multiplier = _next(over, within, multiplier)
        if over is not None and within is not None:
            most = over.total + multiplier * over.excess
            if NOT_WORTH * (most - best.value) <= enough - best.value:
                break
    return best


def _next(over: _Line | None, within: _Line | None, multiplier: int) -> int:
    """The multiplier to try next."""
    if over is None:
        return 0 if multiplier < 2 else multiplier // 4
    if within is None:
        return min(MAX_MULTIPLIER, max(4 * multiplier, over.total // over.excess // 4, 1))
    return max(0, (within.total - over.total) // (over.excess - within.excess))
