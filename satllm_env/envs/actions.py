"""Actions as moves: 0 computes the next layer, ``1 + d·Q + q`` sends over slot `d` at level `q`."""

from __future__ import annotations

from collections.abc import Iterable

import numba
import numpy as np
from numpy.typing import NDArray

from satllm_env.envs.leftover import Leftover
from satllm_env.errors import InputError
from satllm_env.problem import moves
from satllm_env.problem.instance import Bools, Instance, Ints, Tables
from satllm_env.problem.plan import ComputeStep, Step

COMPUTE = 0

Mask = NDArray[np.int8]


def pad_slots(instance: Instance, num_slots: int) -> Ints:
    """(N, D) the instance's slots with empty columns added up to `num_slots`.

    Raises:
        InputError: a node has more out-links than slots.
    """
    missing = num_slots - instance.num_slots
    if missing < 0:
        raise InputError(
            "num_slots", "", f"is {num_slots}, but a node of the problem has {instance.num_slots} slots"
        )
    return np.pad(instance.slots, ((0, 0), (0, missing)), constant_values=-1)


def actions_of(instance: Instance, num_levels: int, steps: Iterable[Step]) -> list[int]:
    """Turn a plan's steps into actions; what the destination computes needs none.

    Raises:
        InputError: a step names a node, link or level that the problem does not have.
    """
    actions: list[int] = []
    for number, step in enumerate(steps):
        try:
            if not isinstance(step, ComputeStep):
                actions.append(_send_action(instance, num_levels, step.source, step.target, step.level))
            elif instance.node_index[step.node] != instance.tables.destination:
                actions += [COMPUTE] * (step.last_layer - step.first_layer + 1)
        except KeyError as error:
            raise InputError("plan", f"steps[{number}]", f"unknown {error.args[0]!r}") from None
    return actions


def _send_action(instance: Instance, num_levels: int, source: str, target: str, level: str) -> int:
    node = instance.node_index[source]
    link = instance.link_index[node, instance.node_index[target]]
    slot = int(np.flatnonzero(instance.slots[node] == link)[0])
    return 1 + slot * num_levels + instance.level_index[level]


def link_and_level(slots: Ints, node: int, num_levels: int, action: int) -> tuple[int, int]:
    """The link (−1 for an empty slot) and the level of a sending action."""
    slot, level = divmod(action - 1, num_levels)
    return int(slots[node, slot]), level


@numba.njit(cache=True, nogil=True, forceinline=True)
def write_mask(
    tables: Tables,
    slots: Ints,
    num_levels: int,
    ints: Ints,
    used_nodes: Bools,
    used_links: Bools,
    left: Leftover,
    mask: Mask,
) -> bool:
    """Mark the legal moves after which the walk can still be finished, as far as bounds tell.

    The bounds are reachability in (node, boundary) under memory, and whether the processors that are
    left can hold the layers that are left.

    Args:
        tables: the instance's arrays.
        slots: (N, D) padded slots.
        num_levels: Q of the action space, at least the problem's.
        ints: integer state of the walk.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        left: what is left to the walk.
        mask: (1 + D·Q,) filled with 0 and 1.

    Returns:
        Whether there is any such move.
    """
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    opens = left.opens if ints[moves.STAGE_START] == moves.NO_STAGE else left.opens_after
    mask[:] = 0
    found = _can_compute_on(tables, ints, used_nodes, left)
    mask[COMPUTE] = found
    for level in range(tables.loss_units.shape[0]):
        if moves.level_fault(tables, ints, level) != moves.LEGAL:
            continue
        for slot in range(slots.shape[1]):
            if opens[slot] > boundary:
                continue
            if moves.send_fault(tables, ints, used_links, slots[node, slot], level) == moves.LEGAL:
                mask[1 + slot * num_levels + level] = 1
                found = True
    return found


@numba.njit(cache=True, nogil=True, forceinline=True)
def _can_compute_on(tables: Tables, ints: Ints, used_nodes: Bools, left: Leftover) -> bool:
    """Whether computing is legal here and the stage can end at a boundary that leads on."""
    if moves.compute_fault(tables, ints, used_nodes) != moves.LEGAL:
        return False
    first = ints[moves.BOUNDARY] if ints[moves.STAGE_START] == moves.NO_STAGE else ints[moves.STAGE_START]
    return bool(np.min(left.opens_after) <= tables.stage_reach[ints[moves.NODE], first])
