"""The arrays that the check computes with, for all nodes or those that still matter.

Axes: n nodes, e links, L layers, Q levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from satllm_env.problem import Instance
from satllm_env.problem.instance import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Network:
    """Some nodes of an instance and the links between them; nothing leaves the destination."""

    instance: Instance
    nodes: Ints  # (n,) indices in the instance
    links: Ints  # (e,) indices in the instance
    tail: Ints  # (e,) indices in `nodes`
    head: Ints  # (e,)
    layer_s: Floats  # (n, L), inf where the node cannot compute
    reach: Ints  # (n, L) furthest boundary of a stage that starts at layer i
    encode_s: Floats  # (n, Q, L + 1)
    decode_s: Floats  # (n, Q, L + 1)
    transfer_s: Floats  # (e, Q, L + 1), inf where the level may not carry the boundary
    latency_s: Floats  # (e,)
    loss_units: Floats  # (Q, L + 1), whole numbers
    source: int
    destination: int

    @classmethod
    def of(cls, instance: Instance, keep: Bools | None = None, levels: int | None = None) -> Network:
        """A part of an instance.

        Args:
            instance: the problem.
            keep: (N,) the nodes to keep, both ends among them; all by default.
            levels: how many levels to keep; all by default.
        """
        tables = instance.tables
        keep = np.ones(tables.num_nodes, np.bool_) if keep is None else keep
        nodes = np.flatnonzero(keep)
        place = np.full(tables.num_nodes, -1)
        place[nodes] = np.arange(len(nodes))
        tails, heads = tables.link_source, tables.link_target
        links = np.flatnonzero(keep[tails] & keep[heads] & (tails != tables.destination))
        return cls(
            instance=instance,
            nodes=nodes,
            links=links,
            tail=place[tails[links]],
            head=place[heads[links]],
            layer_s=tables.layer_s[nodes],
            reach=tables.stage_reach[nodes],
            encode_s=tables.encode_s[nodes, :levels],
            decode_s=tables.decode_s[nodes, :levels],
            transfer_s=tables.transfer_s[links, :levels],
            latency_s=tables.latency_s[links],
            loss_units=tables.loss_units[:levels].astype(np.float64),
            source=int(place[tables.source]),
            destination=int(place[tables.destination]),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Boundaries, nodes and levels: L + 1, n, Q."""
        levels, boundaries = self.loss_units.shape
        return boundaries, len(self.nodes), levels

    @property
    def num_layers(self) -> int:
        """L."""
        return int(self.layer_s.shape[1])

    @property
    def budget_units(self) -> int:
        """Accuracy budget in the units of `loss_units`."""
        return self.instance.tables.budget_units

    @property
    def periods(self) -> int:
        """M − 1: how often the bottleneck counts on top of the sum."""
        return self.instance.tables.micro_batches - 1

    def stages_from(self, first: int) -> tuple[Ints, Floats]:
        """Nodes that can compute from a boundary on, and their computing times.

        Returns:
            (c,) nodes other than the destination with at least one stage, and (c, k) [s] of stages of
            1 to k layers, inf where memory forbids one.
        """
        length = self.reach[:, first] - first
        length[self.destination] = 0
        able = np.flatnonzero(length > 0)
        longest = int(length[able].max(initial=0))
        seconds = np.cumsum(self.layer_s[able, first : first + longest], axis=1)
        seconds[np.arange(1, longest + 1) > length[able, None]] = np.inf
        return able, seconds

    def last_stage_s(self) -> Floats:
        """(Q, L + 1) [s] the destination is busy from a boundary to the end, inf where it must not be."""
        node, layers = self.destination, self.num_layers
        rest = np.full(layers + 1, np.inf)
        rest[layers] = 0.0
        for first in range(layers):
            if self.reach[node, first] == layers:
                rest[first] = self.layer_s[node, first:].sum()
        busy_s: Floats = self.decode_s[node] + rest
        busy_s[:, layers] = 0.0
        return busy_s

    def capacity(self, limit_s: float) -> Ints:
        """(n, L + 1) most layers past a boundary that one stage at a node computes within a time.

        Args:
            limit_s: [s] that a stage may compute.
        """
        layers, limit_s = self.num_layers, min(limit_s, np.finfo(np.float64).max)
        most = np.zeros((len(self.nodes), layers + 1), np.int64)
        last = self.last_stage_s()[0] <= limit_s
        for first in range(layers - 1, -1, -1):
            able, seconds = self.stages_from(first)
            here = np.zeros(len(self.nodes), np.int64)
            here[able] = (seconds <= limit_s).sum(axis=1)
            here[self.destination] = (layers - first) * last[first]
            most[:, first] = np.maximum(most[:, first + 1], here)
        return most
