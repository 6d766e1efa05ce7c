"""Backward tables for several thresholds at once, over what is left to a walk and only as far as it can go.

They hold, to the last bit, what `satllm_env.problem.bounds.cost_to_go` gives for each threshold and price
over the instance without what has served. What makes them quick:

- boundaries below the payload's are left out, and links that have carried;
- at each boundary the labels of all thresholds and levels stand side by side, so that relaxing a link
  is one pass over a short row;
- a stage's end is looked at closely only if its least cost, which all levels on arrival share, could be
  the best.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from satllm_env.envs.views import view
from satllm_env.problem.instance import Bools, Floats, Ints, Tables

SLACK = 1e-12
"""Ends within this share of the best are looked at closely: far above what rounding amounts to."""

Cube = NDArray[np.float64]


class Desk(NamedTuple):
    """Room to build tables in; what it holds in between means nothing. K thresholds, Q levels."""

    links: Ints  # (E,) links that may carry
    weights: Floats  # (E, K·Q) [s] of each of them at the boundary at hand, inf over the threshold
    arrival: Floats  # (N, K·Q) [s] to go from an arrival at the boundary at hand
    departure: Cube  # (N, L + 1, K·Q) [s] to go from a payload about to leave, losses priced
    least: Cube  # (N, L + 1, K) [s] least encoding and departure
    encode: Floats  # (N, L + 1) [s] longest encoding
    serves: Bools  # (N,) processors that are left


def make_desk(num_nodes: int, num_layers: int, num_links: int, num_levels: int, thresholds: int) -> Desk:
    """Room for instances of up to some nodes, layers, links and levels, and some thresholds at once."""
    width, boundaries = thresholds * num_levels, num_layers + 1
    return Desk(
        links=np.zeros(num_links, np.int64),
        weights=np.zeros((num_links, width)),
        arrival=np.zeros((num_nodes, width)),
        departure=np.zeros((num_nodes, boundaries, width)),
        least=np.zeros((num_nodes, boundaries, thresholds)),
        encode=np.zeros((num_nodes, boundaries)),
        serves=np.zeros(num_nodes, np.bool_),
    )


def nearest_first(tables: Tables) -> Ints:
    """(E,) links by the hops from their ends to the destination: labels settle soonest in this order."""
    hops = np.full(tables.num_nodes, tables.num_nodes)
    hops[tables.destination] = 0
    ring = np.array([tables.destination])
    while len(ring):
        coming = np.isin(tables.link_target, ring) & (hops[tables.link_source] == tables.num_nodes)
        ring = np.unique(tables.link_source[coming])
        hops[ring] = hops[tables.link_target[coming]].min() + 1 if len(ring) else 0
    return np.argsort(hops[tables.link_target], kind="stable")


@numba.njit(cache=True, nogil=True)
def look_back(
    tables: Tables,
    prefix: Floats,
    order: Ints,
    limits_s: Floats,
    prices: Floats,
    used_nodes: Bools,
    used_links: Bools,
    here: int,
    served: bool,
    lowest: int,
    out: Ints,
    desk: Desk,
    rows: Cube,
) -> None:
    """Build the tables from the last boundary down to `lowest`.

    Args:
        tables: the instance's arrays.
        prefix: (N, L + 1) `bounds.prefix_s`.
        order: (E,) `nearest_first`.
        limits_s: (K,) [s] no processor or link may be busy longer.
        prices: (K,) [s / loss unit] of accuracy.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        here: a node whose departures are asked for.
        served: whether the processor of `here` counts as served.
        lowest: the last boundary built.
        out: (D,) links over whose ends' arrivals are asked for, −1 for none.
        desk: to work in; afterwards it holds arrivals at `lowest`, and departures above it of `here` and
            of the processors that are left.
        rows: (L + 1, D, K·Q) filled with arrivals at the ends of `out`; (1, D, K·Q) for those at `lowest`.
    """
    num_nodes, num_layers = tables.layer_s.shape
    for node in range(num_nodes):
        left = not used_nodes[node] and not (served and node == here)
        desk.serves[node] = left and np.isfinite(tables.layer_s[node, 0]) and node != tables.destination
    count = 0
    for position in range(len(order)):
        link = order[position]
        if not used_links[link] and tables.link_source[link] != tables.destination:
            desk.links[count] = link
            count += 1
    for boundary in range(num_layers, lowest - 1, -1):
        _weigh(tables, limits_s, boundary, count, desk)
        _label(tables, prefix, limits_s, boundary, desk)
        _relay(tables, count, desk)
        _leave(tables, prices, boundary, here, count, desk)
        row = boundary if len(rows) > 1 else 0
        for slot in range(len(out)):
            if out[slot] >= 0:
                rows[row, slot] = desk.arrival[tables.link_target[out[slot]]]


@numba.njit(cache=True, nogil=True, forceinline=True)
def _levels_at(tables: Tables, boundary: int) -> int:
    """Levels that a payload may have at a boundary: its ends are plain."""
    return 1 if boundary == 0 or boundary == tables.layer_s.shape[1] else tables.loss_units.shape[0]


@numba.njit(cache=True, nogil=True)
def _weigh(tables: Tables, limits_s: Floats, boundary: int, count: int, desk: Desk) -> None:
    """Write what each link takes at a boundary."""
    num_levels, allowed = tables.loss_units.shape[0], _levels_at(tables, boundary)
    width = desk.weights.shape[1]
    for position in range(count):
        link, weights = desk.links[position], view(desk.weights, position * width, (width,))
        latency = tables.latency_s[link]
        weights[:] = np.inf
        for level in range(allowed):
            busy = tables.transfer_s[link, level, boundary]
            whole = busy + latency
            for k in range(len(limits_s)):
                if busy <= limits_s[k]:
                    weights[k * num_levels + level] = whole


@numba.njit(cache=True, nogil=True)
def _label(tables: Tables, prefix: Floats, limits_s: Floats, boundary: int, desk: Desk) -> None:
    """Write what arrivals cost that go on with a stage there, or end the walk."""
    num_nodes, num_layers = tables.layer_s.shape
    num_levels, destination = tables.loss_units.shape[0], tables.destination
    for node in range(num_nodes):
        desk.arrival[node, :] = np.inf
        if desk.serves[node] and boundary < num_layers:
            for k in range(len(limits_s)):
                row = view(prefix, node * (num_layers + 1), (num_layers + 1,))
                _best_stage(tables, row, limits_s[k], boundary, node, k, desk)
    for level in range(_levels_at(tables, boundary)):
        if boundary == num_layers:
            busy = 0.0
        elif tables.stage_reach[destination, boundary] < num_layers:
            continue
        else:
            decode = tables.decode_s[destination, level, boundary]
            busy = decode + prefix[destination, num_layers] - prefix[destination, boundary]
        for k in range(len(limits_s)):
            if boundary == num_layers or busy <= limits_s[k]:
                desk.arrival[destination, k * num_levels + level] = busy


@numba.njit(cache=True, nogil=True)
def _best_stage(
    tables: Tables, prefix: Floats, limit_s: float, boundary: int, node: int, k: int, desk: Desk
) -> None:
    """Write the least costs of computing one or more layers at a node and sending what comes out."""
    num_levels, allowed = tables.loss_units.shape[0], _levels_at(tables, boundary)
    reach = tables.stage_reach[node, boundary]
    shortest, longest = np.inf, 0.0
    for level in range(allowed):
        shortest = min(shortest, tables.decode_s[node, level, boundary])
        longest = max(longest, tables.decode_s[node, level, boundary])
    best, last = np.inf, reach
    for end in range(boundary + 1, reach + 1):
        if shortest - prefix[boundary] + prefix[end] > limit_s:
            last = end - 1
            break
        # an end that is open to every level on arrival and to every level to leave at
        if longest - prefix[boundary] + prefix[end] + desk.encode[node, end] <= limit_s:
            best = min(best, prefix[end] + desk.least[node, end, k])
    worth = best + SLACK * (best + prefix[reach])
    width, boundaries = desk.arrival.shape[1], desk.departure.shape[1]
    costs = view(desk.arrival, node * width, (width,))
    departure = view(desk.departure, node * boundaries * width, (boundaries, width))
    for end in range(boundary + 1, last + 1):
        if not prefix[end] + desk.least[node, end, k] <= worth:
            continue
        for out_level in range(num_levels):
            after = departure[end, k * num_levels + out_level]
            encode = tables.encode_s[node, out_level, end]
            if np.isinf(after) or not prefix[end] + (encode + after) <= worth:
                continue
            for level in range(allowed):
                start = tables.decode_s[node, level, boundary] - prefix[boundary]
                busy = start + prefix[end] + encode
                if busy <= limit_s:
                    at = k * num_levels + level
                    costs[at] = min(costs[at], busy + after)


@numba.njit(cache=True, nogil=True)
def _relay(tables: Tables, count: int, desk: Desk) -> None:
    """Let payloads be relayed unchanged until no label gets better."""
    width = desk.arrival.shape[1]
    changed = True
    while changed:
        changed = False
        for position in range(count):
            link = desk.links[position]
            before = view(desk.arrival, tables.link_source[link] * width, (width,))
            after = view(desk.arrival, tables.link_target[link] * width, (width,))
            weights = view(desk.weights, position * width, (width,))
            better = False
            for at in range(width):
                cost = weights[at] + after[at]
                better |= cost < before[at]
                before[at] = min(cost, before[at])
            changed |= better


@numba.njit(cache=True, nogil=True)
def _leave(tables: Tables, prices: Floats, boundary: int, here: int, count: int, desk: Desk) -> None:
    """Write what departures cost at `here` and at the processors that are left."""
    num_nodes, num_levels = tables.layer_s.shape[0], tables.loss_units.shape[0]
    width, boundaries = desk.arrival.shape[1], desk.departure.shape[1]
    for node in range(num_nodes):
        if desk.serves[node] or node == here:
            desk.departure[node, boundary, :] = np.inf
    for position in range(count):
        link = desk.links[position]
        node = tables.link_source[link]
        if desk.serves[node] or node == here:
            costs = view(desk.departure, (node * boundaries + boundary) * width, (width,))
            after = view(desk.arrival, tables.link_target[link] * width, (width,))
            weights = view(desk.weights, position * width, (width,))
            for at in range(width):
                costs[at] = min(costs[at], weights[at] + after[at])
    for node in range(num_nodes):
        if desk.serves[node] or node == here:
            costs, longest = view(desk.departure, (node * boundaries + boundary) * width, (width,)), 0.0
            for level in range(num_levels):
                longest = max(longest, tables.encode_s[node, level, boundary])
            desk.encode[node, boundary] = longest
            for k in range(len(prices)):
                least = np.inf
                for level in range(num_levels):
                    at = k * num_levels + level
                    costs[at] += prices[k] * tables.loss_units[level, boundary]
                    least = min(least, tables.encode_s[node, level, boundary] + costs[at])
                desk.least[node, boundary, k] = least
