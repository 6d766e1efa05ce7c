"""What walks cross: an instance with all that masks and observations need, made once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from satllm_env.envs.actions import pad_slots
from satllm_env.envs.leftover import Reach, empty_leftover, find_leftover, make_room, reach_of
from satllm_env.envs.observation import ObservationLayout, Sights, sights_of
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance
from satllm_env.problem.bounds import cost_to_go
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Ints, Tables

FALLBACK_FACTOR = 2.0
"""A walk that fails is charged this many times the unpipelined relaxed walk from the source."""


class Terrain(NamedTuple):
    """The arrays that every step reads and none writes."""

    tables: Tables
    reach: Reach
    sights: Sights
    slots: Ints  # (N, D) link of each slot, −1 for none
    reference_s: float  # [s] a lower bound of the delay, against which times are observed
    fallback_s: float  # [s] charged in all to a walk that fails


def terrain_of(instance: Instance, layout: ObservationLayout) -> Terrain:
    """Make an instance ready to be walked.

    Raises:
        InputError: the instance needs more slots or levels than the layout has.
        NoPlanError: the destination is out of reach within memory.
    """
    tables, slots = instance.tables, pad_slots(instance, layout.num_slots)
    if tables.num_levels > layout.num_levels:
        raise InputError("num_levels", "", f"is {layout.num_levels}, but the problem has more levels")
    reach = reach_of(tables)
    to_go_s = cost_to_go(tables).arrival
    least_s = float(to_go_s[tables.source, 0, 0])
    shortest_s = _least_bottleneck_s(tables, reach, slots)
    if not np.isfinite(max(least_s, shortest_s)):
        raise NoPlanError(f"no plan exists: {instance.problem.destination!r} is out of reach within memory")
    reference_s = makespan_s(least_s, shortest_s, tables.micro_batches)
    return Terrain(
        tables=tables,
        reach=reach,
        sights=sights_of(tables, to_go_s.min(axis=1), reference_s),
        slots=slots,
        reference_s=reference_s,
        fallback_s=FALLBACK_FACTOR * tables.micro_batches * least_s,
    )


def _least_bottleneck_s(tables: Tables, reach: Reach, slots: Ints) -> float:
    """[s] least bottleneck of all layers from the source."""
    left = empty_leftover(slots.shape[1], tables.num_layers)
    nodes, links = np.zeros(tables.num_nodes, np.bool_), np.zeros(len(tables.link_source), np.bool_)
    source, room = tables.source, make_room(tables.num_nodes, tables.num_layers)
    find_leftover(tables, reach, slots[source], source, 0, nodes, links, room, left)
    return float(left.least_s[-1])
