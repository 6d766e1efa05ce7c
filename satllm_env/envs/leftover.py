"""What the resources that are left to a walk can still do; it changes only when the payload moves."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.problem.capacity import least_bottleneck_s
from satllm_env.problem.instance import Bools, Floats, Ints, Tables
from satllm_env.problem.reachability import finishable, on_the_way
from satllm_env.problem.walk import Walk


class Leftover(NamedTuple):
    """Reachability and capacity, as things stand and with this node's processor served as well."""

    can: Bools  # (D, L + 1) whether a payload of a boundary that leaves over a slot can reach the end
    can_after: Bools  # (D, L + 1)
    least_s: Floats  # (L + 1,) [s] least bottleneck by number of layers, inf beyond what memory holds
    least_after_s: Floats  # (L + 1,)


def leftover(walk: Walk, slots: Ints) -> Leftover:
    """What is left to a walk whose payload has just arrived at a node.

    Args:
        walk: where the walk stands.
        slots: (N, D) padded slots.
    """
    tables, nodes, links, here = walk.instance.tables, walk.used_nodes, walk.used_links, walk.node
    # a processor that no way passes any more is as good as served
    spent = nodes | ~on_the_way(tables, links, here)
    can, least_s = _can_leave(tables, slots[here], nodes, links, -1), least_bottleneck_s(tables, spent, -1)
    if spent[here] or not walk.instance.can_compute[here]:
        return Leftover(can, can, least_s, least_s)
    can_after = _can_leave(tables, slots[here], nodes, links, here)
    return Leftover(can, can_after, least_s, least_bottleneck_s(tables, spent, here))


@numba.njit(cache=True)
def _can_leave(tables: Tables, out: Ints, used_nodes: Bools, used_links: Bools, here: int) -> Bools:
    """(D, L + 1) by out-link slot and boundary: once the link has carried, can the rest be finished?"""
    num_layers = tables.layer_s.shape[1]
    can = np.zeros((len(out), num_layers + 1), np.bool_)
    for slot in range(len(out)):
        link = out[slot]
        if link < 0 or used_links[link]:
            continue
        target = tables.link_target[link]
        used_links[link] = True
        spent = used_nodes | ~on_the_way(tables, used_links, target)
        finished = finishable(tables, spent, used_links, here)
        least_s = least_bottleneck_s(tables, spent, here)
        used_links[link] = False
        for boundary in range(num_layers + 1):
            can[slot, boundary] = finished[target, boundary] and np.isfinite(least_s[num_layers - boundary])
    return can
