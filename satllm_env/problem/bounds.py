"""Admissible bounds on what a walk still has to pay, by one backward pass over the relaxed problem.

In the relaxation processors and links may serve again, so every real completion is among the
relaxed ones and the least relaxed cost never exceeds the real one.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.problem.instance import Floats, Tables


class ToGo(NamedTuple):
    """Least costs to go under a threshold on busy times and a price on losses."""

    arrival: Floats
    """(N, Q, L + 1) [s] from the arrival at a node with a payload of some level and boundary."""
    departure: Floats
    """(N, Q, L + 1) [s] from a payload just encoded, loss priced, about to leave a node."""


def cost_to_go(tables: Tables, max_busy_s: float = np.inf, loss_price: float = 0.0) -> ToGo:
    """Least ``Σ (busy + latency) + loss_price · loss`` to the destination, with busy times ≤ `max_busy_s`.

    Args:
        tables: the instance's arrays.
        max_busy_s: [s] no processor or link may be busy longer, per micro-batch.
        loss_price: [s / loss unit] price of accuracy (`instance.LOSS_UNITS_PER_POINT`).

    Returns:
        The table, inf where the destination is out of reach.
    """
    return ToGo(*_cost_to_go(tables, prefix_s(tables), max_busy_s, loss_price))


@numba.njit(cache=True, nogil=True)
def prefix_s(tables: Tables) -> Floats:
    """(N, L + 1) [s] of computing the first layers, 0 where a node cannot compute."""
    num_nodes, num_layers = tables.layer_s.shape
    totals = np.zeros((num_nodes, num_layers + 1))
    for node in range(num_nodes):
        for layer in range(num_layers):
            step = tables.layer_s[node, layer]
            totals[node, layer + 1] = totals[node, layer] + (step if np.isfinite(step) else 0.0)
    return totals


@numba.njit(cache=True)
def _cost_to_go(
    tables: Tables, prefix: Floats, max_busy_s: float, loss_price: float
) -> tuple[Floats, Floats]:
    num_nodes, num_levels, _ = tables.decode_s.shape
    num_layers = tables.layer_s.shape[1]
    arrival = np.full((num_nodes, num_levels, num_layers + 1), np.inf)
    departure = np.full((num_nodes, num_levels, num_layers + 1), np.inf)
    for boundary in range(num_layers, -1, -1):
        plain_only = boundary == 0 or boundary == num_layers
        for level in range(1 if plain_only else num_levels):
            for node in range(num_nodes):
                if node == tables.destination:
                    value = _finish(tables, prefix, level, boundary, max_busy_s)
                else:
                    value = _best_stage(tables, prefix, departure, node, level, boundary, max_busy_s)
                arrival[node, level, boundary] = value
            _relax_relays(tables, arrival, level, boundary, max_busy_s)
            for node in range(num_nodes):
                departure[node, level, boundary] = (
                    _best_link(tables, arrival, node, level, boundary, max_busy_s)
                    + loss_price * tables.loss_units[level, boundary]
                )
    return arrival, departure


@numba.njit(cache=True)
def _finish(tables: Tables, prefix: Floats, level: int, boundary: int, max_busy_s: float) -> float:
    """Cost of ending the walk at the destination."""
    node, num_layers = tables.destination, tables.layer_s.shape[1]
    if boundary == num_layers:
        return 0.0
    if tables.stage_reach[node, boundary] < num_layers:
        return np.inf
    busy = tables.decode_s[node, level, boundary] + prefix[node, num_layers] - prefix[node, boundary]
    return busy if busy <= max_busy_s else np.inf


@numba.njit(cache=True)
def _best_stage(
    tables: Tables, prefix: Floats, departure: Floats, node: int, level: int, boundary: int, max_busy_s: float
) -> float:
    """Least cost of computing one or more layers here and sending what comes out."""
    if boundary == tables.layer_s.shape[1]:
        return np.inf
    best = np.inf
    start = tables.decode_s[node, level, boundary] - prefix[node, boundary]
    for end in range(boundary + 1, tables.stage_reach[node, boundary] + 1):
        computed = start + prefix[node, end]
        if computed > max_busy_s:
            break
        for out_level in range(departure.shape[1]):
            busy = computed + tables.encode_s[node, out_level, end]
            if busy <= max_busy_s:
                best = min(best, busy + departure[node, out_level, end])
    return best


@numba.njit(cache=True)
def _best_link(
    tables: Tables, arrival: Floats, node: int, level: int, boundary: int, max_busy_s: float
) -> float:
    best = np.inf
    for position in range(tables.out_start[node], tables.out_start[node + 1]):
        link = tables.out_links[position]
        busy = tables.transfer_s[link, level, boundary]
        if busy <= max_busy_s:
            after = arrival[tables.link_target[link], level, boundary]
            best = min(best, busy + tables.latency_s[link] + after)
    return best


@numba.njit(cache=True)
def _relax_relays(tables: Tables, arrival: Floats, level: int, boundary: int, max_busy_s: float) -> None:
    """Let payloads be relayed unchanged: shortest paths to the costs at hand, by label correction."""
    num_nodes = arrival.shape[0]
    queue = np.empty(num_nodes, np.int64)  # circular; a node waits in it at most once
    waiting = np.zeros(num_nodes, np.bool_)
    size = 0
    for node in range(num_nodes):
        if np.isfinite(arrival[node, level, boundary]):
            queue[size] = node
            waiting[node] = True
            size += 1
    head = 0
    while size > 0:
        node = queue[head]
        head = (head + 1) % num_nodes
        size -= 1
        waiting[node] = False
        for position in range(tables.in_start[node], tables.in_start[node + 1]):
            link = tables.in_links[position]
            before = tables.link_source[link]
            busy = tables.transfer_s[link, level, boundary]
            if busy > max_busy_s or before == tables.destination:
                continue
            cost = busy + tables.latency_s[link] + arrival[node, level, boundary]
            if cost < arrival[before, level, boundary]:
                arrival[before, level, boundary] = cost
                if not waiting[before]:
                    queue[(head + size) % num_nodes] = before
                    waiting[before] = True
                    size += 1
