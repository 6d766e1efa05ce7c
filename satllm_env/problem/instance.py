"""A problem as arrays: what the moves, the environment and the planners compute with.

Axes: N nodes, L layers, L + 1 boundaries, E directed links, Q levels, D out-link slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.problem import delay
from satllm_env.problem.schema import Level, Node, Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LOSS_UNITS_PER_POINT = 10**12
"""Losses are added as integers, so that "within the budget" does not hang on the order of additions."""

MAX_SECONDS = 1e18
"""[s] no busy time may be longer, as no latency may: so no plan's delay overflows."""


class Tables(NamedTuple):
    """The arrays that compiled code reads; rates and bytes have become seconds."""

    layer_s: Floats  # (N, L), inf where the node cannot compute
    stage_reach: Ints  # (N, L) furthest boundary of a stage that starts at layer i, i where none fits
    encode_s: Floats  # (N, Q, L + 1)
    decode_s: Floats  # (N, Q, L + 1)
    transfer_s: Floats  # (E, Q, L + 1), inf where the level may not carry the boundary
    latency_s: Floats  # (E,)
    loss_units: Ints  # (Q, L + 1)
    link_source: Ints  # (E,)
    link_target: Ints  # (E,)
    out_start: Ints  # (N + 1,) out-links of node v are out_links[out_start[v]:out_start[v + 1]]
    out_links: Ints  # (E,) in slot order
    in_start: Ints  # (N + 1,)
    in_links: Ints  # (E,)
    source: int
    destination: int
    micro_batches: int
    budget_units: int

    @property
    def num_nodes(self) -> int:
        """N."""
        return int(self.layer_s.shape[0])

    @property
    def num_layers(self) -> int:
        """L."""
        return int(self.layer_s.shape[1])

    @property
    def num_levels(self) -> int:
        """Q."""
        return int(self.loss_units.shape[0])


@dataclass(frozen=True, eq=False)
class Instance:
    """A checked problem with its arrays.

    Args:
        problem: the checked file form.
        slots: (N, D) link index of each out-link slot, −1 for none. By default a node's slots are its
            out-links in the order of their targets, the destination last.
    """

    problem: Problem
    slots: Ints
    tables: Tables
    payload_bytes: Floats  # (Q, L + 1) per micro-batch, inf where the level may not carry the boundary

    @classmethod
    def from_problem(cls, problem: Problem, slots: Ints | None = None) -> Instance:
        """Turn a problem into arrays.

        Raises:
            InputError: a busy time is past `MAX_SECONDS`, or `slots` does not name every link once at
                its source.
        """
        index = {node.id: i for i, node in enumerate(problem.nodes)}
        ends = np.array([(index[k.source], index[k.target]) for k in problem.links], np.int64).reshape(-1, 2)
        if slots is None:
            slots = default_slots(ends, len(problem.nodes), index[problem.destination])
        _check_slots(slots, ends, len(problem.nodes))
        payload = _payload_bytes(problem)
        return cls(problem, slots, _tables(problem, index, ends, slots, payload), payload)

    @cached_property
    def node_index(self) -> dict[str, int]:
        """Index of each node id."""
        return {node.id: i for i, node in enumerate(self.problem.nodes)}

    @cached_property
    def link_index(self) -> dict[tuple[int, int], int]:
        """Index of the link between two node indices."""
        ends = zip(self.tables.link_source.tolist(), self.tables.link_target.tolist(), strict=True)
        return {pair: link for link, pair in enumerate(ends)}

    @cached_property
    def level_index(self) -> dict[str, int]:
        """Index of each level name."""
        return {level.name: q for q, level in enumerate(self.problem.compression)}

    @cached_property
    def is_downlink(self) -> Bools:
        """(E,) whether a link has an end on the ground."""
        ground = np.array([node.kind == "ground" for node in self.problem.nodes])
        ends = ground[self.tables.link_source] | ground[self.tables.link_target]
        return np.asarray(ends, np.bool_)

    @cached_property
    def can_compute(self) -> Bools:
        """(N,) whether a node may compute at all."""
        return np.isfinite(self.tables.layer_s[:, 0])

    @property
    def num_slots(self) -> int:
        """D."""
        return int(self.slots.shape[1])


def default_slots(ends: Ints, num_nodes: int, destination: int) -> Ints:
    """(N, D) slots in the order of the targets' indices, the destination last.

    Args:
        ends: (E, 2) source and target of each link.
        num_nodes: N.
        destination: index of the destination.
    """
    degree = np.bincount(ends[:, 0], minlength=num_nodes)
    slots = np.full((num_nodes, max(1, int(degree.max(initial=0)))), -1, np.int64)
    order = np.lexsort((ends[:, 1], ends[:, 1] == destination, ends[:, 0]))
    first = np.concatenate(([0], np.cumsum(degree)))
    node = ends[order, 0]
    slots[node, np.arange(len(order)) - first[node]] = order
    return slots


def _check_slots(slots: Ints, ends: Ints, num_nodes: int) -> None:
    if slots.ndim != 2 or len(slots) != num_nodes or not np.issubdtype(slots.dtype, np.integer):
        raise InputError("slots", "", f"must be integers of shape ({num_nodes}, D)")
    nodes, columns = np.nonzero(slots != -1)
    links = slots[nodes, columns]
    whole = np.array_equal(np.sort(links), np.arange(len(ends)))
    if not whole or not np.array_equal(ends[links, 0], nodes):
        raise InputError("slots", "", "must name every link exactly once, at its source")


def _payload_bytes(problem: Problem) -> Floats:
    raw = boundary_bytes(problem)
    sent = np.full((len(problem.compression), len(raw)), np.inf)
    sent[0] = raw
    with np.errstate(over="ignore"):  # what overflows is refused with the transfers
        for q, level in enumerate(problem.compression[1:], start=1):
            sent[q, 1:-1] = delay.sent_bytes(raw[1:-1], _per_cut(level.ratio, len(raw) - 2))
    return sent


def boundary_bytes(problem: Problem) -> Floats:
    """(L + 1,) uncompressed bytes of the payload at each boundary, per micro-batch."""
    model = problem.model
    between = [layer.activation_bytes for layer in model.layers[:-1]]
    return np.array([model.input_bytes, *between, model.result_bytes])


def _per_cut(value: float | tuple[float, ...], cuts: int) -> Floats:
    return np.broadcast_to(np.asarray(value, np.float64), (cuts,))


def _tables(problem: Problem, index: dict[str, int], ends: Ints, slots: Ints, payload: Floats) -> Tables:
    destination = index[problem.destination]
    raw = boundary_bytes(problem)
    rate_bps = np.array([link.rate_bps for link in problem.links])
    with np.errstate(over="ignore"):
        layer_s = _layer_table(problem)
        encode_s = _codec_table(problem, raw, [level.encode_s_per_byte for level in problem.compression])
        decode_s = _codec_table(problem, raw, [level.decode_s_per_byte for level in problem.compression])
        transfer_s = delay.transfer_s(payload[None], rate_bps[:, None, None])
    can_compute = np.array([_can_compute(problem, node) for node in problem.nodes])
    _check_layers(layer_s, can_compute)
    _check_codec(np.maximum(encode_s, decode_s))
    _check_transfers(payload, rate_bps)
    layer_s[~can_compute] = np.inf
    out_start, out_links = _group(slots[slots >= 0], ends[:, 0], len(problem.nodes))
    in_start, in_links = _group(np.arange(len(ends)), ends[:, 1], len(problem.nodes))
    return Tables(
        layer_s=layer_s,
        stage_reach=_stage_reach(problem, can_compute),
        encode_s=encode_s,
        decode_s=decode_s,
        transfer_s=transfer_s,
        latency_s=np.array([link.latency_s for link in problem.links]),
        loss_units=_loss_units(problem),
        link_source=np.ascontiguousarray(ends[:, 0]),
        link_target=np.ascontiguousarray(ends[:, 1]),
        out_start=out_start,
        out_links=out_links,
        in_start=in_start,
        in_links=in_links,
        source=index[problem.source],
        destination=destination,
        micro_batches=problem.micro_batches,
        budget_units=to_loss_units(problem.accuracy_budget),
    )


def _can_compute(problem: Problem, node: Node) -> bool:
    if node.id == problem.destination and not problem.ground_may_compute:
        return False
    return node.flops_per_s is not None or node.layer_s is not None


def _layer_table(problem: Problem) -> Floats:
    """(N, L) seconds of each layer at each node; inf where a node has no speed."""
    flops = np.array([layer.flops for layer in problem.model.layers])
    speeds = [np.nan if node.flops_per_s is None else node.flops_per_s for node in problem.nodes]
    table = delay.compute_s(flops[None, :], np.array(speeds)[:, None])
    table[np.isnan(speeds)] = np.inf
    for v, node in enumerate(problem.nodes):
        if node.layer_s is not None:
            table[v] = node.layer_s
    return table


def _codec_table(problem: Problem, raw: Floats, s_per_byte: list[float]) -> Floats:
    """(N, Q, L + 1) seconds to encode or decode at a node; 0 for level `none`."""
    speed = np.array([node.codec_speed for node in problem.nodes])
    return delay.codec_s(raw[None, None, :], np.array(s_per_byte)[None, :, None], speed[:, None, None])


def _check_layers(layer_s: Floats, can_compute: Bools) -> None:
    wrong = np.argwhere((layer_s > MAX_SECONDS) & can_compute[:, None])
    if len(wrong):
        v, layer = wrong[0].tolist()
        raise _too_long(f"nodes[{v}].flops_per_s", f"layer {layer}", layer_s[v, layer])


def _check_codec(codec_s: Floats) -> None:
    wrong = np.argwhere(codec_s > MAX_SECONDS)
    if len(wrong):
        v, q, boundary = wrong[0].tolist()
        raise _too_long(
            f"nodes[{v}].codec_speed", f"level {q} at boundary {boundary}", codec_s[v, q, boundary]
        )


def _check_transfers(payload: Floats, rate_bps: Floats) -> None:
    """Every allowed payload on every link is fast enough if the largest is on the slowest."""
    if not len(rate_bps):
        return
    allowed = np.zeros(payload.shape, np.bool_)
    allowed[0] = allowed[:, 1:-1] = True
    q, boundary = np.unravel_index(np.where(allowed, payload, -1.0).argmax(), payload.shape)
    link = int(rate_bps.argmin())
    with np.errstate(over="ignore"):
        longest = delay.transfer_s(payload[q, boundary], rate_bps[link])
    if longest > MAX_SECONDS:
        raise _too_long(f"links[{link}].rate_bps", f"boundary {boundary} at level {q}", longest)


def _too_long(field: str, what: str, seconds: float) -> InputError:
    return InputError("problem", field, f"{what} would take {seconds:g} s; the limit is {MAX_SECONDS:g} s")


def _stage_reach(problem: Problem, can_compute: Bools) -> Ints:
    """(N, L) how far a stage reaches under Σ(weight + state) + max(workspace) ≤ memory."""
    layers = problem.model.layers
    held = np.array([layer.weight_bytes + layer.state_bytes for layer in layers])
    workspace = np.array([layer.workspace_bytes for layer in layers])
    limits = [np.inf if node.memory_bytes is None else node.memory_bytes for node in problem.nodes]
    reach = np.tile(np.arange(len(layers)), (len(limits), 1))
    for first in range(len(layers)):
        needed = np.cumsum(held[first:]) + np.maximum.accumulate(workspace[first:])
        fitting = np.searchsorted(needed, limits, side="right")
        reach[can_compute, first] += fitting[can_compute]
    return reach


def _loss_units(problem: Problem) -> Ints:
    """(Q, L + 1) integer loss of encoding a cut; boundaries 0 and L are never encoded."""
    cuts = len(problem.model.layers) - 1
    units = np.zeros((len(problem.compression), cuts + 2), np.int64)
    for q, level in enumerate(problem.compression):
        units[q, 1:-1] = _level_loss_units(level, cuts)
    return units


def _level_loss_units(level: Level, cuts: int) -> Ints:
    return np.rint(_per_cut(level.loss, cuts) * LOSS_UNITS_PER_POINT).astype(np.int64)


def to_loss_units(points: float) -> int:
    """Percentage points as an integer number of units."""
    return round(points * LOSS_UNITS_PER_POINT)


def to_points(units: int) -> float:
    """An integer number of units as percentage points."""
    return units / LOSS_UNITS_PER_POINT


def _group(links: Ints, ends: Ints, num_nodes: int) -> tuple[Ints, Ints]:
    """Compressed rows: the links of node v are the second array from start[v] to start[v + 1]."""
    order = np.argsort(ends[links], kind="stable")
    start = np.concatenate(([0], np.cumsum(np.bincount(ends[links], minlength=num_nodes))))
    return start.astype(np.int64), links[order].astype(np.int64)
