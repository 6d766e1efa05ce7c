"""A solver's pieces of proof, in seconds and names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from planners.astar.interval import Piece
from planners.astar.scaled import INFINITE, Scale
from planners.proof import IntervalProof, Proof
from satllm_env.problem import Instance
from satllm_env.problem.instance import Floats, to_points

Name = TypeVar("Name")


def proof_of(
    instance: Instance,
    pieces: Sequence[Piece],
    scale: Scale,
    least_s: float,
    lower_bound_s: float,
) -> Proof:
    """What a solver has proven, for a checker that knows nothing of ticks.

    Args:
        instance: the problem.
        pieces: what the solver has proven, interval by interval.
        scale: how ticks relate to seconds.
        least_s: [s] no plan has a smaller bottleneck.
        lower_bound_s: [s] no plan has a smaller delay, inf where none exists.
    """
    writer = _Writer(instance, scale, lower_bound_s)
    intervals = [writer.write(piece) for piece in sorted(pieces, key=lambda piece: piece.above)]
    return Proof(lower_bound_s, least_s, tuple(intervals))


class _Writer:
    """Turns pieces of one solver into intervals."""

    def __init__(self, instance: Instance, scale: Scale, lower_bound_s: float) -> None:
        self._ticks, self._lower_s = scale.ticks_per_s, lower_bound_s
        self._alone = instance.tables.micro_batches == 1
        self._budget = to_points(instance.tables.budget_units)
        self._nodes = [node.id for node in instance.problem.nodes]
        self._links = [(link.source, link.target) for link in instance.problem.links]

    def write(self, piece: Piece) -> IntervalProof:
        """One interval, claiming no more than the proof as a whole."""
        multipliers = piece.multipliers
        bound_s = math.inf if piece.bound >= INFINITE else piece.bound / self._ticks
        return IntervalProof(
            above_s=max(0.0, piece.above / self._ticks),
            # one micro-batch waits for no other, so its one interval is not cut short at any bottleneck
            upto_s=math.inf if self._alone else piece.upto / self._ticks,
            bound_s=min(bound_s, self._lower_s) if math.isfinite(self._lower_s) else math.inf,
            loss_price=float(multipliers.loss[0]) / self._ticks / self._budget if self._budget else 0.0,
            stage_price=_named(self._nodes, multipliers.stage / self._ticks),
            link_price=_named(self._links, multipliers.link / self._ticks),
            watched_nodes=tuple(self._nodes[node] for node, _ in piece.watched if node >= 0),
            watched_links=tuple(self._links[link] for _, link in piece.watched if link >= 0),
        )


def _named(names: Sequence[Name], prices: Floats) -> dict[Name, float]:
    return {names[i]: float(prices[i]) for i in np.flatnonzero(prices).tolist()}
