"""The split problem told again from its statement alone: plain Python on the file form, no arrays.

A state is what a payload's arrival leaves: where, how far, at which level, and what has been used. Tests
compare the project's moves, delay, reachability and bounds with this.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from satllm_env.problem.schema import Link, Node, Problem


class State(NamedTuple):
    """A payload that has just arrived (or stands at the source)."""

    node: str
    boundary: int = 0
    level: int = 0
    served: frozenset[str] = frozenset()
    carried: frozenset[tuple[str, str]] = frozenset()
    loss: Decimal = Decimal(0)
    busy: tuple[float, ...] = ()
    latency: float = 0.0


class Move(NamedTuple):
    """Compute up to a boundary (the present one for a relay), then send over a link at a level."""

    end: int
    link: Link
    level: int


class Reference:
    """The rules of a problem, one method each."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.layers = problem.model.layers
        self.last = len(self.layers)
        self.nodes = {node.id: node for node in problem.nodes}

    def raw_bytes(self, boundary: int) -> float:
        """[bytes] uncompressed payload."""
        if boundary == 0:
            return self.problem.model.input_bytes
        return (
            self.problem.model.result_bytes
            if boundary == self.last
            else self.layers[boundary - 1].activation_bytes
        )

    def per_cut(self, value: float | tuple[float, ...], boundary: int) -> float:
        """A level's figure at a cut."""
        return value[boundary - 1] if isinstance(value, tuple) else value

    def loss(self, level: int, boundary: int) -> Decimal:
        """[percentage points] of a cut, as exactly as it is written."""
        if boundary in (0, self.last):
            return Decimal(0)
        return Decimal(repr(self.per_cut(self.problem.compression[level].loss, boundary)))

    def allowed(self, level: int, boundary: int) -> bool:
        """Rule 2: the ends are sent plain."""
        return level == 0 or 0 < boundary < self.last

    def transfer_s(self, link: Link, level: int, boundary: int) -> float:
        """[s] that a link is busy."""
        ratio = self.per_cut(self.problem.compression[level].ratio, boundary) if level else 1.0
        return 8 * self.raw_bytes(boundary) / ratio / link.rate_bps

    def computes(self, name: str) -> bool:
        """Rules 3 and 4: whether a node may compute."""
        node = self.nodes[name]
        if name == self.problem.destination and not self.problem.ground_may_compute:
            return False
        return node.flops_per_s is not None or node.layer_s is not None

    def fits(self, node: Node, first: int, end: int) -> bool:
        """Rule 4: memory of a stage."""
        stage = self.layers[first:end]
        held = sum(layer.weight_bytes + layer.state_bytes for layer in stage)
        needed = held + max(layer.workspace_bytes for layer in stage)
        return node.memory_bytes is None or needed <= node.memory_bytes

    def stage_s(self, name: str, first: int, end: int, received: int, sent: int) -> float:
        """[s] that a processor is busy."""
        node, levels = self.nodes[name], self.problem.compression
        if node.layer_s is not None:
            total = sum(node.layer_s[first:end])
        else:
            assert node.flops_per_s is not None
            total = sum(layer.flops / node.flops_per_s for layer in self.layers[first:end])
        decode = levels[received].decode_s_per_byte * self.raw_bytes(first)
        encode = levels[sent].encode_s_per_byte * self.raw_bytes(end)
        return total + (decode + encode) / node.codec_speed

    def start(self) -> State:
        """The payload at the source."""
        return State(self.problem.source)

    def finishes(self, name: str, boundary: int) -> bool:
        """Rule 3: whether a payload may end its walk at a node."""
        if name != self.problem.destination:
            return False
        if boundary == self.last:
            return True
        return self.computes(name) and self.fits(self.nodes[name], boundary, self.last)

    def moves(self, state: State) -> Iterator[Move]:
        """Every legal stage or relay from a state, with the send that ends it."""
        if state.node == self.problem.destination:
            return
        for end in self._ends(state):
            for link in self.problem.links:
                if link.source != state.node or (link.source, link.target) in state.carried:
                    continue
                if link.target == self.problem.destination and not self.finishes(link.target, end):
                    continue
                for level in range(len(self.problem.compression)):
                    if self._may_send(state, end, level):
                        yield Move(end, link, level)

    def _ends(self, state: State) -> Iterator[int]:
        yield state.boundary
        if self.computes(state.node) and state.node not in state.served:
            for end in range(state.boundary + 1, self.last + 1):
                if self.fits(self.nodes[state.node], state.boundary, end):
                    yield end

    def _may_send(self, state: State, end: int, level: int) -> bool:
        if end == state.boundary:
            return level == state.level
        within = state.loss + self.loss(level, end) <= Decimal(repr(self.problem.accuracy_budget))
        return within and self.allowed(level, end)

    def after(self, state: State, move: Move) -> State:
        """The state after a move; at the destination the rest is computed."""
        busy, served, loss, target = list(state.busy), state.served, state.loss, move.link.target
        if move.end > state.boundary:
            busy.append(self.stage_s(state.node, state.boundary, move.end, state.level, move.level))
            served |= {state.node}
            loss += self.loss(move.level, move.end)
        busy.append(self.transfer_s(move.link, move.level, move.end))
        end = move.end
        if target == self.problem.destination and end < self.last:
            busy.append(self.stage_s(target, end, self.last, move.level, 0))
            end = self.last
        carried = state.carried | {(move.link.source, target)}
        latency = state.latency + move.link.latency_s
        return State(target, end, move.level, served, carried, loss, tuple(busy), latency)

    def delay_s(self, state: State) -> float:
        """[s] the makespan of a finished state."""
        longest = max(state.busy)
        return sum(state.busy) + state.latency + (self.problem.micro_batches - 1) * longest

    def finished(self, state: State, limit: list[int]) -> Iterator[State]:
        """Every finished state after `state`, by exhaustive search; `limit[0]` counts states down to 0."""
        limit[0] -= 1
        if limit[0] < 0:
            return
        if state.node == self.problem.destination:
            yield state
        for move in self.moves(state):
            yield from self.finished(self.after(state, move), limit)
