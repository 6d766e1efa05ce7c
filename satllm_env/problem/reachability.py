"""From where a walk can still be finished: reachability in (node, boundary) under memory.

A relaxation of the rules: what the walk has used stays used, what it will use may be used again.
So a walk that it rules out cannot be finished, while one that it lets through may still get stuck.
"""

from __future__ import annotations

import numba
import numpy as np

from satllm_env.problem.instance import Bools, Tables
from satllm_env.problem.moves import LEGAL, arrival_fault


@numba.njit(cache=True)
def finishable(tables: Tables, used_nodes: Bools, used_links: Bools, here: int) -> Bools:
    """Whether a payload that arrives at a node with some layers done can still reach the destination.

    Args:
        tables: the instance's arrays.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        here: a node whose processor counts as served too, −1 for none.

    Returns:
        (N, L + 1) booleans, by node and boundary.
    """
    num_nodes, num_layers = tables.layer_s.shape
    can = np.zeros((num_nodes, num_layers + 1), np.bool_)
    next_send = np.full(num_nodes, num_layers + 1, np.int64)  # least boundary > j that can be sent on
    queue = np.empty(num_nodes, np.int64)
    for boundary in range(num_layers, -1, -1):
        size = 0
        for node in range(num_nodes):
            if node == tables.destination:
                done = arrival_fault(tables, boundary) == LEGAL
            else:
                done = (
                    boundary < num_layers
                    and not used_nodes[node]
                    and node != here
                    and next_send[node] <= tables.stage_reach[node, boundary]
                )
            if done:
                can[node, boundary] = True
                queue[size] = node
                size += 1
        _spread_over_links(tables, used_links, can, queue, size, boundary)
        for link in range(len(tables.link_source)):
            if not used_links[link] and can[tables.link_target[link], boundary]:
                next_send[tables.link_source[link]] = boundary
    return can


@numba.njit(cache=True)
def _spread_over_links(
    tables: Tables, used_links: Bools, can: Bools, queue: np.ndarray, size: int, boundary: int
) -> None:
    """Mark, in place, every node from which relays lead to a marked one."""
    head = 0
    while head < size:
        node = queue[head]
        head += 1
        for position in range(tables.in_start[node], tables.in_start[node + 1]):
            link = tables.in_links[position]
            before = tables.link_source[link]
            if used_links[link] or before == tables.destination or can[before, boundary]:
                continue
            can[before, boundary] = True
            queue[size] = before
            size += 1


@numba.njit(cache=True)
def on_the_way(tables: Tables, used_links: Bools, here: int) -> Bools:
    """Which nodes some walk over unused links from `here` to the destination can visit at all.

    Args:
        tables: the instance's arrays.
        used_links: (E,) links that have carried the payload.
        here: node that holds the payload.

    Returns:
        (N,) booleans.
    """
    num_nodes = tables.layer_s.shape[0]
    ahead = np.zeros((num_nodes, 1), np.bool_)
    queue = np.empty(num_nodes, np.int64)
    ahead[here, 0] = True
    queue[0] = here
    head, size = 0, 1
    while head < size:
        node = queue[head]
        head += 1
        if node == tables.destination:
            continue
        for position in range(tables.out_start[node], tables.out_start[node + 1]):
            link = tables.out_links[position]
            target = tables.link_target[link]
            if not used_links[link] and not ahead[target, 0]:
                ahead[target, 0] = True
                queue[size] = target
                size += 1
    leads_on = np.zeros((num_nodes, 1), np.bool_)
    leads_on[tables.destination, 0] = True
    queue[0] = tables.destination
    _spread_over_links(tables, used_links, leads_on, queue, 1, 0)
    return ahead[:, 0] & leads_on[:, 0]
