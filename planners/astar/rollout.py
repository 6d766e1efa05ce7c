"""A legal walk found quickly: the best relaxed walk, stage by stage, each time without what has served."""

from __future__ import annotations

import numba
import numpy as np

from planners.astar.network import Net, without
from planners.astar.passes import AT_SOURCE, ToGo, empty_tables, fill
from planners.astar.prices import Multipliers, prices_of
from planners.astar.resources import NO_WALK, serves_again
from planners.astar.scaled import INFINITE, Scaled
from planners.astar.walks import best_walk
from satllm_env.problem.instance import Bools, Ints
from satllm_env.problem.moves import NO_STAGE


@numba.njit(cache=True)
def roll_out(
    problem: Scaled, net: Net, alive: Bools, threshold: int, multipliers: Multipliers
) -> tuple[Ints, int]:
    """Make one walk.

    Args:
        problem: the instance in ticks.
        net: a graph whose places are nodes.
        alive: (L + 1, Q, X) states of interest.
        threshold: [ticks] on busy times.
        multipliers: what is charged; raised for accuracy where the budget asks for it.

    Returns:
        (K, 4) sends of a legal walk, none at a dead end; passes made.
    """
    now = Multipliers(multipliers.loss.copy(), multipliers.stage, multipliers.link)
    nodes = np.zeros(len(problem.prefix), np.bool_)
    links = np.zeros(len(problem.latency), np.bool_)
    togo = empty_tables(alive.shape)
    boundary, level = AT_SOURCE[0], AT_SOURCE[1]
    done, place, passes = NO_WALK, net.source, 0
    while True:
        left = without(net, nodes, links)
        budget = problem.budget - _loss_of(problem, done)
        ahead, made = _ahead(problem, left, alive, threshold, now, togo, place, boundary, level, budget)
        passes += made
        if len(ahead) == 0:
            return NO_WALK, passes
        if not serves_again(problem, ahead):
            return np.concatenate((done, ahead)), passes
        stage = ahead[: _first_stage(ahead)]
        for k in range(len(stage)):
            link = stage[k, 2]
            links[link] = True
            if stage[k, 0] != NO_STAGE:
                nodes[problem.link_source[link]] = True
            place, boundary, level = problem.link_target[link], stage[k, 1], stage[k, 3]
        place = np.flatnonzero(net.node == place)[0]
        done = np.concatenate((done, stage))


@numba.njit(cache=True)
def _ahead(
    problem: Scaled,
    net: Net,
    alive: Bools,
    threshold: int,
    now: Multipliers,
    togo: ToGo,
    place: int,
    boundary: int,
    level: int,
    budget: int,
) -> tuple[Ints, int]:
    """The best relaxed walk from a state within a budget, and passes made; raises the price of loss."""
    passes = 0
    while True:
        prices = prices_of(problem, now)
        fill(problem, net, alive, threshold, prices, togo, boundary)
        passes += 1
        if togo.arrival[boundary, level, place] >= INFINITE:
            return NO_WALK, passes
        sends = best_walk(problem, net, togo, threshold, prices, place, boundary, level)
        if _loss_of(problem, sends) <= budget:
            return sends, passes
        if now.loss[0] >= 2.0**20 * threshold:
            return NO_WALK, passes
        now.loss[0] = max(now.loss[0] * 2.0, threshold / 8)


@numba.njit(cache=True)
def _loss_of(problem: Scaled, sends: Ints) -> int:
    """[loss units] of all cuts of a walk."""
    loss = 0
    for k in range(len(sends)):
        if sends[k, 0] != NO_STAGE:
            loss += problem.loss[sends[k, 1], sends[k, 3]]
    return loss


@numba.njit(cache=True)
def _first_stage(sends: Ints) -> int:
    """How many sends there are before the second stage begins."""
    stages = np.flatnonzero(sends[:, 0] != NO_STAGE)
    return int(stages[1]) if len(stages) > 1 else len(sends)
