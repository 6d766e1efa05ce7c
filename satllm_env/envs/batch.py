"""The walks of a vector environment as arrays, and the compiled loops over them."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from satllm_env.envs import stepping
from satllm_env.envs.actions import COMPUTE, Mask
from satllm_env.envs.leftover import Leftover, Room, make_room
from satllm_env.envs.observation import ObservationLayout, Singles
from satllm_env.envs.packed import Packed, terrain_at
from satllm_env.envs.stepping import State
from satllm_env.envs.terrain import Terrain
from satllm_env.envs.views import view
from satllm_env.problem import moves
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Bools, Floats, Ints

NOT_ASKED = -1
"""Status of a walk that has not taken part in a step."""

Trace = NDArray[np.int32]
"""(E, 4) sends as in `satllm_env.problem.walk.Walk.sends`."""


class Batch(NamedTuple):
    """B walks, each with room for the largest instance of the pool, and what they show."""

    instance: Ints  # (B,) which of the pool
    ints: Ints  # (B, NUM_INTS)
    reals: Floats  # (B, NUM_REALS)
    used_nodes: Bools  # (B, N)
    used_links: Bools  # (B, E)
    opens: Ints  # (B, 2, D) as things stand, and after
    least_s: Floats  # (B, 2, L + 1)
    sends: Trace  # (B, E, 4)
    num_sends: Ints  # (B,)
    observations: Singles  # (B, 15 + 8·D + 4·Q + what is added)
    masks: Mask  # (B, 1 + D·Q)
    room: Room


class Outcome(NamedTuple):
    """What a step of B walks has led to."""

    status: Ints  # (B,) as in `stepping`, or `NOT_ASKED`
    fault: Ints  # (B,) of an illegal action
    reward: Floats  # (B,)
    delay_s: Floats  # (B,) [s] of a walk that has finished, else inf


def make_batch(size: int, layout: ObservationLayout, packed: Packed, added: int = 0) -> Batch:
    """Room for a number of walks over a pool, whose observations have some entries added at the end."""
    nodes, layers, _, links, _ = packed.sizes.max(axis=0).tolist()
    return Batch(
        instance=np.zeros(size, np.int64),
        ints=np.zeros((size, moves.NUM_INTS), np.int64),
        reals=np.zeros((size, moves.NUM_REALS)),
        used_nodes=np.zeros((size, nodes), np.bool_),
        used_links=np.zeros((size, links), np.bool_),
        opens=np.zeros((size, 2, layout.num_slots), np.int64),
        least_s=np.zeros((size, 2, layers + 1)),
        sends=np.zeros((size, links, 4), np.int32),
        num_sends=np.zeros(size, np.int64),
        observations=np.zeros((size, layout.size + added), np.float32),
        masks=np.zeros((size, layout.num_actions), np.int8),
        room=make_pool_room(packed),
    )


def make_pool_room(packed: Packed) -> Room:
    """Room to work in for any instance of a pool."""
    nodes, layers, _, _, _ = packed.sizes.max(axis=0).tolist()
    return make_room(nodes, layers)


def make_outcome(size: int) -> Outcome:
    """Room for what a step of a number of walks leads to."""
    return Outcome(np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size), np.full(size, np.inf))


@numba.njit(cache=True, nogil=True)
def restart(batch: Batch, which: Ints, beginnings: Batch, instances: Ints) -> None:
    """Begin walks anew by copying.

    Args:
        batch: changed in place.
        which: walks of the batch.
        beginnings: a walk over every instance, none of them under way.
        instances: of the pool, one for each of `which`.
    """
    for k in range(len(which)):
        i, first = which[k], instances[k]
        batch.instance[i], batch.num_sends[i] = first, 0
        batch.ints[i] = beginnings.ints[first]
        batch.reals[i] = beginnings.reals[first]
        batch.opens[i] = beginnings.opens[first]
        batch.least_s[i] = beginnings.least_s[first]
        batch.observations[i] = beginnings.observations[first]
        batch.masks[i] = beginnings.masks[first]
        batch.used_nodes[i] = False
        batch.used_links[i] = False


@numba.njit(cache=True, nogil=True)
def begin_all(packed: Packed, batch: Batch, num_levels: int) -> int:
    """Place every payload at its source.

    Returns:
        The first walk that no move leads on from, −1 where there is none.
    """
    for i in range(len(batch.instance)):
        terrain = terrain_at(packed, batch.instance[i], batch.opens.shape[2])
        observation, mask = _shown(batch, i)
        if not stepping.begin(terrain, state_at(batch, i, terrain), num_levels, observation, mask):
            return i
    return -1


@numba.njit(cache=True, nogil=True)
def step_all(
    packed: Packed,
    batch: Batch,
    num_levels: int,
    actions: Ints,
    asked: Bools,
    units_s: Floats,
    outcome: Outcome,
    first: int,
    last: int,
) -> None:
    """Make one move of every walk that is asked, among some.

    Args:
        packed: the pool.
        batch: the walks; changed in place.
        num_levels: Q of the action space.
        actions: (B,) any numbers.
        asked: (B,) which walks take part.
        units_s: (P,) [s] that rewards over each instance are divided by.
        outcome: filled.
        first: the first walk of those.
        last: the one after the last.
    """
    for i in range(first, last):
        if not asked[i]:
            outcome.status[i], outcome.fault[i], outcome.reward[i] = NOT_ASKED, moves.LEGAL, 0.0
            continue
        terrain = terrain_at(packed, batch.instance[i], batch.opens.shape[2])
        state, (observation, mask) = state_at(batch, i, terrain), _shown(batch, i)
        node, boundary, start = (
            state.ints[moves.NODE],
            state.ints[moves.BOUNDARY],
            state.ints[moves.STAGE_START],
        )
        status, fault, paid_s = stepping.step(terrain, state, num_levels, actions[i], observation, mask)
        if fault == moves.LEGAL and actions[i] != COMPUTE:
            _note_send(batch, i, start, boundary, terrain.slots[node], num_levels, actions[i])
        outcome.status[i], outcome.fault[i] = status, fault
        outcome.reward[i] = -paid_s / units_s[batch.instance[i]]
        outcome.delay_s[i] = np.inf
        if status == stepping.FINISHED:
            sum_s, bottleneck_s = state.reals[moves.SUM], state.reals[moves.BOTTLENECK]
            outcome.delay_s[i] = makespan_s(sum_s, bottleneck_s, terrain.tables.micro_batches)


@numba.njit(cache=True, nogil=True)
def first_illegal(
    packed: Packed, batch: Batch, num_levels: int, actions: Ints, asked: Bools
) -> tuple[int, int]:
    """Look for an action that breaks a rule; nothing is changed.

    Args:
        packed: the pool.
        batch: the walks.
        num_levels: Q of the action space.
        actions: (B,) any numbers.
        asked: (B,) which walks take part.

    Returns:
        The first walk with one, −1 where there is none, and its fault.
    """
    for i in range(len(actions)):
        action = actions[i]
        # what is not masked is legal
        if not asked[i] or (0 <= action < batch.masks.shape[1] and batch.masks[i, action]):
            continue
        terrain = terrain_at(packed, batch.instance[i], batch.opens.shape[2])
        fault = stepping.fault_of(terrain, state_at(batch, i, terrain), num_levels, action)
        if fault != moves.LEGAL:
            return i, fault
    return -1, moves.LEGAL


@numba.njit(cache=True, nogil=True, forceinline=True)
def _note_send(
    batch: Batch, i: int, start: int, boundary: int, out: Ints, num_levels: int, action: int
) -> None:
    slot, level = (action - 1) // num_levels, (action - 1) % num_levels
    number = batch.num_sends[i]
    batch.sends[i, number, 0], batch.sends[i, number, 1] = start, boundary
    batch.sends[i, number, 2], batch.sends[i, number, 3] = out[slot], level
    batch.num_sends[i] = number + 1


@numba.njit(cache=True, nogil=True, forceinline=True)
def _shown(batch: Batch, i: int) -> tuple[Singles, Mask]:
    size, actions = batch.observations.shape[1], batch.masks.shape[1]
    return view(batch.observations, i * size, (size,)), view(batch.masks, i * actions, (actions,))


@numba.njit(cache=True, nogil=True, forceinline=True)
def state_at(batch: Batch, i: int, terrain: Terrain) -> State:
    """A walk of the batch, as views over what its instance needs."""
    nodes, layers = terrain.tables.layer_s.shape
    links, slots, row = len(terrain.tables.latency_s), batch.opens.shape[2], batch.least_s.shape[2]
    return State(
        view(batch.ints, i * moves.NUM_INTS, (moves.NUM_INTS,)),
        view(batch.reals, i * moves.NUM_REALS, (moves.NUM_REALS,)),
        view(batch.used_nodes, i * batch.used_nodes.shape[1], (nodes,)),
        view(batch.used_links, i * batch.used_links.shape[1], (links,)),
        Leftover(
            view(batch.opens, 2 * i * slots, (slots,)),
            view(batch.opens, (2 * i + 1) * slots, (slots,)),
            view(batch.least_s, 2 * i * row, (layers + 1,)),
            view(batch.least_s, (2 * i + 1) * row, (layers + 1,)),
        ),
        batch.room,
    )
