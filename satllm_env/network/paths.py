"""Shortest paths over the network of a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from satllm_env.errors import InputError
from satllm_env.network.snapshot import Snapshot

UNREACHED = -1


@dataclass(frozen=True, eq=False)
class Paths:
    """Shortest paths from one node to every node.

    Attributes:
        source: where they begin.
        latency_s: [s] of the path to each node, inf where there is none, shape (N,).
        before: the last node before each node on its path, −1 where there is none, shape (N,).
    """

    source: int
    latency_s: NDArray[np.float64]
    before: NDArray[np.int64]

    def way(self, target: int) -> list[int]:
        """Nodes from the source to `target`, both included; empty where no path leads there."""
        if not np.isfinite(self.latency_s[target]):
            return []
        way = [target]
        while way[-1] != self.source:
            way.append(int(self.before[way[-1]]))
        return way[::-1]


def latency_graph(snapshot: Snapshot, stations: int = 0) -> csr_array:
    """The usable links as a directed graph, weighted by propagation latency.

    Args:
        snapshot: the network at one moment, with S satellites.
        stations: the first G stations become nodes S to S + G − 1, with the downlinks to them. No link
            leaves a station, so no path is relayed by the ground.

    Returns:
        [s] shape (S + G, S + G); what is not stored is no link.
    """
    isl, ground = snapshot.isl, snapshot.ground
    satellites = len(snapshot.itrs_km)
    a, b, isl_s = isl.a[isl.usable], isl.b[isl.usable], isl.latency_s[isl.usable]
    down = ground.usable & (ground.gid < stations)
    tails = np.concatenate([a, b, ground.sat[down]])
    heads = np.concatenate([b, a, satellites + ground.gid[down]])
    latency_s = np.concatenate([isl_s, isl_s, ground.latency_s[down]])
    nodes = satellites + stations
    return csr_array((latency_s, (tails, heads)), shape=(nodes, nodes))


def shortest_paths(graph: csr_array, source: int) -> Paths:
    """Paths of least latency from one node (Dijkstra, by scipy).

    Args:
        graph: [s] as of `latency_graph`, shape (N, N).
        source: 0 to N − 1.

    Raises:
        InputError: no such node.
    """
    if not 0 <= source < graph.shape[0]:
        raise InputError("paths", "source", f"nodes are numbered 0 to {graph.shape[0] - 1} (got {source})")
    latency_s, before = dijkstra(graph, indices=source, return_predecessors=True)
    return Paths(source, latency_s, np.where(before < 0, UNREACHED, before).astype(np.int64))


def hops_from(graph: csr_array, starts: ArrayLike) -> NDArray[np.int64]:
    """Links from the nearest of `starts` to every node, −1 out of reach, shape (N,).

    Args:
        graph: as of `latency_graph`; only whether there is a link counts.
        starts: node numbers, at least one.
    """
    hops = dijkstra(graph, indices=np.atleast_1d(starts), unweighted=True, min_only=True)
    return np.where(np.isfinite(hops), hops, UNREACHED).astype(np.int64)
