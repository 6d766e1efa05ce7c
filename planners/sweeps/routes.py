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
    cost, first = routes.cost_s[row], routes.link[row]
    ends = (tables.in_start, tables.in_links, tables.link_source)
    _quickest(ends, tables.destination, step_s, used_links, target, cost, first)
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
    cost, first = np.empty(num_nodes), np.empty(num_nodes, np.int64)
    ends = (tables.out_start, tables.out_links, tables.link_target)
    _quickest(ends, tables.destination, step_s, used_links, here, cost, first)
    return cost


@numba.njit(cache=True, nogil=True)
def _quickest(
    ends: tuple[Ints, Ints, Ints],
    destination: int,
    step_s: Floats,
    used_links: Bools,
    begin: int,
    cost: Floats,
    first: Ints,
) -> None:
    """Write [s] the quickest ways between a node and all others, and the link that each is entered by.

    Args:
        ends: where each node's links start in the list after it, and the node at each link's other end.
        destination: no way leads on through it.
        step_s: (E,) [s] over each link.
        used_links: (E,) links that may not be taken.
        begin: the node.
        cost: (N,) filled, inf where no way leads.
        first: (N,) filled, −1 for none.
    """
    start, links, other = ends
    num_nodes = len(cost)
    queue, waiting = np.empty(num_nodes, np.int64), np.zeros(num_nodes, np.bool_)
    cost[:], first[:] = np.inf, -1
    cost[begin], queue[0] = 0.0, begin
    head, size = 0, 1
    while size > 0:
        node = queue[head]
        head = head + 1 if head + 1 < num_nodes else 0
        size -= 1
        waiting[node] = False
        for position in range(start[node], start[node + 1]):
            link = links[position]
            after = other[link]
            if used_links[link] or after == destination:
                continue
            whole = cost[node] + step_s[link]
            if whole < cost[after] * CLEARLY:
                cost[after], first[after] = whole, link
                if not waiting[after]:
                    waiting[after] = True
                    tail = head + size
                    queue[tail if tail < num_nodes else tail - num_nodes] = after
                    size += 1
