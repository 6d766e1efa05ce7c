"""One backward pass: the least priced sum to go under a threshold on busy times.

For a threshold `t` and prices, ``H(j, q, x)`` is the least ``Σ (busy + latency) + Σ charged`` to the
destination from place `x` with `j` layers done and a payload at level `q`, when no busy time exceeds
`t`. What is not watched may serve again, so every legal completion is among the walks considered: the
bound is admissible. States that are known to lie on no better plan are left out.

The loops run over plain arrays taken out of their tuples beforehand: in compiled code each access to a
tuple's array costs more than the arithmetic on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.network import NOWHERE, Net
from planners.astar.prices import Prices
from planners.astar.scaled import INFINITE, Scaled
from satllm_env.problem.instance import Bools, Ints

STAGE = -1
"""`choice` of a state that is best left by computing (or, at the destination, by finishing)."""

AT_SOURCE: Ints = np.zeros(2, np.int64)
"""Boundary and level at the source; as literals, numba would compile all that they reach once more."""


class ToGo(NamedTuple):
    """The tables of one pass."""

    arrival: Ints  # (L + 1, Q, X) ticks from the arrival of a payload
    departure: Ints  # (L + 1, Q, X) ticks from a payload just encoded, its price included
    choice: Ints  # (L + 1, Q, X) move of the best relay, STAGE where computing is best
    least: Ints  # (X, L + 1) of `departure` and encoding over levels, and the cost of computing up to here


class _Stairs(NamedTuple):
    """Per (place, boundary): encode time and cost of the levels none of which beats another."""

    encode: Ints  # (X, L + 1, Q) ascending
    cost: Ints  # (X, L + 1, Q) descending
    steps: Ints  # (X, L + 1)
    slowest: Ints  # (X, L + 1) largest of the encode times, and time computed up to here


class _Onward(NamedTuple):
    """What relaying one boundary at one level works with."""

    in_link: Ints  # (K,) link of each move into a place, as `Net.in_move`
    hop: Ints  # (K,) its cost, INFINITE where it would be busy for too long
    best: Ints  # (X,) least cost by a link out of a place, and from there on
    queue: Ints  # (X,)
    waiting: Bools  # (X,)


@numba.njit(cache=True)
def empty_tables(shape: tuple[int, int, int]) -> ToGo:
    """Tables for `fill`."""
    width, _, num_places = shape
    return ToGo(
        np.empty(shape, np.int64),
        np.empty(shape, np.int64),
        np.empty(shape, np.int64),
        np.empty((num_places, width), np.int64),
    )


@numba.njit(cache=True)
def backward(problem: Scaled, net: Net, alive: Bools, threshold: int, prices: Prices) -> ToGo:
    """The tables of one pass.

    Args:
        problem: the instance in ticks.
        net: the graph.
        alive: (L + 1, Q, X) states of interest.
        threshold: [ticks] no processor or link may be busy longer.
        prices: what is charged.
    """
    togo = empty_tables(alive.shape)
    fill(problem, net, alive, threshold, prices, togo, AT_SOURCE[0])
    return togo


@numba.njit(cache=True)
def fill(
    problem: Scaled, net: Net, alive: Bools, threshold: int, prices: Prices, togo: ToGo, first: int
) -> None:
    """Fill the tables of one pass from boundary `first` on; the other arguments are as of `backward`."""
    width, num_levels, num_places = alive.shape
    arrival, departure, choice, least = togo.arrival, togo.departure, togo.choice, togo.least
    arrival[first:] = INFINITE
    departure[first:] = INFINITE
    choice[first:] = STAGE
    least[:, first:] = INFINITE
    stairs = _Stairs(
        np.empty((num_places, width, num_levels), np.int64),
        np.empty((num_places, width, num_levels), np.int64),
        np.zeros((num_places, width), np.int64),
        np.full((num_places, width), INFINITE),
    )
    onward = _Onward(
        net.out_link[net.in_move],
        np.empty(len(net.in_move), np.int64),
        np.empty(num_places, np.int64),
        np.empty(num_places, np.int64),
        np.zeros(num_places, np.bool_),
    )
    for boundary in range(width - 1, first - 1, -1):
        if boundary == width - 1 or problem.reach[problem.destination, boundary] == width - 1:
            _finish(problem, net, arrival, boundary, threshold)
        if boundary < width - 1:
            _compute(problem, net, alive, prices, arrival, stairs, least, boundary, threshold)
        _relay(problem, net, alive, prices, arrival, departure, choice, onward, boundary, threshold)
        if boundary > first:
            _build_stairs(problem, net, departure, stairs, least, boundary)


@numba.njit(cache=True, inline="always")
def _finish(problem: Scaled, net: Net, arrival: Ints, boundary: int, threshold: int) -> None:
    """Set the cost of ending the walk at the destination."""
    node, num_layers = problem.destination, problem.reach.shape[1]
    places, allowed, decode = net.node, problem.allowed, problem.decode
    computed = problem.prefix[node, num_layers] - problem.prefix[node, boundary]
    charged = problem.cost[node, num_layers] - problem.cost[node, boundary]
    if boundary == num_layers:
        computed = charged = 0
    for place in range(len(places)):
        if places[place] != node:
            continue
        for level in range(allowed.shape[1]):
            received = decode[node, boundary, level] if boundary < num_layers else 0
            if computed + received <= threshold and allowed[boundary, level]:
                arrival[boundary, level, place] = charged + received


@numba.njit(cache=True, inline="always")
def _compute(
    problem: Scaled,
    net: Net,
    alive: Bools,
    prices: Prices,
    arrival: Ints,
    stairs: _Stairs,
    least: Ints,
    boundary: int,
    threshold: int,
) -> None:
    """Set the arrival costs of one boundary where places compute, for every level."""
    nodes, afters, reach = net.node, net.after, problem.reach
    prefix, cost, decode, stage = problem.prefix, problem.cost, problem.decode, prices.stage
    slowest = stairs.slowest
    num_levels = alive.shape[1]
    best = np.empty(num_levels, np.int64)
    for place in range(len(nodes)):
        node, after = nodes[place], afters[place]
        if after == NOWHERE or reach[node, boundary] == boundary:
            continue
        last = num_levels - 1
        while last >= 0 and not alive[boundary, last, place]:
            last -= 1
        if last < 0:
            continue
        begin = prefix[node, boundary]
        paid = cost[node, boundary] - stage[node]
        at_most = threshold - decode[node, boundary, last] + begin
        at_best = threshold - decode[node, boundary, 0] + begin
        value, fringe = INFINITE, False
        best[:] = INFINITE
        for end in range(boundary + 1, reach[node, boundary] + 1):
            if slowest[after, end] <= at_most:  # the cheapest level is quick enough whatever arrives
                value = min(value, least[after, end])
            elif prefix[node, end] > at_best:
                break
            else:
                fringe = True
                charged = cost[node, end] - paid
                _climb(
                    stairs,
                    decode,
                    best,
                    node,
                    after,
                    boundary,
                    end,
                    prefix[node, end],
                    last,
                    at_most,
                    charged,
                )
        if value < INFINITE:
            best[last] = min(best[last], value - paid)
        elif not fringe:
            continue
        value = INFINITE
        for level in range(last, -1, -1):
            value = min(value, best[level])
            if value < INFINITE and alive[boundary, level, place]:
                arrival[boundary, level, place] = value + decode[node, boundary, level]


@numba.njit(cache=True)
def _climb(
    stairs: _Stairs,
    decode: Ints,
    best: Ints,
    node: int,
    after: int,
    boundary: int,
    end: int,
    computed: int,
    last: int,
    at_most: int,
    charged: int,
) -> None:
    """Offer each step of a cut to the slowest arriving level that leaves it enough time."""
    encode, cost = stairs.encode, stairs.cost
    slack = at_most + decode[node, boundary, last]
    for step in range(stairs.steps[after, end]):
        busy = computed + encode[after, end, step]
        level = last
        while level >= 0 and busy + decode[node, boundary, level] > slack:
            level -= 1
        if level < 0:
            break
        best[level] = min(best[level], charged + cost[after, end, step])


@numba.njit(cache=True, inline="always")
def _relay(
    problem: Scaled,
    net: Net,
    alive: Bools,
    prices: Prices,
    arrival: Ints,
    departure: Ints,
    choice: Ints,
    onward: _Onward,
    boundary: int,
    threshold: int,
) -> None:
    """Let payloads be relayed unchanged, by label correction, and set the costs of those just encoded."""
    in_start, in_source, in_move, departs = net.in_start, net.in_source, net.in_move, net.departs
    transfer, toll, allowed = problem.transfer, prices.link, problem.allowed
    in_link, hop, best, queue, waiting = onward.in_link, onward.hop, onward.best, onward.queue, onward.waiting
    num_places = len(best)
    for level in range(allowed.shape[1]):
        if not allowed[boundary, level]:
            continue
        here, gone, picked = arrival[boundary, level], departure[boundary, level], choice[boundary, level]
        wanted, moved = alive[boundary, level], transfer[boundary, level]
        for position in range(len(hop)):
            link = in_link[position]
            busy = moved[link]
            hop[position] = busy + toll[link] if busy <= threshold else INFINITE
        size = 0
        for place in range(num_places):
            best[place] = INFINITE
            if here[place] < INFINITE:
                queue[size] = place
                waiting[place] = True
                size += 1
        head = 0
        while size > 0:
            place = queue[head]
            head = head + 1 if head + 1 < num_places else 0
            size -= 1
            waiting[place] = False
            togo = here[place]
            for position in range(in_start[place], in_start[place + 1]):
                before = in_source[position]
                cost = hop[position] + togo
                if cost >= best[before]:
                    continue
                best[before] = cost
                if cost >= here[before] or not wanted[before]:
                    continue
                here[before] = cost
                picked[before] = in_move[position]
                if not waiting[before]:
                    tail = head + size
                    queue[tail if tail < num_places else tail - num_places] = before
                    waiting[before] = True
                    size += 1
        price = prices.loss * problem.coarse[boundary, level]
        for place in range(num_places):
            if departs[place]:
                gone[place] = min(best[place] + price, INFINITE)


@numba.njit(cache=True, inline="always")
def _build_stairs(
    problem: Scaled, net: Net, departure: Ints, stairs: _Stairs, least: Ints, boundary: int
) -> None:
    """Keep the levels of a cut that are not both slower to encode and costlier than another."""
    nodes, departs, allowed, order = net.node, net.departs, problem.allowed, problem.encode_order
    encode, prefix, computed = problem.encode, problem.prefix, problem.cost
    stair_encode, stair_cost = stairs.encode, stairs.cost
    for place in range(len(nodes)):
        if not departs[place]:
            continue
        node, steps, lowest = nodes[place], 0, INFINITE
        for level in order:
            if not allowed[boundary, level]:
                continue
            busy = encode[node, boundary, level]
            cost = busy + departure[boundary, level, place]
            if cost < lowest:
                steps -= steps > 0 and stair_encode[place, boundary, steps - 1] == busy
                stair_encode[place, boundary, steps] = busy
                stair_cost[place, boundary, steps] = cost
                lowest = cost
                steps += 1
        stairs.steps[place, boundary] = steps
        if steps > 0:
            slowest = stair_encode[place, boundary, steps - 1]
            stairs.slowest[place, boundary] = prefix[node, boundary] + slowest
            least[place, boundary] = lowest + computed[node, boundary]
