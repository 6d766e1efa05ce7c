"""The agent's observation: sizes depend on slots and levels only, every entry lies in [0, 1].

Times are compared with the instance's reference delay and squashed by ``x / (x + pivot)``, so nothing is
clipped and infinity is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs.leftover import Leftover
from satllm_env.problem import moves
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Bools, Floats, Ints, Tables

REQUEST_FEATURES = 15
SLOT_FEATURES = 8
LEVEL_FEATURES = 4


class Scale(NamedTuple):
    """What the observation of an instance is measured against."""

    reference_s: float  # [s] a lower bound of the delay
    to_go_s: Floats  # (N, L + 1) [s] least sum to go from an arrival, at the best level
    prefix_s: Floats  # (N, L + 1) [s] of computing the first layers


@dataclass(frozen=True)
class ObservationLayout:
    """Where the parts of the flat vector stand.

    Args:
        num_slots: D.
        num_levels: Q.
    """

    num_slots: int
    num_levels: int

    @property
    def num_actions(self) -> int:
        """1 + D·Q."""
        return 1 + self.num_slots * self.num_levels

    @property
    def slots_at(self) -> int:
        """Index of the first slot feature."""
        return REQUEST_FEATURES

    @property
    def levels_at(self) -> int:
        """Index of the first level feature."""
        return self.slots_at + SLOT_FEATURES * self.num_slots

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.levels_at + LEVEL_FEATURES * self.num_levels

    @property
    def space(self) -> spaces.Box:
        """The observation space."""
        return spaces.Box(0.0, 1.0, (self.size,), np.float32)


@numba.njit(cache=True)
def observe(
    tables: Tables,
    scale: Scale,
    slots: Ints,
    left: Leftover,
    ints: Ints,
    reals: Floats,
    used_nodes: Bools,
    used_links: Bools,
    num_levels: int,
) -> NDArray[np.float32]:
    """The flat observation of a walk.

    Args:
        tables: the instance's arrays.
        scale: what times are measured against.
        slots: (N, D) padded slots.
        left: what is left to the walk.
        ints: integer state of the walk.
        reals: real state of the walk.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        num_levels: Q of the action space, at least the problem's.
    """
    slots_at = REQUEST_FEATURES
    levels_at = slots_at + SLOT_FEATURES * slots.shape[1]
    out = np.zeros(levels_at + LEVEL_FEATURES * num_levels, np.float32)
    _observe_request(tables, scale, left, ints, reals, used_nodes, out[:slots_at])
    by_slot = out[slots_at:levels_at].reshape(slots.shape[1], SLOT_FEATURES)
    _observe_slots(tables, scale, slots, ints, used_nodes, used_links, by_slot)
    _observe_levels(tables, scale, ints, out[levels_at:].reshape(num_levels, LEVEL_FEATURES))
    return out


@numba.njit(cache=True)
def squash(value: float, pivot: float) -> float:
    """Map [0, inf] to [0, 1], `pivot` to one half; 0 stays 0 even where the pivot is 0."""
    if value == 0.0:
        return 0.0
    return 1.0 if np.isinf(value) else value / (value + pivot)


@numba.njit(cache=True)
def _in_all(periods: int, least_s: float) -> float:
    """[s] `periods` times a bottleneck; an impossible one stays infinite even for a single micro-batch."""
    return np.inf if np.isinf(least_s) else periods * least_s


@numba.njit(cache=True)
def _observe_request(
    tables: Tables, scale: Scale, left: Leftover, ints: Ints, reals: Floats, used_nodes: Bools, out: Floats
) -> None:
    node, boundary, start = ints[moves.NODE], ints[moves.BOUNDARY], ints[moves.STAGE_START]
    num_layers, num_levels = tables.layer_s.shape[1], tables.loss_units.shape[0]
    reference, periods = scale.reference_s, tables.micro_batches - 1
    staged = start != moves.NO_STAGE
    first = start if staged else boundary
    out[0] = boundary / num_layers
    out[1] = squash(num_layers, 32.0)
    out[2] = squash(tables.micro_batches, 8.0)
    out[3] = 1.0 if staged else 0.0
    out[4] = (boundary - first) / num_layers
    if boundary < num_layers and np.isfinite(tables.layer_s[node, 0]) and not used_nodes[node]:
        out[5] = (tables.stage_reach[node, first] - boundary) / num_layers
        out[6] = squash(periods * tables.layer_s[node, boundary], reference / num_layers)
    out[7] = squash(makespan_s(reals[moves.SUM], reals[moves.BOTTLENECK], tables.micro_batches), reference)
    out[8] = squash(periods * reals[moves.BOTTLENECK], reference)
    out[9] = squash(periods * reals[moves.STAGE_BUSY], reference)
    out[10] = squash(_in_all(periods, left.least_s[num_layers - boundary]), reference)
    out[11] = squash(_in_all(periods, left.least_after_s[num_layers - boundary]), reference)
    budget = tables.budget_units
    out[12] = (budget - ints[moves.LOSS_UNITS]) / budget if budget > 0 else 0.0
    out[13] = ints[moves.LEVEL] / num_levels
    out[14] = 1.0 if np.isfinite(tables.layer_s[tables.destination, 0]) else 0.0


@numba.njit(cache=True)
def _observe_slots(
    tables: Tables,
    scale: Scale,
    slots: Ints,
    ints: Ints,
    used_nodes: Bools,
    used_links: Bools,
    out: Floats,
) -> None:
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    num_layers, reference, periods = tables.layer_s.shape[1], scale.reference_s, tables.micro_batches - 1
    for slot in range(slots.shape[1]):
        link = slots[node, slot]
        if link < 0 or used_links[link]:
            continue
        target = tables.link_target[link]
        out[slot, 0] = 1.0
        out[slot, 1] = 1.0 if target == tables.destination else 0.0
        out[slot, 2] = squash(periods * tables.transfer_s[link, 0, boundary], reference)
        out[slot, 3] = squash(tables.latency_s[link], reference)
        out[slot, 4] = squash(scale.to_go_s[target, boundary], reference)
        out[slot, 5] = squash(scale.to_go_s[target, num_layers], reference)
        if boundary < num_layers and np.isfinite(tables.layer_s[target, 0]) and not used_nodes[target]:
            out[slot, 6] = 1.0 - squash(periods * tables.layer_s[target, boundary], reference / num_layers)
            out[slot, 7] = (tables.stage_reach[target, boundary] - boundary) / num_layers


@numba.njit(cache=True)
def _observe_levels(tables: Tables, scale: Scale, ints: Ints, out: Floats) -> None:
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    plain_only = boundary == 0 or boundary == tables.layer_s.shape[1]
    left = tables.budget_units - ints[moves.LOSS_UNITS]
    for level in range(1 if plain_only else tables.loss_units.shape[0]):
        loss = tables.loss_units[level, boundary]
        out[level, 0] = 1.0 if loss <= left else 0.0
        if tables.transfer_s[0, 0, boundary] > 0:
            shrink = tables.transfer_s[0, level, boundary] / tables.transfer_s[0, 0, boundary]
            out[level, 1] = squash(shrink, 0.05)
        if loss > 0:
            out[level, 2] = squash(loss / left, 0.5) if left > 0 else 1.0
        out[level, 3] = squash(tables.encode_s[node, level, boundary], 0.01 * scale.reference_s)
