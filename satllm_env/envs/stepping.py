"""One step of one walk, compiled: the move, what it leads to, the mask and the observation.

The scalar and the vector environment both step with these functions.
"""

from __future__ import annotations

from typing import NamedTuple

import numba

from satllm_env.envs.actions import COMPUTE, Mask, write_mask
from satllm_env.envs.leftover import Leftover, Room, find_leftover
from satllm_env.envs.observation import Singles, observe
from satllm_env.envs.terrain import Terrain
from satllm_env.problem import moves
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Bools, Floats, Ints

UNDER_WAY, FINISHED, DEAD_END, ILLEGAL = range(4)
"""How things stand with a walk after a step."""

NO_ACTION, EMPTY = -1, -2
"""Faults of an action, beside those of a move (`moves.FAULTS`): out of range; no such link or level."""


class State(NamedTuple):
    """The arrays that steps write: a walk, and what is left to it."""

    ints: Ints  # integer state (`moves`)
    reals: Floats  # real state (`moves`)
    used_nodes: Bools  # (N,) processors that have served
    used_links: Bools  # (E,) links that have carried the payload
    left: Leftover
    room: Room


def fault_text(fault: int, action: int) -> str | None:
    """What a fault code says to a person, None for a legal move."""
    if fault == NO_ACTION:
        return f"there is no action {action}"
    return "the slot or the level is empty" if fault == EMPTY else moves.FAULTS.get(fault)


@numba.njit(cache=True, nogil=True, forceinline=True)
def begin(terrain: Terrain, state: State, num_levels: int, observation: Singles, mask: Mask) -> bool:
    """Place the payload at the source.

    Returns:
        Whether any move leads on.
    """
    state.ints[:] = 0
    state.ints[moves.NODE] = terrain.tables.source
    state.ints[moves.STAGE_START] = moves.NO_STAGE
    state.reals[:] = 0.0
    state.used_nodes[:] = False
    state.used_links[:] = False
    _look_around(terrain, state)
    _observe(terrain, state, observation)
    return _write_mask(terrain, state, num_levels, mask)


@numba.njit(cache=True, nogil=True, forceinline=True)
def step(
    terrain: Terrain, state: State, num_levels: int, action: int, observation: Singles, mask: Mask
) -> tuple[int, int, float]:
    """Make one move.

    Args:
        terrain: what the walk crosses.
        state: of the walk; changed in place.
        num_levels: Q of the action space.
        action: any number.
        observation: (15 + 8·D + 4·Q,) filled.
        mask: (1 + D·Q,) filled; action 0 alone once the walk is over.

    Returns:
        How things stand, the fault of an illegal action, and [s] what the step has cost.
    """
    before_s = _delay_s(terrain, state)
    fault = _move(terrain, state, num_levels, action)
    _observe(terrain, state, observation)
    if fault != moves.LEGAL:
        status = ILLEGAL
    elif state.ints[moves.NODE] == terrain.tables.destination:
        status = FINISHED
    else:
        status = UNDER_WAY if _write_mask(terrain, state, num_levels, mask) else DEAD_END
    if status != UNDER_WAY:
        # never all 0: maskable policies would silently take that for "anything goes"
        mask[:] = 0
        mask[COMPUTE] = 1
    failed = status not in (UNDER_WAY, FINISHED)
    return status, fault, (terrain.fallback_s if failed else _delay_s(terrain, state)) - before_s


@numba.njit(cache=True, nogil=True, forceinline=True)
def fault_of(terrain: Terrain, state: State, num_levels: int, action: int) -> int:
    """Fault of an action as things stand, `moves.LEGAL` where it breaks no rule; nothing is changed.

    Args:
        terrain: what the walk crosses.
        state: of the walk.
        num_levels: Q of the action space.
        action: any number.
    """
    tables, ints = terrain.tables, state.ints
    if action == COMPUTE:
        return moves.compute_fault(tables, ints, state.used_nodes)
    if not 0 < action < 1 + terrain.slots.shape[1] * num_levels:
        return NO_ACTION
    slot, level = (action - 1) // num_levels, (action - 1) % num_levels
    link = terrain.slots[ints[moves.NODE], slot]
    if link < 0 or level >= tables.loss_units.shape[0]:
        return EMPTY
    return moves.send_fault(tables, ints, state.used_links, link, level)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _move(terrain: Terrain, state: State, num_levels: int, action: int) -> int:
    """Make a move if it is legal, and return its fault."""
    tables, ints = terrain.tables, state.ints
    fault = fault_of(terrain, state, num_levels, action)
    if fault != moves.LEGAL:
        return fault
    if action == COMPUTE:
        moves.apply_compute(tables, ints, state.reals)
        return fault
    link = terrain.slots[ints[moves.NODE], (action - 1) // num_levels]
    level = (action - 1) % num_levels
    moves.apply_send(tables, ints, state.reals, state.used_nodes, state.used_links, link, level)
    if ints[moves.NODE] != tables.destination:
        _look_around(terrain, state)
    return fault


@numba.njit(cache=True, nogil=True, forceinline=True)
def _look_around(terrain: Terrain, state: State) -> None:
    node = state.ints[moves.NODE]
    find_leftover(
        terrain.tables,
        terrain.reach,
        terrain.slots[node],
        node,
        state.ints[moves.BOUNDARY],
        state.used_nodes,
        state.used_links,
        state.room,
        state.left,
    )


@numba.njit(cache=True, nogil=True, forceinline=True)
def _observe(terrain: Terrain, state: State, observation: Singles) -> None:
    observe(
        terrain.tables,
        terrain.sights,
        terrain.reference_s,
        terrain.slots,
        state.left,
        state.ints,
        state.reals,
        state.used_nodes,
        state.used_links,
        observation,
    )


@numba.njit(cache=True, nogil=True, forceinline=True)
def _write_mask(terrain: Terrain, state: State, num_levels: int, mask: Mask) -> bool:
    return write_mask(
        terrain.tables,
        terrain.slots,
        num_levels,
        state.ints,
        state.used_nodes,
        state.used_links,
        state.left,
        mask,
    )


@numba.njit(cache=True, nogil=True, forceinline=True)
def _delay_s(terrain: Terrain, state: State) -> float:
    return makespan_s(state.reals[moves.SUM], state.reals[moves.BOTTLENECK], terrain.tables.micro_batches)
