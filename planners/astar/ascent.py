"""The Lagrangian dual at one threshold: prices under which the best relaxed walk costs the most.

The dual is concave in the multipliers and every relaxed walk gives a subgradient: by how much it is over
what a legal plan may use of each resource. The prices follow a blend of the latest ones (a deflected
subgradient: Camerini, Fratta and Maffioli 1975) with Polyak's step (1969), halved where that does not
help. Walks on the way that keep every rule are plans.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.network import Net
from planners.astar.passes import AT_SOURCE, ToGo, empty_tables, fill
from planners.astar.prices import Multipliers, Prices, prices_of
from planners.astar.resources import NO_WALK
from planners.astar.scaled import INFINITE, Scaled
from planners.astar.walks import best_walk, walk_cost
from satllm_env.problem.instance import Bools, Floats, Ints
from satllm_env.problem.moves import NO_STAGE

PATIENCE = 4
"""Passes without progress before the step is halved."""

MEMORY = 0.5
"""Share of the direction before that a direction keeps; found by trials, as the others here."""

MOST_CREDIT = INFINITE >> 4
"""[ticks] prices above this are not tried: what a plan pays must stay well below what counts as infinite."""

LITTLE = 1e-3
"""Progress of less than this share of what is missing does not count."""


class Ascent(NamedTuple):
    """The outcome at one threshold."""

    value: int
    """[ticks] lower bound on the sum, INFINITE where no relaxed walk exists."""
    multipliers: Multipliers
    """What gives it."""
    prices: Prices
    togo: ToGo
    """Its tables; of no meaning where no relaxed walk exists."""
    walk: Ints
    """(K, 4) the relaxed walk that attains it."""
    plan: Ints
    """(K, 4) the best plan on the way, empty for none."""
    delay: int
    """[ticks] its delay."""
    passes: int


class _Uses(NamedTuple):
    """By how much a walk is over what a plan may use of each priced thing, as a share of that."""

    loss: Floats  # (1,)
    stage: Floats  # (N,)
    link: Floats  # (E,)


@numba.njit(cache=True)
def ascend(
    problem: Scaled,
    net: Net,
    alive: Bools,
    threshold: int,
    begin: Multipliers,
    enough: int,
    min_passes: int,
    max_passes: int,
) -> Ascent:
    """Raise the bound at a threshold until it is enough, or no longer rises.

    Args:
        problem: the instance in ticks.
        net: the graph.
        alive: (L + 1, Q, X) states of interest.
        threshold: [ticks] no processor or link may be busy longer.
        begin: where to begin; not changed.
        enough: [ticks] a value at which the caller stops caring.
        min_passes: below this it stops only when the bound is enough or rises no more.
        max_passes: at least one; the ascent also stops when it would take more than as many again.
    """
    boundary, level = AT_SOURCE[0], AT_SOURCE[1]
    best_togo, togo = empty_tables(alive.shape), empty_tables(alive.shape)
    now, best = _copied(begin), _copied(begin)
    best_prices = prices_of(problem, now)
    uses, direction = _new_uses(problem), _new_uses(problem)
    value, walk, plan, delay = -INFINITE, NO_WALK, NO_WALK, INFINITE
    share, stale, passes = 1.0, 0, 0
    recent = 0.0  # progress of late, per pass
    while passes < max_passes:
        prices = prices_of(problem, now)
        # in floats: the sum of whole ticks would be wrong long before it is too much to try
        if passes > 0 and now.loss[0] + now.stage.sum() + now.link.sum() > MOST_CREDIT:
            break
        fill(problem, net, alive, threshold, prices, togo, boundary)
        passes += 1
        bound = togo.arrival[0, 0, net.source]
        if bound >= INFINITE:
            return Ascent(INFINITE, best, prices, togo, walk, plan, delay, passes)
        bound -= prices.credit
        sends = best_walk(problem, net, togo, threshold, prices, net.source, boundary, level)
        legal = _count(problem, sends, uses)
        if legal:
            total, longest, _, _ = walk_cost(problem, sends)
            if total + (problem.micro_batches - 1) * longest < delay:
                delay, plan = total + (problem.micro_batches - 1) * longest, sends
        stale += 1
        gain = 0 if value == -INFINITE else max(0, bound - value)
        recent = float(gain) if passes <= 2 else 0.7 * recent + 0.3 * gain
        if bound > value:
            if bound - value > LITTLE * (enough - bound):
                stale = 0
            value, walk, best_prices = bound, sends, prices
            best = _copied(now)
            best_togo, togo = togo, best_togo
        if value >= enough or (passes >= min_passes and recent * max_passes < enough - value):
            break
        if stale >= PATIENCE:
            share, stale = share / 2, 0
            if share < 0.1:
                break
        if not _step(now, uses, direction, share * (enough - bound)):
            break
    return Ascent(value, best, best_prices, best_togo, walk, plan, delay, passes)


@numba.njit(cache=True)
def _copied(multipliers: Multipliers) -> Multipliers:
    return Multipliers(multipliers.loss.copy(), multipliers.stage.copy(), multipliers.link.copy())


@numba.njit(cache=True)
def _new_uses(problem: Scaled) -> _Uses:
    nodes, links = len(problem.prefix), len(problem.latency)
    return _Uses(np.zeros(1), np.zeros(nodes), np.zeros(links))


@numba.njit(cache=True)
def _count(problem: Scaled, sends: Ints, uses: _Uses) -> bool:
    """Set what a walk uses too much of (more than 0) or not all of; whether it keeps every limit."""
    uses.stage[:] = -1.0
    uses.link[:] = -1.0
    loss, coarse, legal = 0, 0, True
    for k in range(len(sends)):
        first, end, link, level = sends[k]
        uses.link[link] += 1.0
        legal = legal and uses.link[link] <= 0.0
        if first != NO_STAGE:
            node = problem.link_source[link]
            uses.stage[node] += 1.0
            legal = legal and uses.stage[node] <= 0.0
            loss += problem.loss[end, level]
            coarse += problem.coarse[end, level]
    uses.loss[0] = (coarse - problem.coarse_budget) / max(problem.coarse_budget, 1)
    return bool(legal and loss <= problem.budget)


@numba.njit(cache=True)
def _blend(direction: Floats, use: Floats) -> None:
    for i in range(len(use)):
        direction[i] = MEMORY * direction[i] + use[i]


@numba.njit(cache=True)
def _length(multiplier: Floats, direction: Floats) -> float:
    """Squared length of a direction, without what would make a multiplier negative."""
    total = 0.0
    for i in range(len(direction)):
        if multiplier[i] > 0.0 or direction[i] > 0.0:
            total += direction[i] * direction[i]
    return total


@numba.njit(cache=True)
def _move(multiplier: Floats, direction: Floats, step: float) -> None:
    for i in range(len(direction)):
        multiplier[i] = max(0.0, multiplier[i] + step * direction[i])


@numba.njit(cache=True)
def _step(now: Multipliers, uses: _Uses, direction: _Uses, missing: float) -> bool:
    """Go up by what is missing, by a linear forecast; False where the bound cannot rise."""
    _blend(direction.loss, uses.loss)
    _blend(direction.stage, uses.stage)
    _blend(direction.link, uses.link)
    length = _length(now.loss, direction.loss)
    length += _length(now.stage, direction.stage) + _length(now.link, direction.link)
    if length <= 0.0:
        return False
    _move(now.loss, direction.loss, missing / length)
    _move(now.stage, direction.stage, missing / length)
    _move(now.link, direction.link, missing / length)
    return True
