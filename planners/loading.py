"""Weights on the move: which layers a node does not hold, and what loading them takes."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan
from satllm_env.problem.instance import MAX_SECONDS, Bools, Floats, Ints
from satllm_env.problem.plan import ComputeStep, SendStep, Stage, Step

Resident = Mapping[str, Collection[int]]
"""Layers, from 0, whose weights a node holds, by node id; nodes left out hold none."""


@dataclass(frozen=True)
class Load:
    """Weights that one node must load before its first micro-batch."""

    node: str
    layers: tuple[int, ...]
    """Those that it does not hold and that weigh anything."""
    weight_bytes: float
    load_s: float


def held_layers(steps: Iterable[Step], instance: Instance) -> Resident:
    """What the nodes of an instance hold if each holds just what a plan in force computes there.

    Args:
        steps: the plan; nodes and layers in it that are no more are passed over.
        instance: the problem as it is now.
    """
    problem, num_layers = instance.problem, instance.tables.num_layers
    held: dict[str, set[int]] = {node.id: set() for node in problem.nodes}
    step = None
    for step in steps:
        if isinstance(step, ComputeStep) and step.node in held:
            held[step.node].update(range(step.first_layer, min(step.last_layer + 1, num_layers)))
    if isinstance(step, SendStep) and step.target == problem.destination:
        # a plan may leave out what the destination computes (rule 3)
        held[step.target].update(range(step.boundary, num_layers))
    return held


class Loading:
    """What must be loaded where, for one instance.

    Args:
        instance: the problem.
        resident: which weights are where already.
        load_rate_bps: [bit/s] at which weights that a node does not hold come to it, for all nodes or by
            node id; inf loads in no time; 0, or no entry, loads nothing.

    Raises:
        InputError: an unknown node or layer, a rate out of range, or a load past `MAX_SECONDS`.
    """

    def __init__(
        self, instance: Instance, resident: Resident, load_rate_bps: float | Mapping[str, float]
    ) -> None:
        self.instance = instance
        layers = instance.problem.model.layers
        self._weight_bytes = np.array([layer.weight_bytes for layer in layers])
        # layers without weights need no loading, wherever they are computed
        self._missing = ~_resident_table(instance, resident) & (self._weight_bytes > 0.0)
        rate_bps = _rate_table(instance, load_rate_bps)
        self._load_s = self._seconds(rate_bps)

    def _seconds(self, rate_bps: Floats) -> Floats:
        """(N, L) [s] to load each layer at each node: 0 where it is held, inf where it cannot be loaded."""
        bits = np.where(self._missing, 8.0 * self._weight_bytes, 0.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            load_s = np.where(self._missing, bits / rate_bps[:, None], 0.0)
        wrong = np.argwhere((load_s > MAX_SECONDS) & (rate_bps[:, None] > 0.0))
        if len(wrong):
            node, layer = wrong[0].tolist()
            name = self.instance.problem.nodes[node].id
            raise InputError(
                "load_rate_bps", name, f"layer {layer} would take more than {MAX_SECONDS:g} s to load"
            )
        return load_s

    def within(self, most_s: float) -> tuple[Instance, Floats | None]:
        """The instance and the loads to search, if no layer is to take longer to load than a limit.

        A stage is one run of layers, so a layer that is impossible at a node limits how far stages there
        reach, exactly as memory does: this is all that the moves and the search need to know.

        Args:
            most_s: [s] what loading one layer may take; what cannot be loaded is left out in any case.

        Returns:
            The instance in which no node computes the layers left out, and (N, L) [s] for `search_exactly`,
            None where nothing takes time to load.
        """
        impossible = np.isinf(self._load_s) | (self._load_s > most_s)
        if not impossible.any():
            return self.instance, self._load_s if self._load_s.any() else None
        reach = np.minimum(self.instance.tables.stage_reach, _next_true(impossible))
        limited = replace(self.instance, tables=self.instance.tables._replace(stage_reach=reach))
        load_s = np.where(impossible, 0.0, self._load_s)
        return limited, load_s if load_s.any() else None

    def loads(self, plan: Plan) -> tuple[Load, ...]:
        """What a plan's stages must load, in their order; those that hold everything are left out."""
        found = (self._load(stage) for stage in plan.stages)
        return tuple(load for load in found if load.layers)

    def _load(self, stage: Stage) -> Load:
        layers = np.flatnonzero(self._missing[stage.node, stage.first_layer : stage.end_layer])
        layers += stage.first_layer
        return Load(
            node=self.instance.problem.nodes[stage.node].id,
            layers=tuple(layers.tolist()),
            weight_bytes=float(self._weight_bytes[layers].sum()),
            load_s=float(self._load_s[stage.node, layers].sum()),
        )

    def fault(self, plan: Plan) -> str:
        """What a plan asks for that no node can load, ``""`` if nothing."""
        for load in self.loads(plan):
            if math.isinf(load.load_s):
                return f"{load.node!r} neither holds nor can load all of layers {runs(load.layers)}"
        return ""


def runs(layers: Sequence[int]) -> str:
    """Ascending layers in words: ``0-3, 7``."""
    text: list[str] = []
    first = last = -1
    for layer in (*layers, -1):
        if last >= 0 and layer == last + 1:
            last = layer
            continue
        if last >= 0:
            text.append(f"{first}-{last}" if last > first else str(first))
        first = last = layer
    return ", ".join(text)


def _next_true(table: Bools) -> Ints:
    """(N, L) first layer at or after each one that is marked at a node, L where none is."""
    num_layers = table.shape[1]
    marked = np.where(table, np.arange(num_layers), num_layers)
    return np.ascontiguousarray(np.minimum.accumulate(marked[:, ::-1], axis=1)[:, ::-1])


def _resident_table(instance: Instance, resident: Resident) -> Bools:
    num_layers = instance.tables.num_layers
    table = np.zeros((instance.tables.num_nodes, num_layers), np.bool_)
    for node, layers in resident.items():
        _check_node(instance, "resident", node)
        for layer in layers:
            if isinstance(layer, bool) or not isinstance(layer, int | np.integer):
                raise InputError("resident", node, f"{layer!r} is not a layer's number")
            if not 0 <= layer < num_layers:
                raise InputError("resident", node, f"no layer {layer}; the model has {num_layers}, from 0")
            table[instance.node_index[node], layer] = True
    return table


def _rate_table(instance: Instance, load_rate_bps: float | Mapping[str, float]) -> Floats:
    """(N,) [bit/s] of each node, 0 where nothing is known."""
    rates = np.zeros(instance.tables.num_nodes)
    if not isinstance(load_rate_bps, Mapping):
        rates[:] = _checked_rate(load_rate_bps, "")
        return rates
    for node, rate in load_rate_bps.items():
        _check_node(instance, "load_rate_bps", node)
        rates[instance.node_index[node]] = _checked_rate(rate, node)
    return rates


def _checked_rate(rate_bps: float, node: str) -> float:
    if not rate_bps >= 0.0:
        raise InputError("load_rate_bps", node, f"must be at least 0 bit/s, not {rate_bps!r}")
    return rate_bps


def _check_node(instance: Instance, source: str, node: str) -> None:
    if node not in instance.node_index:
        raise InputError(source, node, "unknown node")
