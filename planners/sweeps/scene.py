"""What sweeps see of a walk whose payload has just arrived: the processors that are left, and routes."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.sweeps.routes import Routes, find_routes, make_routes, spread
from satllm_env.problem import moves
from satllm_env.problem.bounds import prefix_s
from satllm_env.problem.instance import Bools, Floats, Ints, Tables

MAX_PROCESSORS = 16
"""Processors that are looked at together; the nearest and quickest of those that are left."""

CAPACITY_STEPS = 40
"""Bisections of the least threshold; each halves what is unknown of it."""


class Scene(NamedTuple):
    """A walk's state and what follows from it alone; K processors, the destination's routes last."""

    tables: Tables
    used_links: Bools  # (E,)
    prefix_s: Floats  # (N, L + 1) [s] of computing the first layers
    slowness: Floats  # (E,) what a transfer takes, as a multiple of the first link's
    size_s: Floats  # (Q, L + 1) [s] that the payload occupies the first link
    levels: Ints  # (Q',) levels that no other beats in every respect, the largest payload first
    nodes: Ints  # (K,)
    routes: Routes  # (K + 1, N)
    most: Ints  # (K,) layers that a processor's memory holds at once, at most
    quickest_s: Floats  # (K,) [s] of its quickest layer
    here: int
    boundary: int
    level: int
    paid_s: float
    longest_s: float
    left_units: int
    pace_s: float  # [s] of a typical layer on the quickest processor of all
    typical_s: float  # [s] of a typical compressed payload on the first link
    start_s: float  # [s] the processors cannot take the layers left under a smaller threshold


@numba.njit(cache=True, nogil=True)
def look_about(tables: Tables, ints: Ints, reals: Floats, used_nodes: Bools, used_links: Bools) -> Scene:
    """Read a walk's state; its payload has just arrived somewhere and no stage is in progress.

    Args:
        tables: the instance's arrays.
        ints: integer state of the walk.
        reals: its real state.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
    """
    num_nodes, num_layers = tables.layer_s.shape
    prefix, size_s = prefix_s(tables), np.ascontiguousarray(tables.transfer_s[0])
    slowness = _slowness(tables)
    typical_s = _typical_s(size_s)
    pace_s = np.inf
    for node in range(num_nodes):
        if np.isfinite(tables.layer_s[node, 0]):
            pace_s = min(pace_s, prefix[node, num_layers] / num_layers)
    step_s = slowness * typical_s + tables.latency_s
    nodes, routes = _choose(tables, prefix, step_s, slowness, used_nodes, used_links, ints[moves.NODE])
    most, quickest_s = _holdings(tables, nodes)
    left = num_layers - ints[moves.BOUNDARY]
    start_s = _least_threshold_s(tables, ints[moves.BOUNDARY], left, most, quickest_s, prefix)
    return Scene(
        tables,
        used_links,
        prefix,
        slowness,
        size_s,
        _worthwhile(tables, size_s),
        nodes,
        routes,
        most,
        quickest_s,
        ints[moves.NODE],
        ints[moves.BOUNDARY],
        ints[moves.LEVEL],
        reals[moves.SUM],
        reals[moves.BOTTLENECK],
        tables.budget_units - ints[moves.LOSS_UNITS],
        pace_s,
        typical_s,
        max(start_s, reals[moves.BOTTLENECK]),
    )


@numba.njit(cache=True, nogil=True, inline="always")
def last_busy_s(scene: Scene, boundary: int, level: int) -> float:
    """[s] that the destination is busy with the layers from a boundary on, inf where it cannot be."""
    tables = scene.tables
    node, num_layers = tables.destination, tables.layer_s.shape[1]
    if boundary == num_layers:
        return 0.0
    if tables.stage_reach[node, boundary] < num_layers:
        return np.inf
    computed = scene.prefix_s[node, num_layers] - scene.prefix_s[node, boundary]
    return float(tables.decode_s[node, level, boundary] + computed)


@numba.njit(cache=True, nogil=True)
def _slowness(tables: Tables) -> Floats:
    heaviest, most = 0, 0.0
    for boundary in range(tables.transfer_s.shape[2]):
        value = tables.transfer_s[0, 0, boundary]
        if value < np.inf and value > most:
            heaviest, most = boundary, value
    out = np.ones(len(tables.latency_s))
    if most > 0.0:
        for link in range(len(out)):
            out[link] = tables.transfer_s[link, 0, heaviest] / most
    return out


@numba.njit(cache=True, nogil=True)
def _typical_s(size_s: Floats) -> float:
    """[s] mean over inner boundaries of the smallest payload on the first link."""
    inner = size_s.shape[1] - 2
    if inner < 1:
        return float(size_s[0, 0])
    total = 0.0
    for boundary in range(1, inner + 1):
        total += size_s[:, boundary].min()
    return float(total / inner)


@numba.njit(cache=True, nogil=True)
def _worthwhile(tables: Tables, size_s: Floats) -> Ints:
    """Levels that no other beats at the middle cut: quicker to code, smaller and with less loss."""
    num_levels, middle = size_s.shape[0], tables.layer_s.shape[1] // 2
    node = 0
    while node + 1 < tables.layer_s.shape[0] and not np.isfinite(tables.layer_s[node, 0]):
        node += 1
    rows = np.empty((num_levels, 4))
    rows[:, 0], rows[:, 1] = tables.encode_s[node, :, middle], tables.decode_s[node, :, middle]
    rows[:, 2], rows[:, 3] = size_s[:, middle], tables.loss_units[:, middle]
    kept, count = np.empty(num_levels, np.int64), 0
    for level in range(num_levels):
        beaten = tables.loss_units[level, middle] > tables.budget_units
        for other in range(num_levels):
            if not beaten and other != level:
                beaten = np.all(rows[other] <= rows[level]) and (
                    np.any(rows[other] < rows[level]) or other < level
                )
        if not beaten:
            kept[count] = level
            count += 1
    return kept[:count][np.argsort(-rows[kept[:count], 2], kind="mergesort")]


@numba.njit(cache=True, nogil=True)
def _choose(
    tables: Tables,
    prefix: Floats,
    step_s: Floats,
    slowness: Floats,
    used_nodes: Bools,
    used_links: Bools,
    here: int,
) -> tuple[Ints, Routes]:
    """The processors to look at, that of the payload's node first, and routes to them and to the ground."""
    num_nodes, num_layers = tables.layer_s.shape
    score = spread(tables, step_s, used_links, here)
    home = make_routes(1, num_nodes)
    find_routes(tables, step_s, slowness, used_links, tables.destination, 0, home)
    found = 0
    for node in range(num_nodes):
        able = not used_nodes[node] and node != tables.destination and np.isfinite(tables.layer_s[node, 0])
        if able and score[node] + home.cost_s[0, node] < np.inf:
            per_layer = prefix[node, num_layers] / num_layers
            score[node] += home.cost_s[0, node] + 2.0 * tables.micro_batches * per_layer
            if node == here:
                score[node] = -1.0
            found += 1
        else:
            score[node] = np.inf
    count = min(found, MAX_PROCESSORS)
    nodes, routes = np.empty(count, np.int64), make_routes(count + 1, num_nodes)
    for number in range(count):
        best = int(np.argmin(score))
        nodes[number] = best
        score[best] = np.inf
        find_routes(tables, step_s, slowness, used_links, best, number, routes)
    routes.cost_s[count], routes.slowness[count] = home.cost_s[0], home.slowness[0]
    routes.worst[count], routes.latency_s[count] = home.worst[0], home.latency_s[0]
    routes.link[count] = home.link[0]
    return nodes, routes


@numba.njit(cache=True, nogil=True)
def _holdings(tables: Tables, nodes: Ints) -> tuple[Ints, Floats]:
    num_layers = tables.layer_s.shape[1]
    most, quickest_s = np.zeros(len(nodes), np.int64), np.full(len(nodes), np.inf)
    for number in range(len(nodes)):
        node = nodes[number]
        for layer in range(num_layers):
            most[number] = max(most[number], tables.stage_reach[node, layer] - layer)
            quickest_s[number] = min(quickest_s[number], tables.layer_s[node, layer])
    return most, quickest_s


@numba.njit(cache=True, nogil=True)
def _least_threshold_s(
    tables: Tables, boundary: int, left: int, most: Ints, quickest_s: Floats, prefix: Floats
) -> float:
    """[s] least threshold under which the processors hold the layers left, by their quickest layers."""
    ground, num_layers = tables.destination, tables.layer_s.shape[1]
    if left == 0:
        return 0.0
    high = 0.0
    for number in range(len(most)):
        high = max(high, quickest_s[number] * most[number])
    if np.isfinite(tables.layer_s[ground, 0]):
        high = max(high, prefix[ground, num_layers] - prefix[ground, boundary])
    low, high = 0.0, high * (1.0 + 1e-9)
    for _ in range(CAPACITY_STEPS):
        middle = 0.5 * (low + high)
        room = 0
        for number in range(len(most)):
            held = most[number]
            if quickest_s[number] > 0.0 and middle < quickest_s[number] * held:
                held = int(middle / quickest_s[number])
            room += held
        if room < left and np.isfinite(tables.layer_s[ground, 0]):
            room += _suffix(prefix[ground], middle, num_layers)
        if room >= left:
            high = middle
        else:
            low = middle
    return high


@numba.njit(cache=True, nogil=True)
def _suffix(totals_s: Floats, limit_s: float, num_layers: int) -> int:
    """How many of the last layers a processor computes within a limit."""
    count = 0
    while count < num_layers and totals_s[num_layers] - totals_s[num_layers - count - 1] <= limit_s:
        count += 1
    return count
