"""The best way on from the middle of a walk, exactly.

What is left to a walk is a split problem of its own: it begins where the payload is, with the layers,
links, processors and accuracy that are left. Two things are new, and both can be said in a problem's own
terms:

- **A stage in progress** is one layer that takes as long as the stage has taken so far, and that only
  this node can compute: nobody may carry the payload before it.
- **The bottleneck so far** is a floor under the one to come. A node is added before the payload's, with
  one link that is busy for just that long. Its time counts once in the sum, too, where it is taken off.

So the exact planner and its proof serve here as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planners.astar.run import search_exactly
from planners.follow import Send, follow
from planners.limits import Limits
from planners.result import Status
from satllm_env.problem import Instance, Problem, Walk, moves
from satllm_env.problem.instance import Floats, Ints, Tables
from satllm_env.problem.plan import Stage, Transfer


@dataclass(frozen=True)
class Onward:
    """The best completion of a walk."""

    status: Status
    sends: tuple[Send, ...]
    """What is still to be sent, as `Walk.sends`; empty without a plan."""
    delay_s: float
    """[s] of the whole walk, inf where none is legal."""


def solve_onward(walk: Walk, limits: Limits | None = None) -> Onward:
    """Find the best completion of a walk that has not ended, and prove it unless the limits stop the proof.

    Args:
        walk: not changed.
        limits: when to stop early.

    Raises:
        InputError: the tables would not fit the memory limit.
    """
    rest = rest_of(walk)
    found = search_exactly(rest, limits or Limits())
    if found.plan is None:
        return Onward("infeasible", (), float("inf"))
    sends = tuple(_translated(walk, found.plan.transfers, found.plan.stages))
    ended = copy_of(walk)
    fault = follow(ended, sends)
    if fault:
        raise AssertionError(f"the way on breaks a rule: {fault}")
    return Onward(found.status, sends, ended.delay_s)


def copy_of(walk: Walk) -> Walk:
    """A walk that goes on by itself."""
    twin = Walk(walk.instance)
    for mine, theirs in (
        (twin.ints, walk.ints),
        (twin.reals, walk.reals),
        (twin.used_nodes, walk.used_nodes),
        (twin.used_links, walk.used_links),
    ):
        mine[:] = theirs
    twin.sends = list(walk.sends)
    return twin


def rest_of(walk: Walk) -> Instance:
    """What is left to a walk, as an instance with one node and one link more, both last.

    Its layers are those from `first_layer_of` on. Its delays are the walk's, less what the
    walk has paid and with the bottleneck so far added once.
    """
    instance, first = walk.instance, first_layer_of(walk)
    tables = instance.tables
    num_nodes, num_links = tables.num_nodes, len(tables.latency_s)
    ends = (np.append(tables.link_source, num_nodes), np.append(tables.link_target, walk.node))
    out_start, in_start = np.append(tables.out_start, num_links + 1), _in_start(tables, walk.node)
    made = tables._replace(
        layer_s=_with_row(_layer_s(walk, first), np.inf),
        stage_reach=_with_row(_reach(walk, first), np.arange(tables.num_layers - first)),
        encode_s=_with_row(tables.encode_s[:, :, first:], 0.0),
        decode_s=_with_row(_decode_s(walk, first), 0.0),
        transfer_s=_with_row(_transfer_s(walk, first), np.inf),
        latency_s=np.append(tables.latency_s, 0.0),
        loss_units=np.ascontiguousarray(tables.loss_units[:, first:]),
        link_source=ends[0],
        link_target=ends[1],
        out_start=out_start,
        out_links=np.append(tables.out_links, num_links),
        in_start=in_start,
        in_links=np.insert(tables.in_links, in_start[walk.node + 1] - 1, num_links),
        source=num_nodes,
        budget_units=tables.budget_units - int(walk.ints[moves.LOSS_UNITS]),
    )
    made.loss_units[:, 0] = 0
    made.transfer_s[num_links, 0, 0] = walk.bottleneck_s
    payload = instance.payload_bytes[:, first:].copy()
    payload[:, 0] = np.inf
    payload[0, 0] = 0.0
    slots = np.vstack([instance.slots, np.full((1, instance.num_slots), -1)])
    slots[-1, 0] = num_links
    return Instance(_named(instance, walk.node), slots, made, payload)


def first_layer_of(walk: Walk) -> int:
    """The layer that what is left begins with: the next one, or one before for what is under way."""
    return walk.boundary - 1 if _is_bound(walk) else walk.boundary


def _is_bound(walk: Walk) -> bool:
    """Whether what is left begins with a layer that stands for what this node has done.

    At the last boundary it may stand for nothing at all: there have to be layers.
    """
    return walk.stage_start != moves.NO_STAGE or walk.boundary == walk.instance.tables.num_layers


def _layer_s(walk: Walk, first: int) -> Floats:
    layer_s = walk.instance.tables.layer_s[:, first:].copy()
    layer_s[walk.used_nodes] = np.inf
    if _is_bound(walk):
        if not np.isfinite(layer_s[walk.node, 0]):  # it only carries the result
            layer_s[walk.node] = 0.0
        layer_s[walk.node, 0] = walk.reals[moves.STAGE_BUSY]
    return layer_s


def _reach(walk: Walk, first: int) -> Ints:
    """(N, L') nobody but the walk's node computes the layer that stands for what it has done."""
    tables = walk.instance.tables
    reach = tables.stage_reach[:, first:] - first
    none = np.arange(tables.num_layers - first)
    reach[walk.used_nodes] = none
    if _is_bound(walk):
        reach[:, 0] = 0
        begun = walk.stage_start
        reach[walk.node, 0] = 1 if begun == moves.NO_STAGE else tables.stage_reach[walk.node, begun] - first
    return reach


def _decode_s(walk: Walk, first: int) -> Floats:
    """(N, Q, L' + 1) the payload stands there as if plain; its decoding is what it is all the same."""
    decode_s = walk.instance.tables.decode_s[:, :, first:].copy()
    decode_s[:, 0, 0] = 0.0 if _is_bound(walk) else decode_s[:, walk.level, 0]
    return decode_s


def _transfer_s(walk: Walk, first: int) -> Floats:
    transfer_s = walk.instance.tables.transfer_s[:, :, first:].copy()
    transfer_s[:, 0, 0] = np.inf if _is_bound(walk) else transfer_s[:, walk.level, 0]
    transfer_s[:, 1:, 0] = np.inf
    transfer_s[walk.used_links] = np.inf
    return transfer_s


def _with_row(rows: NDArray[Any], filling: Any) -> NDArray[Any]:
    return np.concatenate([rows, np.broadcast_to(filling, (1, *rows.shape[1:])).astype(rows.dtype)])


def _in_start(tables: Tables, node: int) -> Ints:
    start = np.append(tables.in_start, tables.in_start[-1])
    start[node + 1 :] += 1
    return start


def _named(instance: Instance, node: int) -> Problem:
    """The problem with the node and the link that are added, for names and rates alone."""
    problem = instance.problem
    before = problem.nodes[node].model_copy(update={"id": "before"})
    link = problem.links[0].model_copy(update={"source": "before", "target": problem.nodes[node].id})
    return problem.model_copy(
        update={"nodes": (*problem.nodes, before), "links": (*problem.links, link), "source": "before"}
    )


def _translated(walk: Walk, transfers: Sequence[Transfer], stages: Sequence[Stage]) -> list[Send]:
    """The plan of what is left in the walk's own layers, links and levels; the added link left out."""
    first = first_layer_of(walk)
    begins = {stage.end_layer: stage.first_layer for stage in stages}
    sends: list[Send] = []
    done = 0
    for number, transfer in enumerate(transfers[1:]):
        begun = moves.NO_STAGE if transfer.boundary == done else begins[transfer.boundary] + first
        done = transfer.boundary
        boundary = transfer.boundary + first
        level = transfer.level if _is_bound(walk) or boundary > walk.boundary else walk.level
        if number == 0 and _is_bound(walk):
            begun = moves.NO_STAGE if walk.stage_start == moves.NO_STAGE else walk.boundary
        sends.append((begun, boundary, transfer.link, level))
    return sends
