"""Actions as moves: 0 computes the next layer, ``1 + d·Q + q`` sends over slot `d` at level `q`."""

from __future__ import annotations

from collections.abc import Iterable

import numba
import numpy as np

from satllm_env.envs.leftover import Leftover
from satllm_env.errors import InputError
from satllm_env.problem import moves
from satllm_env.problem.instance import Bools, Instance, Ints, Tables
from satllm_env.problem.plan import ComputeStep, Step
from satllm_env.problem.walk import Walk

COMPUTE = 0


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


def legal_mask(walk: Walk, slots: Ints, num_levels: int, left: Leftover) -> Bools:
    """(1 + D·Q,) legal moves after which the walk can still be finished, as far as bounds tell.

    The bounds are reachability in (node, boundary) under memory, and whether the processors that are
    left can hold the layers that are left.

    Args:
        walk: where the walk stands.
        slots: (N, D) padded slots.
        num_levels: Q of the action space, at least the problem's.
        left: what is left to the walk.
    """
    return _legal_mask(
        walk.instance.tables,
        slots,
        num_levels,
        walk.ints,
        walk.used_nodes,
        walk.used_links,
        left,
    )


@numba.njit(cache=True)
def _legal_mask(
    tables: Tables,
    slots: Ints,
    num_levels: int,
    ints: Ints,
    used_nodes: Bools,
    used_links: Bools,
    left: Leftover,
) -> Bools:
    num_slots = slots.shape[1]
    mask = np.zeros(1 + num_slots * num_levels, np.bool_)
    mask[0] = _can_compute_on(tables, ints, used_nodes, left)
    staged = ints[moves.STAGE_START] != moves.NO_STAGE
    can = left.can_after if staged else left.can
    for slot in range(num_slots):
        if not can[slot, ints[moves.BOUNDARY]]:
            continue
        link = slots[ints[moves.NODE], slot]
        for level in range(tables.loss_units.shape[0]):
            fault = moves.send_fault(tables, ints, used_links, link, level)
            mask[1 + slot * num_levels + level] = fault == moves.LEGAL
    return mask


@numba.njit(cache=True)
def _can_compute_on(tables: Tables, ints: Ints, used_nodes: Bools, left: Leftover) -> bool:
    """Whether computing is legal here and the stage can end at a boundary that leads on."""
    if moves.compute_fault(tables, ints, used_nodes) != moves.LEGAL:
        return False
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    first = boundary if ints[moves.STAGE_START] == moves.NO_STAGE else ints[moves.STAGE_START]
    for end in range(boundary + 1, tables.stage_reach[node, first] + 1):
        if left.can_after[:, end].any():
            return True
    return False
