"""The rules as a graph of single decisions, from the file form: what both reference models choose from.

A plan is a path from `Graph.start` to `Graph.goal`. A stage is three arcs (decode, compute, encode), so
that there are about L² + 2·L·Q arcs per node, not (L·Q)². A chosen set of arcs keeps the rules if it
holds such a path, at most one compute arc per processor and at most one arc per directed link. Further
cycles cost time and gain nothing: they are made of sends of one payload, and `path` leaves them out.

Nothing here is shared with the other planners: neither arrays nor arithmetic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from satllm_env.errors import InputError
from satllm_env.problem.plan import ComputeStep, SendStep, Step
from satllm_env.problem.schema import Link, Node, Problem

MAX_ARCS = 200_000
"""Problems whose graphs have more arcs than this are refused."""

LOSS_UNITS_PER_POINT = 10**12
"""Losses are added as integers, so that "within the budget" does not hang on the order of additions."""

Place = Literal["at", "decoded", "computed"]
Kind = Literal["send", "decode", "compute", "encode"]


class State(NamedTuple):
    """Where the payload is: at a node as it is sent (encoded at `level`), or raw inside a stage."""

    place: Place
    node: str
    boundary: int
    level: int = 0


class Arc(NamedTuple):
    """One decision and what it costs per micro-batch."""

    kind: Kind
    tail: State
    head: State
    resource: int
    """Links come first, in the order of the file, then the nodes' processors."""
    busy_s: float
    latency_s: float = 0.0
    loss_units: int = 0


@dataclass(frozen=True)
class Graph:
    """All decisions that a problem allows."""

    problem: Problem
    arcs: tuple[Arc, ...]

    @property
    def start(self) -> State:
        """The raw input at the source."""
        return State("at", self.problem.source, 0)

    @property
    def goal(self) -> State:
        """The result at the destination."""
        return State("at", self.problem.destination, len(self.problem.model.layers))

    @cached_property
    def out_arcs(self) -> dict[State, list[int]]:
        """Arcs that leave each state."""
        return _grouped((arc.tail, index) for index, arc in enumerate(self.arcs))

    @cached_property
    def in_arcs(self) -> dict[State, list[int]]:
        """Arcs that enter each state."""
        return _grouped((arc.head, index) for index, arc in enumerate(self.arcs))

    @cached_property
    def states(self) -> list[State]:
        """Every state with an arc, in a fixed order."""
        return sorted({*self.out_arcs, *self.in_arcs, self.start, self.goal})

    @cached_property
    def by_resource(self) -> dict[int, list[int]]:
        """Arcs that keep each link or processor busy."""
        grouped: dict[int, list[int]] = defaultdict(list)
        for index, arc in enumerate(self.arcs):
            grouped[arc.resource].append(index)
        return dict(grouped)

    @cached_property
    def exclusive(self) -> list[list[int]]:
        """Sets of arcs of which a plan takes at most one: the sends of a link, the runs of a processor."""
        return [
            [index for index in group if self.arcs[index].kind in ("send", "compute")]
            for group in self.by_resource.values()
        ]

    @property
    def budget_units(self) -> int:
        """The accuracy budget in units of loss."""
        return round(self.problem.accuracy_budget * LOSS_UNITS_PER_POINT)

    @property
    def may_lose_too_much(self) -> bool:
        """Whether the budget can be overrun at all, with one cut per processor."""
        worst = (max(self.arcs[index].loss_units for index in group) for group in self.by_resource.values())
        return sum(worst) > self.budget_units

    @property
    def longest_s(self) -> float:
        """[s] no plan has a larger delay."""
        busy = [self._longest_s(group) for group in self.by_resource.values()]
        latency = sum(link.latency_s for link in self.problem.links)
        return sum(busy) + latency + (self.problem.micro_batches - 1) * max(busy, default=0.0)

    def _longest_s(self, group: list[int]) -> float:
        """[s] the longest that a resource can be busy: at most one arc of each kind."""
        longest: dict[Kind, float] = {}
        for arc in (self.arcs[index] for index in group):
            longest[arc.kind] = max(longest.get(arc.kind, 0.0), arc.busy_s)
        return sum(longest.values())

    def delay_s(self, path: Iterable[int]) -> float:
        """[s] what a path costs."""
        busy: dict[int, float] = defaultdict(float)
        latency = 0.0
        for arc in (self.arcs[index] for index in path):
            busy[arc.resource] += arc.busy_s
            latency += arc.latency_s
        return sum(busy.values()) + latency + (self.problem.micro_batches - 1) * max(busy.values())

    def path(self, chosen: Iterable[int]) -> list[int] | None:
        """The arcs of a path from the start to the goal among chosen arcs, None if there is none."""
        follow = _grouped((self.arcs[index].tail, index) for index in chosen)
        came_by: dict[State, int] = {}
        open_states = [self.start]
        while open_states:
            for index in follow.get(open_states.pop(), []):
                head = self.arcs[index].head
                if head not in came_by and head != self.start:
                    came_by[head] = index
                    open_states.append(head)
        if self.goal not in came_by:
            return None
        arcs = [came_by[self.goal]]
        while self.arcs[arcs[-1]].tail != self.start:
            arcs.append(came_by[self.arcs[arcs[-1]].tail])
        return arcs[::-1]

    def steps(self, path: Iterable[int]) -> list[Step]:
        """The steps that the arcs of a path stand for."""
        return [step for index in path if (step := self._step(self.arcs[index])) is not None]

    def _step(self, arc: Arc) -> Step | None:
        if arc.kind == "send":
            level = self.problem.compression[arc.tail.level].name
            tail, head = arc.tail, arc.head
            return SendStep(source=tail.node, target=head.node, boundary=tail.boundary, level=level)
        if arc.kind == "compute":
            first, end = arc.tail.boundary, arc.head.boundary
            return ComputeStep(node=arc.tail.node, first_layer=first, last_layer=end - 1)
        return None


def build_graph(problem: Problem) -> Graph:
    """List every decision.

    Raises:
        InputError: there are more than `MAX_ARCS`.
    """
    arcs: list[Arc] = []
    for arc in _Rules(problem).arcs():
        arcs.append(arc)
        if len(arcs) > MAX_ARCS:
            raise InputError("problem", "", f"too large for a reference: more than {MAX_ARCS} arcs")
    return Graph(problem, tuple(arcs))


@dataclass(frozen=True)
class _Rules:
    """Which decisions there are, and what each costs."""

    problem: Problem

    @cached_property
    def num_layers(self) -> int:
        return len(self.problem.model.layers)

    def arcs(self) -> Iterator[Arc]:
        for resource, link in enumerate(self.problem.links):
            if link.source != self.problem.destination:  # reaching it ends the walk
                yield from self._sends(link, resource)
        for resource, node in enumerate(self.problem.nodes, start=len(self.problem.links)):
            if self._computes(node):
                yield from self._decodes(node, resource)
                yield from self._runs(node, resource)
                yield from self._encodes(node, resource)

    def _sends(self, link: Link, resource: int) -> Iterator[Arc]:
        for boundary in range(self.num_layers + 1):
            for level in self._levels(boundary):
                ratio = self._at_cut(self.problem.compression[level].ratio, boundary)
                busy_s = 8.0 * (self._bytes(boundary) / ratio) / link.rate_bps
                tail = State("at", link.source, boundary, level)
                head = State("at", link.target, boundary, level)
                yield Arc("send", tail, head, resource, busy_s, link.latency_s)

    def _decodes(self, node: Node, resource: int) -> Iterator[Arc]:
        for boundary in range(self.num_layers):
            for level in self._levels(boundary):
                s_per_byte = self.problem.compression[level].decode_s_per_byte
                busy_s = self._bytes(boundary) * s_per_byte / node.codec_speed
                tail = State("at", node.id, boundary, level)
                yield Arc("decode", tail, State("decoded", node.id, boundary), resource, busy_s)

    def _runs(self, node: Node, resource: int) -> Iterator[Arc]:
        seconds = self._layer_s(node)
        last_only = node.id == self.problem.destination
        for first in range(self.num_layers):
            for end in range(first + 1, self.num_layers + 1):
                if not self._fits(node, first, end):
                    break  # a longer stage needs no less memory
                if last_only and end < self.num_layers:
                    continue  # the destination computes all the rest
                tail, head = State("decoded", node.id, first), State("computed", node.id, end)
                yield Arc("compute", tail, head, resource, sum(seconds[first:end]))

    def _encodes(self, node: Node, resource: int) -> Iterator[Arc]:
        for boundary in range(1, self.num_layers + 1):
            for level in self._levels(boundary):
                form = self.problem.compression[level]
                busy_s = self._bytes(boundary) * form.encode_s_per_byte / node.codec_speed
                loss = self._at_cut(form.loss, boundary) if level else 0.0
                tail, head = State("computed", node.id, boundary), State("at", node.id, boundary, level)
                units = round(loss * LOSS_UNITS_PER_POINT)
                if units <= round(self.problem.accuracy_budget * LOSS_UNITS_PER_POINT):
                    yield Arc("encode", tail, head, resource, busy_s, loss_units=units)

    def _levels(self, boundary: int) -> range:
        """Levels that a boundary may be sent at: the input and the result are sent plain."""
        return range(len(self.problem.compression) if 0 < boundary < self.num_layers else 1)

    def _at_cut(self, value: float | tuple[float, ...], boundary: int) -> float:
        if not isinstance(value, tuple):
            return value
        return value[boundary - 1] if 0 < boundary < self.num_layers else 1.0

    def _computes(self, node: Node) -> bool:
        if node.id == self.problem.destination and not self.problem.ground_may_compute:
            return False
        return node.flops_per_s is not None or node.layer_s is not None

    def _layer_s(self, node: Node) -> list[float]:
        if node.layer_s is not None:
            return list(node.layer_s)
        assert node.flops_per_s is not None
        return [layer.flops / node.flops_per_s for layer in self.problem.model.layers]

    def _fits(self, node: Node, first: int, end: int) -> bool:
        if node.memory_bytes is None:
            return True
        layers = self.problem.model.layers[first:end]
        held = sum(layer.weight_bytes + layer.state_bytes for layer in layers)
        return held + max(layer.workspace_bytes for layer in layers) <= node.memory_bytes

    def _bytes(self, boundary: int) -> float:
        model = self.problem.model
        if boundary == 0:
            return model.input_bytes
        if boundary == self.num_layers:
            return model.result_bytes
        return model.layers[boundary - 1].activation_bytes


def _grouped(pairs: Iterable[tuple[State, int]]) -> dict[State, list[int]]:
    grouped: dict[State, list[int]] = defaultdict(list)
    for state, index in pairs:
        grouped[state].append(index)
    return dict(grouped)
