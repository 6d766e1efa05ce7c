"""Dense dynamic programmes over all states of a network: what it takes to come to one and to go on.

A state is a payload at a node, at a boundary and a level, either ARRIVED over a link or SENDING after a
stage. Walks are relaxed: processors and links may serve again and losses are only charged for.
Arrays over states are (L + 1, n, Q): boundaries, nodes, levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planners.certificate.network import Network
from satllm_env.problem.instance import Floats, Ints


@dataclass(frozen=True, eq=False)
class Prices:
    """Multipliers, all at least 0. Whatever they are, they can only make a bound weaker, never wrong."""

    loss: float  # [s per loss unit]
    stage: Floats  # (n,) [s] per stage
    link: Floats  # (e,) [s] per carriage

    def credit_s(self, network: Network) -> float:
        """[s] that a plan is charged at most: the whole budget, and every resource once."""
        return self.loss * network.budget_units + float(self.stage.sum() + self.link.sum())


@dataclass(frozen=True, eq=False)
class Stages:
    """All stages that start at one boundary, received at one level. Axes: c nodes, k ends, Q sent levels."""

    first: int
    received: int
    nodes: Ints  # (c,)
    busy_s: Floats  # (c, k, Q), inf where not allowed
    charge_s: Floats  # (c, k, Q) prices of the stage and of the loss


def stages(network: Network, prices: Prices, limit_s: float, first: int) -> Iterator[Stages]:
    """Stages from a boundary on, by the level received."""
    nodes, compute_s = network.stages_from(first)
    if not len(nodes):
        return
    ends = slice(first + 1, first + 1 + compute_s.shape[1])
    busy = compute_s[:, :, None] + network.encode_s[nodes, :, ends].transpose(0, 2, 1)
    loss = prices.loss * network.loss_units[:, ends].T
    charge = np.broadcast_to(prices.stage[nodes, None, None] + loss, busy.shape)
    for received in range(network.shape[2]):
        whole = busy + network.decode_s[nodes, received, first][:, None, None]
        whole[whole > limit_s] = np.inf
        yield Stages(first, received, nodes, whole, charge)


def sends(network: Network, prices: Prices, limit_s: float, boundary: int) -> tuple[Floats, Floats]:
    """(e, Q) [s] each link is busy with a boundary, inf where not allowed, and what its use adds in all."""
    busy = network.transfer_s[:, :, boundary].copy()
    busy[busy > limit_s] = np.inf
    return busy, busy + (network.latency_s + prices.link)[:, None]


class _Ends:
    """Links grouped by one of their ends, for minima over the links of a node."""

    def __init__(self, end: Ints) -> None:
        self.order = np.argsort(end, kind="stable")
        self.nodes, self.starts = np.unique(end[self.order], return_index=True)

    def least(self, values: Floats, num_nodes: int) -> Floats:
        """(n, Q) least value over each node's links; `values` is (e, Q)."""
        least = np.full((num_nodes, values.shape[1]), np.inf)
        if len(self.starts):
            least[self.nodes] = np.minimum.reduceat(values[self.order], self.starts, axis=0)
        return least


def backward(network: Network, prices: Prices, limit_s: float) -> tuple[Floats, Floats]:
    """[s] the least priced sum to go, from arrived and from sending states; credits are not deducted."""
    arrived, sending = np.full(network.shape, np.inf), np.full(network.shape, np.inf)
    tails, last = _Ends(network.tail), network.last_stage_s()
    last[last > limit_s] = np.inf
    for boundary in range(network.num_layers, -1, -1):
        here = np.full(network.shape[1:], np.inf)
        here[network.destination] = last[:, boundary]
        if boundary < network.num_layers:
            here[network.destination] += prices.stage[network.destination]
            for part in stages(network, prices, limit_s, boundary):
                ahead = sending[boundary + 1 : boundary + 1 + part.busy_s.shape[1], part.nodes]
                total = part.busy_s + part.charge_s + ahead.transpose(1, 0, 2)
                here[part.nodes, part.received] = total.min(axis=(1, 2))
        _, cost = sends(network, prices, limit_s, boundary)
        while True:
            onward = tails.least(cost + here[network.head], network.shape[1])
            if np.array_equal(np.minimum(here, onward), here):
                break
            here = np.minimum(here, onward)
        arrived[boundary], sending[boundary] = here, onward
    return arrived, sending


def forward(network: Network, prices: Prices, limit_s: float) -> tuple[Floats, Floats]:
    """[s] the least priced sum from the source to arrived and to sending states."""
    arrived, sending = np.full(network.shape, np.inf), np.full(network.shape, np.inf)
    heads = _Ends(network.head)
    arrived[0, network.source, 0] = 0.0
    for boundary in range(network.num_layers + 1):
        here = arrived[boundary]
        _, cost = sends(network, prices, limit_s, boundary)
        while True:
            leaving = np.minimum(here, sending[boundary])
            coming = heads.least(cost + leaving[network.tail], network.shape[1])
            if np.array_equal(np.minimum(here, coming), here):
                break
            here = np.minimum(here, coming)
        arrived[boundary] = here
        if boundary < network.num_layers:
            for part in stages(network, prices, limit_s, boundary):
                total = part.busy_s + part.charge_s + here[part.nodes, part.received][:, None, None]
                rows = slice(boundary + 1, boundary + 1 + total.shape[1])
                sending[rows, part.nodes] = np.minimum(sending[rows, part.nodes], total.transpose(1, 0, 2))
    return arrived, sending
