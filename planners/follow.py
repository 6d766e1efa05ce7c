"""Sends turned into a checked plan, by the rules that the environment walks by."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from satllm_env.problem import Walk, moves
from satllm_env.problem.instance import Bools, Floats, Ints, Tables

NO_FAULT = -1

Send = tuple[int, int, int, int]
"""First layer of the stage before it (−1 for a relay), boundary, link, level."""


@numba.njit(cache=True)
def _follow(
    tables: Tables, sends: Ints, ints: Ints, reals: Floats, used_nodes: Bools, used_links: Bools
) -> tuple[int, int]:
    """Make the moves in place; the number of the first illegal send and its fault, if any."""
    for number in range(len(sends)):
        first, boundary, link, level = sends[number]
        if first != moves.NO_STAGE and first != ints[moves.BOUNDARY]:
            return number, moves.LEGAL
        while ints[moves.BOUNDARY] < boundary:
            fault = moves.compute_fault(tables, ints, used_nodes)
            if fault != moves.LEGAL:
                return number, fault
            moves.apply_compute(tables, ints, reals)
        fault = moves.send_fault(tables, ints, used_links, link, level)
        if fault != moves.LEGAL:
            return number, fault
        moves.apply_send(tables, ints, reals, used_nodes, used_links, link, level)
    return NO_FAULT, moves.LEGAL


def follow(walk: Walk, sends: Sequence[Send] | Ints) -> str:
    """Make a walk's next moves; what is wrong with the first illegal one, ``""`` if all are legal.

    Args:
        walk: goes on in place.
        sends: each with the stage before it, if any.
    """
    rows = np.asarray(sends, np.int64).reshape(-1, 4)
    number, fault = _follow(
        walk.instance.tables, rows, walk.ints, walk.reals, walk.used_nodes, walk.used_links
    )
    legal = rows if number == NO_FAULT else rows[:number]
    walk.sends.extend((int(a), int(b), int(c), int(d)) for a, b, c, d in legal.tolist())
    if number == NO_FAULT:
        return ""
    return f"send {number}: {moves.FAULTS.get(fault, 'the stage does not begin at the next layer')}"
