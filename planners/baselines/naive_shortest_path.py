"""The naive reference: an additive shortest path over the layered graph, by networkx.

It minimises ``Σ (busy + latency)`` of one micro-batch, so it is blind to the bottleneck that the other
M − 1 wait for, to the accuracy budget's sum, and to rule 1: processors and links may serve again. A
walk that breaks a rule is no plan, and is reported as such rather than repaired.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import pairwise

import networkx as nx
import numpy as np

from planners.baselines.split import NoSplitError, plan_of
from planners.follow import Send
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan

MAX_EDGES = 5_000_000
"""A networkx edge takes about half a kilobyte."""

Edge = tuple[Hashable, Hashable, float]


def naive_shortest_path(instance: Instance) -> Plan:
    """Dijkstra from the source at boundary 0 to the destination, summing busy times and latencies.

    Raises:
        NoSplitError: no path exists, or the shortest one breaks a rule of the split problem.
        InputError: the graph would be too large.
    """
    graph = naive_graph(instance)
    start, goal = ("at", instance.tables.source, 0, 0), "goal"
    if start not in graph or goal not in graph or not nx.has_path(graph, start, goal):
        raise NoSplitError("no path leads to the destination")
    path = nx.dijkstra_path(graph, start, goal)
    return plan_of(instance, _sends(instance, path))


def naive_graph(instance: Instance) -> nx.DiGraph[Hashable]:
    """The layered graph, edges weighted in seconds.

    Raises:
        InputError: it would be too large.
    """
    _check_size(instance)
    graph: nx.DiGraph[Hashable] = nx.DiGraph()
    graph.add_weighted_edges_from(_edges(instance))
    return graph


def _check_size(instance: Instance) -> None:
    tables = instance.tables
    planes = (tables.num_layers + 1) * tables.num_levels
    stages = (tables.stage_reach - np.arange(tables.num_layers)).sum() * tables.num_levels**2
    edges = int(stages) + 2 * planes * len(tables.link_source)
    if edges > MAX_EDGES:
        raise InputError("problem", "", f"the naive graph has {edges} edges, more than {MAX_EDGES}")


def _edges(instance: Instance) -> Iterator[Edge]:
    """Payload states ``("at", node, boundary, level)``; ``("out", …)`` is a payload just encoded."""
    tables = instance.tables
    num_layers = tables.num_layers
    within = np.isfinite(instance.payload_bytes) & (tables.loss_units <= tables.budget_units)
    for level, boundary in np.argwhere(within).tolist():
        for link, target in enumerate(tables.link_target.tolist()):
            source = int(tables.link_source[link])
            weight = float(tables.transfer_s[link, level, boundary] + tables.latency_s[link])
            for kind in ("at", "out"):
                yield (kind, source, boundary, level), ("at", target, boundary, level), weight
        for node in np.flatnonzero(instance.can_compute).tolist():
            yield from _stages(instance, within, node, boundary, level)
        if boundary == num_layers:
            yield ("at", tables.destination, boundary, level), "goal", 0.0


def _stages(instance: Instance, within: np.ndarray, node: int, boundary: int, level: int) -> Iterator[Edge]:
    tables = instance.tables
    if boundary == tables.num_layers:
        return
    decode = float(tables.decode_s[node, level, boundary])
    reach = int(tables.stage_reach[node, boundary])
    seconds = decode + np.cumsum(tables.layer_s[node, boundary:reach])
    at = ("at", node, boundary, level)
    if node == tables.destination:
        if reach == tables.num_layers:
            yield at, "goal", float(seconds[-1])
        return
    for end in range(boundary + 1, reach + 1):
        for sent in np.flatnonzero(within[:, end]).tolist():
            busy = float(seconds[end - boundary - 1] + tables.encode_s[node, sent, end])
            yield at, ("out", node, end, sent), busy


def _sends(instance: Instance, path: list[Hashable]) -> list[Send]:
    """The sends of a path; a stage shows as a step from "at" to "out"."""
    states = [state for state in path if isinstance(state, tuple)]
    sends: list[Send] = []
    first = -1
    for before, after in pairwise(states):
        if after[0] == "out":
            first = before[2]
            continue
        link = instance.link_index[before[1], after[1]]
        sends.append((first, after[2], link, after[3]))
        first = -1
    return sends
