"""Least-latency routes for payloads that are relayed unchanged, the way networks route: sums only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from satllm_env.problem import Instance
from satllm_env.problem.instance import Bools, Floats, Ints

Links = list[int]


@dataclass(frozen=True, eq=False)
class RouteTree:
    """Least-latency routes from one node to all others, or from all others to one node."""

    seconds: Floats
    """(N,) [s] transfer and latency along the route, inf where there is none."""
    _previous: Ints
    _link: Ints
    _reverse: bool

    def route(self, node: int) -> Links:
        """Links between the root and a node, in the direction of travel; the node must be reachable."""
        links: Links = []
        while self._previous[node] >= 0:
            links.append(int(self._link[node]))
            node = int(self._previous[node])
        return links if self._reverse else links[::-1]


def route_tree(
    instance: Instance, root: int, boundary: int, level: int, free: Bools | None = None, to_root: bool = False
) -> RouteTree:
    """Routes of least Σ (transfer + latency) for one payload.

    Args:
        instance: the problem.
        root: where routes begin, or end if `to_root`.
        boundary: which payload.
        level: its compression level.
        free: (E,) links that may be used, all by default.
        to_root: routes lead from every node to the root.
    """
    tables = instance.tables
    seconds = tables.transfer_s[:, level, boundary] + tables.latency_s
    usable = np.isfinite(seconds) & (tables.link_source != tables.destination)
    if free is not None:
        usable &= free
    links = np.flatnonzero(usable)
    ends = (tables.link_source[links], tables.link_target[links])
    if to_root:
        ends = ends[::-1]
    size = tables.num_nodes
    # scipy drops edges of weight zero
    weights = np.maximum(seconds[links], np.finfo(np.float64).tiny)
    graph = csr_array((weights, ends), shape=(size, size))
    distance, previous = dijkstra(graph, indices=root, return_predecessors=True)
    pairs = enumerate(previous.tolist())
    steps = [(v, p) if to_root else (p, v) for v, p in pairs]
    chosen = np.array([instance.link_index.get(step, -1) for step in steps], np.int64)
    return RouteTree(np.asarray(distance), np.where(previous < 0, -1, previous), chosen, to_root)
