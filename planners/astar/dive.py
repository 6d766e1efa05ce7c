"""A legal walk found quickly: always the move with the least estimate, nothing served twice."""

from __future__ import annotations

import numba
import numpy as np

from planners.astar.network import NOWHERE, Net
from planners.astar.passes import ToGo
from planners.astar.scaled import INFINITE, Scaled
from satllm_env.problem.instance import Ints
from satllm_env.problem.moves import NO_STAGE


@numba.njit(cache=True)
def dive(problem: Scaled, net: Net, togo: ToGo, threshold: int, multiplier: int) -> Ints:
    """(K, 4) sends of a legal walk, none where the way it takes is a dead end.

    The estimate of a move is what the walk would have cost if it went on as the backward pass says, with
    losses priced by its multiplier.
    """
    num_levels = problem.loss.shape[1]
    sends = np.empty((16, 4), np.int64)
    used, loss = 0, 0
    used_nodes = np.zeros(problem.reach.shape[0], np.bool_)
    used_links = np.zeros(len(problem.latency), np.bool_)
    place, boundary, level = net.source, 0, 0
    while net.node[place] != problem.destination:
        node = net.node[place]
        move, least = _best_way(problem, net, togo, used_links, place, boundary, level, threshold)
        first, end, sent = NO_STAGE, boundary, level
        if net.after[place] != NOWHERE and boundary < problem.reach.shape[1] and not used_nodes[node]:
            start = problem.decode[node, boundary, level] - problem.prefix[node, boundary]
            for to in range(boundary + 1, problem.reach[node, boundary] + 1):
                if start + problem.prefix[node, to] > threshold:
                    break
                for out in range(num_levels):
                    busy = start + problem.prefix[node, to] + problem.encode[node, to, out]
                    lost = loss + problem.loss[to, out]
                    rest = togo.departure[to, out, net.after[place]]
                    if busy > threshold or lost > problem.budget or busy + rest >= least:
                        continue
                    if not problem.allowed[to, out]:
                        continue
                    price = multiplier * problem.coarse[to, out]
                    way, cost = _best_way(
                        problem, net, togo, used_links, net.after[place], to, out, threshold
                    )
                    if way != NOWHERE and busy + cost + price < least:
                        move, least, first, end, sent = way, busy + cost + price, boundary, to, out
        if move == NOWHERE:
            return sends[:0].copy()
        if first != NO_STAGE:
            used_nodes[node] = True
            loss += problem.loss[end, sent]
        if used == len(sends):
            longer = np.empty((2 * used, 4), np.int64)
            longer[:used] = sends
            sends = longer
        link = net.out_link[move]
        used_links[link] = True
        sends[used, 0], sends[used, 1], sends[used, 2], sends[used, 3] = first, end, link, sent
        used += 1
        place, boundary, level = net.out_target[move], end, sent
    return sends[:used].copy()


@numba.njit(cache=True)
def _best_way(
    problem: Scaled,
    net: Net,
    togo: ToGo,
    used_links: np.ndarray,
    place: int,
    boundary: int,
    level: int,
    threshold: int,
) -> tuple[int, int]:
    """The free link with the least estimate, and that."""
    best, best_move = INFINITE, NOWHERE
    for move in range(net.out_start[place], net.out_start[place + 1]):
        link = net.out_link[move]
        busy = problem.transfer[boundary, level, link]
        cost = busy + problem.latency[link] + togo.arrival[boundary, level, net.out_target[move]]
        if not used_links[link] and busy <= threshold and cost < best:
            best, best_move = cost, move
    return best_move, best
