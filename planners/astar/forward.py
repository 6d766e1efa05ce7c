"""One forward pass, and the states that it and a backward pass rule out together."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.network import NOWHERE, Net
from planners.astar.passes import ToGo
from planners.astar.prices import Prices
from planners.astar.scaled import INFINITE, Scaled
from satllm_env.problem.instance import Bools, Ints


class Ahead(NamedTuple):
    """What rules a move out: a walk over it would be priced too high, or have too long a bottleneck."""

    arrival: Ints  # (L + 1, Q, X) of the backward pass at the same threshold and prices
    departure: Ints  # (L + 1, Q, X)
    least: Ints  # (X, L + 1)
    most: int  # [ticks] priced sums above this are of no interest
    floor: int  # [ticks] bottlenecks that `most` takes account of
    repeats: int  # M − 1


@numba.njit(cache=True)
def forward(problem: Scaled, net: Net, alive: Bools, threshold: int, prices: Prices, ahead: Ahead) -> Ints:
    """Least priced sum from the source to every arrival; the mirror image of `passes.backward`.

    Args:
        problem: the instance in ticks.
        net: the graph.
        alive: (L + 1, Q, X) states of interest.
        threshold: [ticks] no processor or link may be busy longer.
        prices: what is charged.
        ahead: what rules moves out.

    Returns:
        (L + 1, Q, X) ticks; a walk's cost at the destination leaves out what is computed there.
    """
    width, num_levels, num_places = alive.shape
    arrival, departure = np.full(alive.shape, INFINITE), np.full(alive.shape, INFINITE)
    queue = np.empty(num_places, np.int64)
    waiting = np.zeros(num_places, np.bool_)
    decode, cost = np.empty(num_levels, np.int64), np.empty(num_levels, np.int64)
    if alive[0, 0, net.source]:
        arrival[0, 0, net.source] = 0
    for boundary in range(width):
        for level in range(num_levels):
            if not problem.allowed[boundary, level]:
                continue
            if boundary > 0:
                _leave(problem, net, alive, prices, ahead, arrival, departure, boundary, level, threshold)
            _relay_on(problem, net, alive, prices, ahead, arrival, queue, waiting, boundary, level, threshold)
        if boundary == width - 1:
            break
        for place in range(num_places):
            if net.after[place] != NOWHERE and problem.reach[net.node[place], boundary] > boundary:
                steps = _received(problem, net, arrival, decode, cost, place, boundary)
                if steps > 0:
                    received = decode[:steps], cost[:steps]
                    _compute_on(problem, net, prices, ahead, departure, received, place, boundary, threshold)
    return arrival


@numba.njit(cache=True, inline="always")
def _leave(
    problem: Scaled,
    net: Net,
    alive: Bools,
    prices: Prices,
    ahead: Ahead,
    arrival: Ints,
    departure: Ints,
    boundary: int,
    level: int,
    threshold: int,
) -> None:
    """Send what has just been encoded over one link."""
    price = prices.loss * problem.coarse[boundary, level]
    transfer = problem.transfer[boundary, level]
    for place in range(arrival.shape[2]):
        cost = departure[boundary, level, place]
        if cost >= INFINITE:
            continue
        for move in range(net.out_start[place], net.out_start[place + 1]):
            link, target = net.out_link[move], net.out_target[move]
            if transfer[link] <= threshold and alive[boundary, level, target]:
                spent = cost + price + transfer[link] + prices.link[link]
                if spent + _rest(ahead, ahead.arrival[boundary, level, target], transfer[link]) > ahead.most:
                    continue
                arrival[boundary, level, target] = min(arrival[boundary, level, target], spent)


@numba.njit(cache=True, inline="always")
def _relay_on(
    problem: Scaled,
    net: Net,
    alive: Bools,
    prices: Prices,
    ahead: Ahead,
    arrival: Ints,
    queue: Ints,
    waiting: Bools,
    boundary: int,
    level: int,
    threshold: int,
) -> None:
    """Let what has arrived be relayed on."""
    reached, wanted = arrival[boundary, level], alive[boundary, level]
    transfer = problem.transfer[boundary, level]
    num_places = len(reached)
    size = 0
    for place in range(num_places):
        if reached[place] < INFINITE:
            queue[size] = place
            waiting[place] = True
            size += 1
    head = 0
    while size > 0:
        place = queue[head]
        head = head + 1 if head + 1 < num_places else 0
        size -= 1
        waiting[place] = False
        for move in range(net.out_start[place], net.out_start[place + 1]):
            link, target = net.out_link[move], net.out_target[move]
            spent = reached[place] + transfer[link] + prices.link[link]
            if spent >= reached[target] or not wanted[target] or transfer[link] > threshold:
                continue
            if spent + _rest(ahead, ahead.arrival[boundary, level, target], transfer[link]) > ahead.most:
                continue
            reached[target] = spent
            if not waiting[target]:
                tail = head + size
                queue[tail if tail < num_places else tail - num_places] = target
                waiting[target] = True
                size += 1


@numba.njit(cache=True, inline="always")
def _received(
    problem: Scaled, net: Net, arrival: Ints, decode: Ints, cost: Ints, place: int, boundary: int
) -> int:
    """Decode times, ascending, and costs, descending, of what may be decoded here; their number."""
    steps = 0
    lowest = INFINITE
    for level in range(len(decode)):
        busy = problem.decode[net.node[place], boundary, level]
        spent = arrival[boundary, level, place] + busy
        if spent < lowest:
            steps -= steps > 0 and decode[steps - 1] == busy
            decode[steps], cost[steps] = busy, spent
            lowest = spent
            steps += 1
    return steps


@numba.njit(cache=True, inline="always")
def _compute_on(
    problem: Scaled,
    net: Net,
    prices: Prices,
    ahead: Ahead,
    departure: Ints,
    received: tuple[Ints, Ints],
    place: int,
    boundary: int,
    threshold: int,
) -> None:
    """Let a place compute from a boundary on what was received: decode times and costs."""
    decode, cost = received
    node, after = net.node[place], net.after[place]
    begin = problem.prefix[node, boundary]
    paid = problem.cost[node, boundary] - prices.stage[node]
    for end in range(boundary + 1, problem.reach[node, boundary] + 1):
        computed = problem.prefix[node, end] - begin
        if computed + decode[0] > threshold:
            break
        togo = ahead.least[after, end] - paid
        if cost[len(cost) - 1] + _rest(ahead, togo, computed + decode[0]) > ahead.most:
            continue
        charged = problem.cost[node, end] - paid - computed
        for level in range(departure.shape[1]):
            if not problem.allowed[end, level]:
                continue
            busy = computed + problem.encode[node, end, level]
            step = len(decode) - 1
            while step >= 0 and busy + decode[step] > threshold:
                step -= 1
            if step < 0:
                continue
            spent = cost[step] + busy + charged
            if spent + _rest(ahead, ahead.departure[end, level, after], busy + decode[0]) <= ahead.most:
                departure[end, level, after] = min(departure[end, level, after], spent)


@numba.njit(cache=True, inline="always")
def _rest(ahead: Ahead, togo: int, busy: int) -> int:
    """[ticks] still to come after a move, and what its own busy time adds if it is the bottleneck."""
    return togo + ahead.repeats * max(0, busy - ahead.floor)


@numba.njit(cache=True)
def survivors(
    problem: Scaled, net: Net, alive: Bools, reached: Ints, togo: ToGo, most: int
) -> tuple[Bools, Bools]:
    """States with a walk through them of at most a priced sum, and the places that are left.

    Args:
        problem: the instance in ticks.
        net: the graph.
        alive: (L + 1, Q, X) states of interest so far.
        reached: from `forward`, at the same threshold and multiplier as `togo`.
        togo: from `backward`.
        most: [ticks] priced sums above this are of no interest.

    Returns:
        (L + 1, Q, X) states, (X,) places.
    """
    left = np.zeros(alive.shape, np.bool_)
    keep = np.zeros(alive.shape[2], np.bool_)
    keep[net.source] = True
    for boundary in range(alive.shape[0]):
        for level in range(alive.shape[1]):
            if not problem.allowed[boundary, level]:
                continue
            for place in range(alive.shape[2]):
                if not alive[boundary, level, place]:
                    continue
                if reached[boundary, level, place] + togo.arrival[boundary, level, place] <= most:
                    left[boundary, level, place] = True
                    keep[place] = True
    for place in range(len(keep)):
        if keep[place] and net.after[place] != NOWHERE:
            keep[net.after[place]] = True
    return left, keep
