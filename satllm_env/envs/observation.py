"""The agent's observation: sizes depend on slots and levels only, every entry lies in [0, 1].

Times are compared with the instance's reference delay and squashed by ``x / (x + pivot)``, so nothing is
clipped and infinity is 1. What does not hang on the walk is squashed once per instance (`Sights`).
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

NODE_SPEED, NODE_FITS = 6, 7
"""Slot features that a processor loses once it has served."""

Singles = NDArray[np.float32]


class Sights(NamedTuple):
    """The entries of the observation that are the same in every walk over an instance."""

    request: Singles  # (3,) layers; micro-batches; whether the ground computes
    share: Singles  # (L + 1,) a number of layers of all
    layer: Singles  # (N, L + 1) time of a layer
    link: Singles  # (E, L + 1, SLOT_FEATURES) the features of a slot
    shrink: Singles  # (L + 1, Q) bytes against level none
    encode: Singles  # (N, L + 1, Q) encoding


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


@numba.njit(cache=True, nogil=True, forceinline=True)
def squash(value: float, pivot: float) -> float:
    """Map [0, inf] to [0, 1], `pivot` to one half; 0 stays 0 even where the pivot is 0."""
    if value == 0.0:
        return 0.0
    return 1.0 if np.isinf(value) else value / (value + pivot)


def sights_of(tables: Tables, to_go_s: Floats, reference_s: float) -> Sights:
    """Squash what every walk over an instance sees.

    Args:
        tables: the instance's arrays.
        to_go_s: (N, L + 1) [s] least sum to go from an arrival, at the best level.
        reference_s: [s] what times are measured against.
    """
    num_nodes, num_levels, num_boundaries = tables.encode_s.shape
    num_layers, ground_computes = num_boundaries - 1, np.isfinite(tables.layer_s[tables.destination, 0])
    request = [squash(num_layers, 32.0), squash(tables.micro_batches, 8.0), ground_computes]
    sights = Sights(
        request=np.array(request, np.float32),
        share=(np.arange(num_boundaries) / num_layers).astype(np.float32),
        layer=np.zeros((num_nodes, num_boundaries), np.float32),
        link=np.zeros((len(tables.link_source), num_boundaries, SLOT_FEATURES), np.float32),
        shrink=np.zeros((num_boundaries, num_levels), np.float32),
        encode=np.zeros((num_nodes, num_boundaries, num_levels), np.float32),
    )
    _see_nodes(tables, reference_s, sights)
    _see_links(tables, to_go_s, reference_s, sights.link)
    return sights


@numba.njit(cache=True, nogil=True, forceinline=True)
def _see_nodes(tables: Tables, reference_s: float, sights: Sights) -> None:
    num_nodes, num_layers = tables.layer_s.shape
    periods = tables.micro_batches - 1
    for node in range(num_nodes):
        if np.isfinite(tables.layer_s[node, 0]):
            for layer in range(num_layers):
                busy = periods * tables.layer_s[node, layer]
                sights.layer[node, layer] = squash(busy, reference_s / num_layers)
        for boundary in range(num_layers + 1):
            for level in range(sights.encode.shape[2]):
                encode = tables.encode_s[node, level, boundary]
                sights.encode[node, boundary, level] = squash(encode, 0.01 * reference_s)
    for boundary in range(num_layers + 1):
        plain = tables.transfer_s[0, 0, boundary]
        for level in range(sights.shrink.shape[1]):
            if plain > 0:
                sights.shrink[boundary, level] = squash(tables.transfer_s[0, level, boundary] / plain, 0.05)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _see_links(tables: Tables, to_go_s: Floats, reference_s: float, out: NDArray[np.float32]) -> None:
    num_layers, periods = tables.layer_s.shape[1], tables.micro_batches - 1
    for link in range(len(tables.link_source)):
        target = tables.link_target[link]
        for boundary in range(num_layers + 1):
            row = out[link, boundary]
            row[0] = 1.0
            row[1] = 1.0 if target == tables.destination else 0.0
            row[2] = squash(periods * tables.transfer_s[link, 0, boundary], reference_s)
            row[3] = squash(tables.latency_s[link], reference_s)
            row[4] = squash(to_go_s[target, boundary], reference_s)
            row[5] = squash(to_go_s[target, num_layers], reference_s)
            if boundary < num_layers and np.isfinite(tables.layer_s[target, 0]):
                busy = periods * tables.layer_s[target, boundary]
                row[NODE_SPEED] = 1.0 - squash(busy, reference_s / num_layers)
                row[NODE_FITS] = (tables.stage_reach[target, boundary] - boundary) / num_layers


@numba.njit(cache=True, nogil=True, forceinline=True)
def observe(
    tables: Tables,
    sights: Sights,
    reference_s: float,
    slots: Ints,
    left: Leftover,
    ints: Ints,
    reals: Floats,
    used_nodes: Bools,
    used_links: Bools,
    out: Singles,
) -> None:
    """Write the flat observation of a walk.

    Args:
        tables: the instance's arrays.
        sights: what every walk over the instance sees.
        reference_s: [s] what times are measured against.
        slots: (N, D) padded slots.
        left: what is left to the walk.
        ints: integer state of the walk.
        reals: real state of the walk.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        out: (15 + 8·D + 4·Q,) filled; Q of the action space is at least the problem's.
    """
    out[:] = 0.0
    _observe_request(tables, sights, reference_s, left, ints, reals, used_nodes, out)
    _observe_slots(tables, sights, slots, ints, used_nodes, used_links, out)
    _observe_levels(tables, sights, ints, REQUEST_FEATURES + SLOT_FEATURES * slots.shape[1], out)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _in_all(periods: int, least_s: float) -> float:
    """[s] `periods` times a bottleneck; an impossible one stays infinite even for a single micro-batch."""
    return np.inf if np.isinf(least_s) else periods * least_s


@numba.njit(cache=True, nogil=True, forceinline=True)
def _observe_request(
    tables: Tables,
    sights: Sights,
    reference_s: float,
    left: Leftover,
    ints: Ints,
    reals: Floats,
    used_nodes: Bools,
    out: Singles,
) -> None:
    node, boundary, start = ints[moves.NODE], ints[moves.BOUNDARY], ints[moves.STAGE_START]
    num_layers, num_levels = tables.layer_s.shape[1], tables.loss_units.shape[0]
    reference, periods = reference_s, tables.micro_batches - 1
    staged = start != moves.NO_STAGE
    first = start if staged else boundary
    out[0] = sights.share[boundary]
    out[1] = sights.request[0]
    out[2] = sights.request[1]
    out[3] = 1.0 if staged else 0.0
    out[4] = sights.share[boundary - first]
    if boundary < num_layers and np.isfinite(tables.layer_s[node, 0]) and not used_nodes[node]:
        out[5] = sights.share[tables.stage_reach[node, first] - boundary]
        out[6] = sights.layer[node, boundary]
    out[7] = squash(makespan_s(reals[moves.SUM], reals[moves.BOTTLENECK], tables.micro_batches), reference)
    out[8] = squash(periods * reals[moves.BOTTLENECK], reference)
    out[9] = squash(periods * reals[moves.STAGE_BUSY], reference)
    out[10] = squash(_in_all(periods, left.least_s[num_layers - boundary]), reference)
    out[11] = squash(_in_all(periods, left.least_after_s[num_layers - boundary]), reference)
    budget = tables.budget_units
    out[12] = (budget - ints[moves.LOSS_UNITS]) / budget if budget > 0 else 0.0
    out[13] = ints[moves.LEVEL] / num_levels
    out[14] = sights.request[2]


@numba.njit(cache=True, nogil=True, forceinline=True)
def _observe_slots(
    tables: Tables,
    sights: Sights,
    slots: Ints,
    ints: Ints,
    used_nodes: Bools,
    used_links: Bools,
    out: Singles,
) -> None:
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    for slot in range(slots.shape[1]):
        link = slots[node, slot]
        if link < 0 or used_links[link]:
            continue
        at = REQUEST_FEATURES + SLOT_FEATURES * slot
        for feature in range(SLOT_FEATURES):
            out[at + feature] = sights.link[link, boundary, feature]
        if used_nodes[tables.link_target[link]]:
            out[at + NODE_SPEED] = out[at + NODE_FITS] = 0.0


@numba.njit(cache=True, nogil=True, forceinline=True)
def _observe_levels(tables: Tables, sights: Sights, ints: Ints, at: int, out: Singles) -> None:
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    plain_only = boundary == 0 or boundary == tables.layer_s.shape[1]
    left = tables.budget_units - ints[moves.LOSS_UNITS]
    for level in range(1 if plain_only else tables.loss_units.shape[0]):
        loss = tables.loss_units[level, boundary]
        out[at] = 1.0 if loss <= left else 0.0
        out[at + 1] = sights.shrink[boundary, level]
        if loss > 0:
            out[at + 2] = squash(loss / left, 0.5) if left > 0 else 1.0
        out[at + 3] = sights.encode[node, boundary, level]
        at += LEVEL_FEATURES
