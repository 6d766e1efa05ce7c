"""One backward pass: the least priced sum to go under a threshold on busy times.

For a threshold `t` and a price per cut, ``H(j, q, x)`` is the least ``Σ (busy + latency) + Σ price`` to the
destination from place `x` with `j` layers done and a payload at level `q`, when no busy time exceeds
`t`. What is not watched may serve again, so every legal completion is among the walks considered: the
bound is admissible. States that are known to lie on no better plan are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.network import NOWHERE, Net
from planners.astar.scaled import INFINITE, Scaled
from satllm_env.problem.instance import Bools, Ints

STAGE = -1
"""`choice` of a state that is best left by computing (or, at the destination, by finishing)."""


class ToGo(NamedTuple):
    """The tables of one pass."""

    arrival: Ints  # (L + 1, Q, X) ticks from the arrival of a payload
    departure: Ints  # (L + 1, Q, X) ticks from a payload just encoded, its price included
    choice: Ints  # (L + 1, Q, X) move of the best relay, STAGE where computing is best


class _Stairs(NamedTuple):
    """Per (place, boundary): encode time and cost of the levels none of which beats another."""

    encode: Ints  # (X, L + 1, Q) ascending
    cost: Ints  # (X, L + 1, Q) descending
    steps: Ints  # (X, L + 1)


@numba.njit(cache=True)
def backward(problem: Scaled, net: Net, alive: Bools, threshold: int, multiplier: int) -> ToGo:
    """Fill the tables of one pass.

    Args:
        problem: the instance in ticks.
        net: the graph.
        alive: (L + 1, Q, X) states of interest.
        threshold: [ticks] no processor or link may be busy longer.
        multiplier: [ticks per coarse loss unit] price of accuracy.
    """
    width, num_levels, num_places = alive.shape
    togo = ToGo(np.full(alive.shape, INFINITE), np.full(alive.shape, INFINITE), np.full(alive.shape, STAGE))
    stairs = _Stairs(
        np.empty((num_places, width, num_levels), np.int64),
        np.empty((num_places, width, num_levels), np.int64),
        np.zeros((num_places, width), np.int64),
    )
    queue = np.empty(num_places, np.int64)
    waiting = np.zeros(num_places, np.bool_)
    best = np.empty(num_levels, np.int64)
    for boundary in range(width - 1, -1, -1):
        for place in range(num_places):
            if net.node[place] == problem.destination:
                _finish(problem, togo, place, boundary, threshold)
            elif net.after[place] != NOWHERE:
                _compute(problem, net, alive, togo, stairs, best, place, boundary, threshold)
        for level in range(num_levels):
            if problem.allowed[boundary, level]:
                _relay(problem, net, alive, togo, queue, waiting, boundary, level, threshold)
                if boundary > 0:
                    _depart(problem, net, togo, boundary, level, threshold, multiplier)
        if boundary > 0:
            for place in range(num_places):
                if net.departs[place]:
                    _build_stairs(problem, net, togo, stairs, place, boundary)
    return togo


@numba.njit(cache=True)
def _compute(
    problem: Scaled,
    net: Net,
    alive: Bools,
    togo: ToGo,
    stairs: _Stairs,
    best: Ints,
    place: int,
    boundary: int,
    threshold: int,
) -> None:
    """Set the arrival costs of one place and boundary, for every level, if it computes."""
    num_levels = len(best)
    last = -1
    for level in range(num_levels):
        if alive[boundary, level, place]:
            last = level
    node = net.node[place]
    if last < 0 or boundary == problem.reach.shape[1] or problem.reach[node, boundary] == boundary:
        return
    after = net.after[place]
    best[:] = INFINITE
    most = threshold - problem.decode[node, boundary, last]
    least = threshold - problem.decode[node, boundary, 0]
    begin = problem.prefix[node, boundary]
    for end in range(boundary + 1, problem.reach[node, boundary] + 1):
        computed = problem.prefix[node, end] - begin
        if computed > least:
            break
        for step in range(stairs.steps[after, end]):
            busy = computed + stairs.encode[after, end, step]
            if busy > least:
                break
            level = last
            while busy > most and busy + problem.decode[node, boundary, level] > threshold:
                level -= 1
            best[level] = min(best[level], computed + stairs.cost[after, end, step])
    value = INFINITE
    for level in range(last, -1, -1):
        value = min(value, best[level])
        if value < INFINITE and alive[boundary, level, place]:
            togo.arrival[boundary, level, place] = value + problem.decode[node, boundary, level]


@numba.njit(cache=True)
def _finish(problem: Scaled, togo: ToGo, place: int, boundary: int, threshold: int) -> None:
    """Set the cost of ending the walk at the destination."""
    node, num_layers = problem.destination, problem.reach.shape[1]
    if boundary < num_layers and problem.reach[node, boundary] < num_layers:
        return
    computed = problem.prefix[node, num_layers] - problem.prefix[node, boundary]
    for level in range(problem.loss.shape[1]):
        busy = computed + problem.decode[node, boundary, level] if boundary < num_layers else 0
        if busy <= threshold and problem.allowed[boundary, level]:
            togo.arrival[boundary, level, place] = busy


@numba.njit(cache=True)
def _relay(
    problem: Scaled,
    net: Net,
    alive: Bools,
    togo: ToGo,
    queue: Ints,
    waiting: Bools,
    boundary: int,
    level: int,
    threshold: int,
) -> None:
    """Let payloads be relayed unchanged: shortest paths to the costs at hand, by label correction."""
    arrival, choice = togo.arrival[boundary, level], togo.choice[boundary, level]
    transfer, wanted = problem.transfer[boundary, level], alive[boundary, level]
    num_places = len(arrival)
    size = 0
    for place in range(num_places):
        if arrival[place] < INFINITE:
            queue[size] = place
            waiting[place] = True
            size += 1
    head = 0
    while size > 0:
        place = queue[head]
        head = head + 1 if head + 1 < num_places else 0
        size -= 1
        waiting[place] = False
        for position in range(net.in_start[place], net.in_start[place + 1]):
            before = net.in_source[position]
            move = net.in_move[position]
            link = net.out_link[move]
            cost = transfer[link] + problem.latency[link] + arrival[place]
            if cost >= arrival[before] or not wanted[before] or transfer[link] > threshold:
                continue
            arrival[before] = cost
            choice[before] = move
            if not waiting[before]:
                tail = head + size
                queue[tail if tail < num_places else tail - num_places] = before
                waiting[before] = True
                size += 1


@numba.njit(cache=True)
def _depart(
    problem: Scaled, net: Net, togo: ToGo, boundary: int, level: int, threshold: int, multiplier: int
) -> None:
    """Set the costs of a payload that was just encoded."""
    price = multiplier * problem.coarse[boundary, level]
    arrival, transfer = togo.arrival[boundary, level], problem.transfer[boundary, level]
    for place in range(len(arrival)):
        if not net.departs[place]:
            continue
        best = INFINITE
        for move in range(net.out_start[place], net.out_start[place + 1]):
            link = net.out_link[move]
            if transfer[link] <= threshold:
                best = min(best, transfer[link] + problem.latency[link] + arrival[net.out_target[move]])
        togo.departure[boundary, level, place] = min(best + price, INFINITE)


@numba.njit(cache=True)
def _build_stairs(problem: Scaled, net: Net, togo: ToGo, stairs: _Stairs, place: int, boundary: int) -> None:
    """Keep the levels of a cut at a place that are not both slower to encode and costlier than another."""
    steps = 0
    lowest = INFINITE
    for level in problem.encode_order:
        if not problem.allowed[boundary, level]:
            continue
        encode = problem.encode[net.node[place], boundary, level]
        cost = encode + togo.departure[boundary, level, place]
        if cost < lowest:
            steps -= steps > 0 and stairs.encode[place, boundary, steps - 1] == encode
            stairs.encode[place, boundary, steps] = encode
            stairs.cost[place, boundary, steps] = cost
            lowest = cost
            steps += 1
    stairs.steps[place, boundary] = steps
