"""Relay routes: the quickest ways of a typical payload between nodes, over links that have not carried."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.problem.instance import Bools, Floats, Ints, Tables

CLEARLY = 1.0 - 1e-12
"""A route is only replaced by one that is shorter than rounding could make it."""


class Routes(NamedTuple):
    """Routes to some targets, a row each."""

    cost_s: Floats  # (R, N) [s] of a typical payload, inf where no route leads there
    slowness: Floats  # (R, N) sum over a route's links
    worst: Floats  # (R, N) largest of them
    latency_s: Floats  # (R, N) [s] sum
    link: Ints  # (R, N) the first link, −1 for none


@numba.njit(cache=True, nogil=True)
def make_routes(num_targets: int, num_nodes: int) -> Routes:
    """Room for routes to some targets."""
    shape = (num_targets, num_nodes)
    return Routes(
        np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape, np.int64)
    )


@numba.njit(cache=True, nogil=True)
def find_routes(
    tables: Tables, step_s: Floats, slowness: Floats, used_links: Bools, target: int, row: int, routes: Routes
) -> None:
    """Fill a row with the quickest routes to a node.

    Args:
        tables: the instance's arrays.
        step_s: (E,) [s] that a typical payload takes over each link.
        slowness: (E,) of the links, as multiples of the first one's.
        used_links: (E,) links that have carried the payload.
        target: node that the routes lead to.
        row: to fill.
        routes: written in place.
    """
    num_nodes = tables.layer_s.shape[0]
    cost, first = routes.cost_s[row], routes.link[row]
    queue, waiting = np.empty(num_nodes, np.int64), np.zeros(num_nodes, np.bool_)
    cost[:], first[:] = np.inf, -1
    cost[target], queue[0] = 0.0, target
    head, size = 0, 1
    while size > 0:
        node = queue[head]
        head = head + 1 if head + 1 < num_nodes else 0
        size -= 1
        waiting[node] = False
        for position in range(tables.in_start[node], tables.in_start[node + 1]):
            link = tables.in_links[position]
            before = tables.link_source[link]
            if used_links[link] or before == tables.destination:
                continue
            whole = cost[node] + step_s[link]
            if whole < cost[before] * CLEARLY:
                cost[before], first[before] = whole, link
                if not waiting[before]:
                    waiting[before] = True
                    tail = head + size
                    queue[tail if tail < num_nodes else tail - num_nodes] = before
                    size += 1
    _add_up(tables, slowness, target, row, routes)


@numba.njit(cache=True, nogil=True)
def _add_up(tables: Tables, slowness: Floats, target: int, row: int, routes: Routes) -> None:
    """Write what the routes of a row amount to."""
    first = routes.link[row]
    for start in range(tables.layer_s.shape[0]):
        total, worst, latency, node = 0.0, 0.0, 0.0, start
        while node != target and first[node] >= 0:
            link = first[node]
            total += slowness[link]
            latency += tables.latency_s[link]
            worst = max(worst, slowness[link])
            node = tables.link_target[link]
        routes.slowness[row, start], routes.worst[row, start] = total, worst
        routes.latency_s[row, start] = latency


@numba.njit(cache=True, nogil=True)
def spread(tables: Tables, step_s: Floats, used_links: Bools, here: int) -> Floats:
    """(N,) [s] that a typical payload takes from a node to every other, inf where it cannot come."""
    num_nodes = tables.layer_s.shape[0]
    queue, waiting = np.empty(num_nodes, np.int64), np.zeros(num_nodes, np.bool_)
    cost = np.full(num_nodes, np.inf)
    cost[here], queue[0] = 0.0, here
    head, size = 0, 1
    while size > 0:
        node = queue[head]
        head = head + 1 if head + 1 < num_nodes else 0
        size -= 1
        waiting[node] = False
        for position in range(tables.out_start[node], tables.out_start[node + 1]):
            link = tables.out_links[position]
            after = tables.link_target[link]
            if used_links[link] or after == tables.destination:
                continue
            whole = cost[node] + step_s[link]
            if whole < cost[after] * CLEARLY:
                cost[after] = whole
                if not waiting[after]:
                    waiting[after] = True
                    tail = head + size
                    queue[tail if tail < num_nodes else tail - num_nodes] = after
                    size += 1
    return cost
