"""Every walk of a tiny instance, straight from the file form: the reference for the other planners.

Nothing here is shared with them: neither arrays nor arithmetic, neither bounds nor dominance. A walk is
given up only when what it has cost so far reaches the best delay found.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from planners.result import Result
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Problem, evaluate
from satllm_env.problem.plan import ComputeStep, SendStep, Step
from satllm_env.problem.schema import Node

NAME = "exhaustive"
MAX_SENDS = 500_000
"""Instances that need more sends than this are refused."""


def search_exhaustively(instance: Instance) -> Result:
    """Try every walk.

    Raises:
        InputError: the instance is too large.
    """
    begin = time.perf_counter()
    search = _Search(instance.problem)
    search.explore(_Payload(node=instance.problem.source))
    counts = {"sends": search.sends}
    if search.best_steps is None:
        elapsed = time.perf_counter() - begin
        return Result(NAME, "infeasible", None, float("inf"), elapsed, "no plan exists", counts)
    plan: Plan = evaluate(instance, search.best_steps)
    return Result(NAME, "optimal", plan, plan.delay_s, time.perf_counter() - begin, "", counts)


@dataclass(frozen=True)
class _Payload:
    """Where the payload is, what it has cost, and what has served."""

    node: str
    boundary: int = 0
    level: int = 0
    sum_s: float = 0.0
    longest_s: float = 0.0
    loss: int = 0  # in 1e-12 percentage points, so that their sum is exact
    processors: frozenset[str] = frozenset()
    links: frozenset[tuple[str, str]] = frozenset()
    steps: tuple[Step, ...] = ()


@dataclass
class _Search:
    problem: Problem
    best_s: float = float("inf")
    best_steps: tuple[Step, ...] | None = None
    sends: int = 0
    nodes: dict[str, Node] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = {node.id: node for node in self.problem.nodes}

    def explore(self, payload: _Payload) -> None:
        if payload.node == self.problem.destination:
            self._finish(payload)
            return
        self._send(payload, payload.level, payload.loss)
        node = self.nodes[payload.node]
        if node.id in payload.processors or (node.flops_per_s is None and node.layer_s is None):
            return
        for end in range(payload.boundary + 1, len(self.problem.model.layers) + 1):
            if not self._fits(node, payload.boundary, end):
                break
            self._compute(payload, node, end)

    def _compute(self, payload: _Payload, node: Node, end: int) -> None:
        plain = end == len(self.problem.model.layers)
        for level, form in enumerate(self.problem.compression[: 1 if plain else None]):
            loss = payload.loss + round(1e12 * self._entry(form.loss, end))
            if loss > round(1e12 * self.problem.accuracy_budget):
                continue
            busy = (
                self._busy_s(payload, node, end)
                + self._bytes(end) * form.encode_s_per_byte / node.codec_speed
            )
            step = ComputeStep(node=node.id, first_layer=payload.boundary, last_layer=end - 1)
            done = _Payload(
                node=node.id,
                boundary=end,
                level=level,
                sum_s=payload.sum_s + busy,
                longest_s=max(payload.longest_s, busy),
                processors=payload.processors | {node.id},
                links=payload.links,
                steps=(*payload.steps, step),
            )
            self._send(done, level, loss)

    def _send(self, payload: _Payload, level: int, loss: int) -> None:
        if self._delay_s(payload) >= self.best_s:
            return
        form = self.problem.compression[level]
        ratio = self._entry(form.ratio, payload.boundary)
        for link in self.problem.links:
            ends = (link.source, link.target)
            if link.source != payload.node or ends in payload.links:
                continue
            self.sends += 1
            if self.sends > MAX_SENDS:
                raise InputError("problem", "", f"too large: more than {MAX_SENDS} sends to try")
            busy = 8.0 * self._bytes(payload.boundary) / ratio / link.rate_bps
            step = SendStep(
                source=link.source, target=link.target, boundary=payload.boundary, level=form.name
            )
            self.explore(
                _Payload(
                    node=link.target,
                    boundary=payload.boundary,
                    level=level,
                    sum_s=payload.sum_s + busy + link.latency_s,
                    longest_s=max(payload.longest_s, busy),
                    loss=loss,
                    processors=payload.processors,
                    links=payload.links | {ends},
                    steps=(*payload.steps, step),
                )
            )

    def _finish(self, payload: _Payload) -> None:
        num_layers = len(self.problem.model.layers)
        if payload.boundary < num_layers:
            node = self.nodes[payload.node]
            computes = node.flops_per_s is not None or node.layer_s is not None
            if not (self.problem.ground_may_compute and computes):
                return
            if not self._fits(node, payload.boundary, num_layers):
                return
            busy = self._busy_s(payload, node, num_layers)
            payload = _Payload(
                node=payload.node,
                sum_s=payload.sum_s + busy,
                longest_s=max(payload.longest_s, busy),
                steps=payload.steps,
            )
        if self._delay_s(payload) < self.best_s:
            self.best_s, self.best_steps = self._delay_s(payload), payload.steps

    def _delay_s(self, payload: _Payload) -> float:
        return payload.sum_s + (self.problem.micro_batches - 1) * payload.longest_s

    def _busy_s(self, payload: _Payload, node: Node, end: int) -> float:
        """Decoding what came and computing up to a boundary."""
        form = self.problem.compression[payload.level]
        decode = self._bytes(payload.boundary) * form.decode_s_per_byte / node.codec_speed
        if node.layer_s is not None:
            return decode + sum(node.layer_s[payload.boundary : end])
        assert node.flops_per_s is not None
        layers = self.problem.model.layers[payload.boundary : end]
        return decode + sum(layer.flops / node.flops_per_s for layer in layers)

    def _fits(self, node: Node, first: int, end: int) -> bool:
        layers = self.problem.model.layers[first:end]
        held = sum(layer.weight_bytes + layer.state_bytes for layer in layers)
        scratch = max(layer.workspace_bytes for layer in layers)
        return node.memory_bytes is None or held + scratch <= node.memory_bytes

    def _bytes(self, boundary: int) -> float:
        model = self.problem.model
        if boundary == 0:
            return model.input_bytes
        if boundary == len(model.layers):
            return model.result_bytes
        return model.layers[boundary - 1].activation_bytes

    def _entry(self, value: float | tuple[float, ...], boundary: int) -> float:
        """The value of a level at a cut; the input and the result are only ever sent plain."""
        if not isinstance(value, tuple):
            return value if 0 < boundary < len(self.problem.model.layers) else float(value)
        inside = 0 < boundary < len(self.problem.model.layers)
        return value[boundary - 1] if inside else value[0]
