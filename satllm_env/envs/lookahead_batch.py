"""Look-ahead for the walks of a vector environment: the pool's guides, and the compiled loop over walks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np

from satllm_env.envs import stepping
from satllm_env.envs.actions import COMPUTE
from satllm_env.envs.batch import NOT_ASKED, Batch, state_at
from satllm_env.envs.lookahead import (
    ACTION_FEATURES,
    NUM_TABLES,
    Guide,
    Outlook,
    estimate_moves,
    look_out,
    write_features,
)
from satllm_env.envs.lookahead_tables import Desk, make_desk
from satllm_env.envs.packed import Packed, terrain_at
from satllm_env.envs.terrain import Terrain
from satllm_env.envs.views import view
from satllm_env.problem.instance import Floats, Ints

NEVER = -1
"""Number of sends at which the outlook of a walk was built, while there is none."""


class Guides(NamedTuple):
    """The guides of P instances, arrays of one kind behind each other; K tables."""

    limits_s: Floats  # (P, K)
    thresholds_s: Floats  # (P, K)
    prices: Floats  # (P, K)
    prefix: Floats
    order: Ints
    starts: Ints  # (P, 2) where prefix and order of an instance start


class Ahead(NamedTuple):
    """What B walks have ahead of them, each with room for the largest instance of the pool."""

    sends: Ints  # (B,) number of sends at which the outlook was built
    relays: Floats  # (B, D·K·Q)
    stages: Floats  # (B, (L + 1)·D·K·Q)
    departs: Floats  # (B, (L + 1)·K·Q)
    estimates: Floats  # (B, 1 + D·Q) [s]


def pack_guides(guides: Sequence[Guide]) -> Guides:
    """Lay the arrays of guides behind each other."""
    sizes = np.array([(guide.prefix.size, guide.order.size) for guide in guides])
    return Guides(
        limits_s=np.stack([guide.limits_s for guide in guides]),
        thresholds_s=np.stack([guide.thresholds_s for guide in guides]),
        prices=np.stack([guide.prices for guide in guides]),
        prefix=np.concatenate([guide.prefix.reshape(-1) for guide in guides]),
        order=np.concatenate([guide.order for guide in guides]),
        starts=np.cumsum(sizes, axis=0) - sizes,
    )


def make_ahead(batch: Batch, packed: Packed) -> Ahead:
    """Room for what the walks of a batch have ahead of them."""
    size, num_slots = len(batch.instance), batch.opens.shape[2]
    _, layers, levels, _, _ = packed.sizes.max(axis=0).tolist()
    width = NUM_TABLES * levels
    return Ahead(
        sends=np.full(size, NEVER),
        relays=np.zeros((size, num_slots * width)),
        stages=np.zeros((size, (layers + 1) * num_slots * width)),
        departs=np.zeros((size, (layers + 1) * width)),
        estimates=np.full(batch.masks.shape, np.inf),
    )


def make_pool_desk(packed: Packed) -> Desk:
    """A desk that the largest instance of a pool fits on."""
    nodes, layers, levels, links, _ = packed.sizes.max(axis=0).tolist()
    return make_desk(nodes, layers, links, levels, NUM_TABLES)


@numba.njit(cache=True, nogil=True)
def restart_ahead(ahead: Ahead, which: Ints, beginnings: Ahead, instances: Ints) -> None:
    """Copy what walks that begin anew have ahead of them; arguments as of `batch.restart`."""
    for k in range(len(which)):
        i, first = which[k], instances[k]
        ahead.sends[i] = beginnings.sends[first]
        ahead.relays[i] = beginnings.relays[first]
        ahead.stages[i] = beginnings.stages[first]
        ahead.departs[i] = beginnings.departs[first]
        ahead.estimates[i] = beginnings.estimates[first]


@numba.njit(cache=True, nogil=True)
def observe_ahead(
    packed: Packed,
    guides: Guides,
    batch: Batch,
    ahead: Ahead,
    num_levels: int,
    status: Ints,
    first: int,
    last: int,
    desk: Desk,
) -> None:
    """Write the estimates and the look-ahead entries of the observations of some walks.

    Args:
        packed: the pool.
        guides: of the pool.
        batch: the walks; the ends of their observations are filled.
        ahead: of the walks; changed in place.
        num_levels: Q of the action space.
        status: (B,) how things stand with each walk, as in `stepping`.
        first: the first walk.
        last: the one after the last.
        desk: to work in, nobody else's.
    """
    size, actions = batch.observations.shape[1], batch.masks.shape[1]
    for i in range(first, last):
        if status[i] == NOT_ASKED:
            continue
        added = ACTION_FEATURES * actions
        out = view(batch.observations, (i + 1) * size - added, (added,))
        estimates = view(ahead.estimates, i * actions, (actions,))
        if status[i] != stepping.UNDER_WAY:  # nothing is left to estimate
            estimates[:] = np.inf
            out[:] = 0.0
            continue
        instance, mask = batch.instance[i], view(batch.masks, i * actions, (actions,))
        terrain = terrain_at(packed, instance, batch.opens.shape[2])
        guide, state = _guide_at(guides, instance, terrain), state_at(batch, i, terrain)
        outlook = _outlook_at(ahead, i, terrain)
        if ahead.sends[i] != batch.num_sends[i]:
            look_out(terrain, guide, state, mask[COMPUTE] != 0, _desk_for(desk, terrain), outlook)
            ahead.sends[i] = batch.num_sends[i]
        estimate_moves(terrain, guide, state, outlook, num_levels, mask, estimates)
        write_features(mask, estimates, out)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _guide_at(guides: Guides, i: int, terrain: Terrain) -> Guide:
    """The guide of an instance, as views that must not outlive the pool."""
    nodes, layers = terrain.tables.layer_s.shape
    k, links = guides.limits_s.shape[1], len(terrain.tables.latency_s)
    return Guide(
        view(guides.limits_s, i * k, (k,)),
        view(guides.thresholds_s, i * k, (k,)),
        view(guides.prices, i * k, (k,)),
        view(guides.prefix, guides.starts[i, 0], (nodes, layers + 1)),
        view(guides.order, guides.starts[i, 1], (links,)),
    )


@numba.njit(cache=True, nogil=True, forceinline=True)
def _outlook_at(ahead: Ahead, i: int, terrain: Terrain) -> Outlook:
    """The outlook of a walk, as views over what its instance needs."""
    boundaries, slots = terrain.tables.layer_s.shape[1] + 1, terrain.slots.shape[1]
    width = NUM_TABLES * terrain.tables.loss_units.shape[0]
    return Outlook(
        view(ahead.relays, i * ahead.relays.shape[1], (1, slots, width)),
        view(ahead.stages, i * ahead.stages.shape[1], (boundaries, slots, width)),
        view(ahead.departs, i * ahead.departs.shape[1], (boundaries, width)),
    )


@numba.njit(cache=True, nogil=True, forceinline=True)
def _desk_for(desk: Desk, terrain: Terrain) -> Desk:
    """A desk as views over what an instance needs."""
    nodes, layers = terrain.tables.layer_s.shape
    links, boundaries = len(terrain.tables.latency_s), layers + 1
    width = NUM_TABLES * terrain.tables.loss_units.shape[0]
    return Desk(
        desk.links,
        view(desk.weights, 0, (links, width)),
        view(desk.arrival, 0, (nodes, width)),
        view(desk.departure, 0, (nodes, boundaries, width)),
        view(desk.least, 0, (nodes, boundaries, NUM_TABLES)),
        view(desk.encode, 0, (nodes, boundaries)),
        desk.serves,
    )
