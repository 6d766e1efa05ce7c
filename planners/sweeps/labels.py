"""Labels of a sweep, stage by stage: which processors serve, the last of them, and what that has cost."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.problem.instance import Floats, Ints

WIDTH = 288
"""Labels kept of a stage: as many as eight processors can have, so that up to eight none is lost."""

SLOTS = 8192
"""Of the hash table that finds a label's like; more than twice what a stage can offer."""

HASH = 0x9E3779B1


class Labels(NamedTuple):
    """Room for a sweep's labels: stage by stage, those of the next stage as they are offered."""

    key_s: Floats  # (rows,) what labels are compared by
    sum_s: Floats  # (rows,)
    longest_s: Floats  # (rows,)
    members: Ints  # (rows,) bits of the processors that serve
    last: Ints  # (rows,) the last of them
    end: Ints  # (rows,) boundary of the payload
    level: Ints  # (rows,)
    parent: Ints  # (rows,) row of the label before, −1 for none
    loss: Ints  # (rows,)
    holds: Ints  # (rows,) layers that the processors outside can hold between them
    slots: Ints  # (SLOTS,) hash table of rows of the next stage, −1 for free
    begin: Ints  # (2,) first row of the next stage, and behind the last


@numba.njit(cache=True, nogil=True)
def make_labels(count: int) -> Labels:
    """Room for sweeps over some processors."""
    rows = (count + 1) * WIDTH + WIDTH * max(count, 1)
    return Labels(
        np.empty(rows),
        np.empty(rows),
        np.empty(rows),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.full(SLOTS, -1),
        np.zeros(2, np.int64),
    )


@numba.njit(cache=True, nogil=True)
def begin_stage(row: int, labels: Labels) -> None:
    """Let the labels offered next stand from a row on."""
    labels.slots[:] = -1
    labels.begin[:] = row


@numba.njit(cache=True, nogil=True, inline="always")
def place_of(members: int, last: int, key: float, labels: Labels) -> int:
    """The row for a label, −1 where its like is no worse."""
    slot = ((members << 4 | last) * HASH) % SLOTS
    while labels.slots[slot] >= 0:
        row = int(labels.slots[slot])
        if labels.members[row] == members and labels.last[row] == last:
            return row if key < labels.key_s[row] else -1
        slot = slot + 1 if slot + 1 < SLOTS else 0
    row = int(labels.begin[1])
    labels.begin[1] = row + 1
    labels.slots[slot] = row
    labels.members[row], labels.last[row] = members, last
    return row


@numba.njit(cache=True, nogil=True)
def narrow(labels: Labels) -> None:
    """Keep the labels with the least keys of the stage that was offered, `WIDTH` at most."""
    first, behind = labels.begin[0], labels.begin[1]
    if behind - first <= WIDTH:
        return
    limit = np.partition(labels.key_s[first:behind], WIDTH - 1)[WIDTH - 1]
    at = first
    for row in range(first, behind):
        if labels.key_s[row] <= limit and at < first + WIDTH:
            if at < row:
                _move(row, at, labels)
            at += 1
    labels.begin[1] = at


@numba.njit(cache=True, nogil=True, inline="always")
def _move(row: int, to: int, labels: Labels) -> None:
    labels.key_s[to], labels.sum_s[to] = labels.key_s[row], labels.sum_s[row]
    labels.longest_s[to], labels.members[to] = labels.longest_s[row], labels.members[row]
    labels.last[to], labels.end[to] = labels.last[row], labels.end[row]
    labels.level[to], labels.parent[to] = labels.level[row], labels.parent[row]
    labels.loss[to], labels.holds[to] = labels.loss[row], labels.holds[row]
