"""What the resources that are left to a walk can still do; it changes only when the payload moves."""

from __future__ import annotations

from typing import NamedTuple

from satllm_env.problem.capacity import least_bottleneck_s
from satllm_env.problem.instance import Bools, Floats
from satllm_env.problem.reachability import finishable, on_the_way
from satllm_env.problem.walk import Walk


class Leftover(NamedTuple):
    """Reachability and capacity, as things stand and with this node's processor served as well."""

    can: Bools  # (N, L + 1) whether an arrival at a node and boundary can finish
    can_after: Bools  # (N, L + 1)
    least_s: Floats  # (L + 1,) [s] least bottleneck by number of layers, inf beyond what memory holds
    least_after_s: Floats  # (L + 1,)


def leftover(walk: Walk) -> Leftover:
    """What is left to a walk whose payload has just arrived at a node."""
    tables, nodes, links, here = walk.instance.tables, walk.used_nodes, walk.used_links, walk.node
    # a processor that no way passes any more is as good as served
    spent = nodes | ~on_the_way(tables, links, here)
    can, least_s = finishable(tables, spent, links, -1), least_bottleneck_s(tables, spent, -1)
    if spent[here]:
        return Leftover(can, can, least_s, least_s)
    return Leftover(
        can, finishable(tables, spent, links, here), least_s, least_bottleneck_s(tables, spent, here)
    )
