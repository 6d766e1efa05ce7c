"""The best walk of a pass, read off its tables, and what a walk costs."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.network import Net
from planners.astar.passes import STAGE, ToGo
from planners.astar.prices import Prices
from planners.astar.scaled import INFINITE, Scaled
from satllm_env.problem.instance import Ints
from satllm_env.problem.moves import NO_STAGE


class Cost(NamedTuple):
    """What a walk costs in ticks and loss units; rule 1 is not looked at."""

    total: int  # Σ (busy + latency)
    longest: int  # max busy
    loss: int
    coarse: int


@numba.njit(cache=True)
def best_walk(
    problem: Scaled,
    net: Net,
    togo: ToGo,
    threshold: int,
    prices: Prices,
    place: int,
    boundary: int,
    level: int,
) -> Ints:
    """(K, 4) sends of the walk that attains a pass's bound from a state, where it must be finite.

    Each is as `satllm_env.problem.Walk.sends`: first layer of the stage before it (−1 for a relay),
    boundary, link, level.
    """
    sends = np.empty((16, 4), np.int64)
    used = 0
    while net.node[place] != problem.destination:
        first = NO_STAGE
        move = togo.choice[boundary, level, place]
        if move == STAGE:
            first = boundary
            boundary, level = _best_cut(problem, net, togo, place, boundary, level, threshold)
            place = net.after[place]
            move = _best_move(problem, net, togo, prices, place, boundary, level, threshold)
        if used == len(sends):
            longer = np.empty((2 * used, 4), np.int64)
            longer[:used] = sends
            sends = longer
        sends[used, 0], sends[used, 1], sends[used, 2] = first, boundary, net.out_link[move]
        sends[used, 3] = level
        used += 1
        place = net.out_target[move]
    return sends[:used].copy()


@numba.njit(cache=True)
def _best_cut(
    problem: Scaled,
    net: Net,
    togo: ToGo,
    place: int,
    boundary: int,
    level: int,
    threshold: int,
) -> tuple[int, int]:
    """End and level of the stage that attains the arrival cost."""
    node, after = net.node[place], net.after[place]
    start = problem.decode[node, boundary, level] - problem.prefix[node, boundary]
    best, best_end, best_level = INFINITE, -1, -1
    paid = problem.cost[node, boundary] - problem.prefix[node, boundary]
    for end in range(boundary + 1, problem.reach[node, boundary] + 1):
        for sent in range(problem.loss.shape[1]):
            busy = start + problem.prefix[node, end] + problem.encode[node, end, sent]
            if busy > threshold or not problem.allowed[end, sent]:
                continue
            charged = problem.cost[node, end] - problem.prefix[node, end] - paid
            cost = busy + charged + togo.departure[end, sent, after]
            if cost < best:
                best, best_end, best_level = cost, end, sent
    return best_end, best_level


@numba.njit(cache=True)
def _best_move(
    problem: Scaled,
    net: Net,
    togo: ToGo,
    prices: Prices,
    place: int,
    boundary: int,
    level: int,
    threshold: int,
) -> int:
    best, best_move = INFINITE, -1
    for move in range(net.out_start[place], net.out_start[place + 1]):
        link = net.out_link[move]
        busy = problem.transfer[boundary, level, link]
        cost = busy + prices.link[link] + togo.arrival[boundary, level, net.out_target[move]]
        if busy <= threshold and cost < best:
            best, best_move = cost, move
    return best_move


@numba.njit(cache=True)
def loading(problem: Scaled, node: int, first: int, end: int) -> int:
    """[ticks] that loading a stage's weights adds to the sum."""
    computed = problem.prefix[node, end] - problem.prefix[node, first]
    return int(problem.cost[node, end] - problem.cost[node, first] - computed)


@numba.njit(cache=True)
def walk_cost(problem: Scaled, sends: Ints) -> Cost:
    """Cost of a finished walk given by its sends."""
    total = longest = loss = coarse = boundary = level = 0
    for k in range(len(sends)):
        first, end, link, sent = sends[k]
        if first != NO_STAGE:
            node = problem.link_source[link]
            busy = problem.decode[node, first, level] + problem.prefix[node, end]
            busy += problem.encode[node, end, sent] - problem.prefix[node, first]
            total += busy + loading(problem, node, first, end)
            longest = max(longest, busy)
            loss += problem.loss[end, sent]
            coarse += problem.coarse[end, sent]
        busy = problem.transfer[end, sent, link]
        total += busy + problem.latency[link]
        longest = max(longest, busy)
        boundary, level = end, sent
    num_layers = problem.prefix.shape[1] - 1
    if boundary < num_layers:
        node = problem.destination
        busy = problem.decode[node, boundary, level]
        busy += problem.prefix[node, num_layers] - problem.prefix[node, boundary]
        total += busy + loading(problem, node, boundary, num_layers)
        longest = max(longest, busy)
    return Cost(total, longest, loss, coarse)
