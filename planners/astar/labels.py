"""The labels of the search: partial walks, their heap, and which of them another one beats."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.problem.instance import Ints

# Columns of a label.
STATE, SUM, PRICED, LONGEST, LOSS, MASK, LINK, PARENT, NEXT, PRIORITY, LAYERS = range(11)
COLUMNS = 11
LABEL_BYTES = 3 * 8 * (COLUMNS + 1)
"""Memory per label with its place on the heap, while the arrays are made larger."""
NONE = -1

# Counters of a search.
SIZE, HEAP_SIZE, POPPED, GOAL = range(4)
NUM_COUNTERS = 4


class Labels(NamedTuple):
    """The arrays of one search; a label is a row, and stays where it is.

    A label is a payload's arrival at a state. `SUM`, `PRICED` (the sum with all
    that is charged) and `LONGEST` are ticks, `LOSS` is loss units, `MASK`
    the critical resources that have served, `LINK` the one it came by, `PARENT` the label before it,
    `NEXT` the next settled label of the same state, `PRIORITY` its f, `LAYERS` the boundary.
    """

    rows: Ints  # (capacity, COLUMNS)
    heap: Ints  # (capacity,) label numbers
    settled: Ints  # (states,) a settled label of each state, NONE for none
    counters: Ints  # (NUM_COUNTERS,)


def new_labels(num_states: int, capacity: int) -> Labels:
    """No labels yet."""
    return Labels(
        np.empty((capacity, COLUMNS), np.int64),
        np.empty(capacity, np.int64),
        np.full(num_states, NONE, np.int64),
        np.array([0, 0, 0, NONE], np.int64),
    )


def grown(labels: Labels) -> Labels:
    """The same labels with twice the room."""
    rows = np.empty((2 * len(labels.rows), COLUMNS), np.int64)
    rows[: len(labels.rows)] = labels.rows
    heap = np.empty(len(rows), np.int64)
    heap[: len(labels.heap)] = labels.heap
    return Labels(rows, heap, labels.settled, labels.counters)


@numba.njit(cache=True)
def _before(labels: Labels, one: int, other: int) -> bool:
    """Order of the heap: f, then more layers, then less loss, then the label's number."""
    a, b = labels.rows[one], labels.rows[other]
    if a[PRIORITY] != b[PRIORITY]:
        return bool(a[PRIORITY] < b[PRIORITY])
    if a[LAYERS] != b[LAYERS]:
        return bool(a[LAYERS] > b[LAYERS])
    if a[LOSS] != b[LOSS]:
        return bool(a[LOSS] < b[LOSS])
    return one < other


@numba.njit(cache=True)
def push(labels: Labels, label: int) -> None:
    """Put a label on the heap."""
    place = labels.counters[HEAP_SIZE]
    labels.counters[HEAP_SIZE] += 1
    while place > 0:
        parent = (place - 1) >> 1
        if not _before(labels, label, labels.heap[parent]):
            break
        labels.heap[place] = labels.heap[parent]
        place = parent
    labels.heap[place] = label


@numba.njit(cache=True)
def pop(labels: Labels) -> int:
    """Take the first label off the heap; there must be one."""
    first = labels.heap[0]
    labels.counters[HEAP_SIZE] -= 1
    size = labels.counters[HEAP_SIZE]
    label = labels.heap[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and _before(labels, labels.heap[child + 1], labels.heap[child]):
            child += 1
        if not _before(labels, labels.heap[child], label):
            break
        labels.heap[place] = labels.heap[child]
        place = child
    labels.heap[place] = label
    return int(first)


@numba.njit(cache=True)
def beats(
    labels: Labels,
    one: int,
    total: int,
    priced: int,
    longest: int,
    loss: int,
    mask: int,
    repeats: int,
    floor: int,
) -> bool:
    """Whether a settled label is at least as good as one with these values, whatever is still to come.

    It must not be charged more either: else a walk that serves twice could beat the best plan's start and
    come off the heap after a worse plan, unseen.

    Args:
        labels: the labels.
        one: number of the settled label, at the same state.
        total: [ticks] sum.
        priced: [ticks] sum with all that is charged.
        longest: [ticks] max.
        loss: [loss units]
        mask: critical resources that have served.
        repeats: M − 1.
        floor: [ticks] a bottleneck that the finished walk is taken to have at least.
    """
    row = labels.rows[one]
    if row[LOSS] > loss or row[SUM] > total or row[PRICED] > priced or row[MASK] & ~mask != 0:
        return False
    return bool(row[SUM] + repeats * max(row[LONGEST], floor) <= total + repeats * max(longest, floor))
