"""Half-open intervals of time as arrays: what is left where several hold and others do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from satllm_env.errors import InputError
from satllm_env.network.arrays import Array, Numbers

Intervals = Array
"""[s] rows of start and end, shape (n, 2); a time t is inside where ``start <= t < end``."""


def check_intervals(source: str, field: str, intervals: ArrayLike) -> Intervals:
    """Intervals as an array, in any order; they may overlap, touch, and have infinite ends.

    Raises:
        InputError: names `source` and `field`; not of shape (n, 2), or an end that is not after its start.
    """
    table = np.asarray(intervals, dtype=np.float64)
    if table.size == 0:
        return np.empty((0, 2))
    if table.ndim != 2 or table.shape[1] != 2:
        raise InputError(source, field, "must be rows of start and end, shape (n, 2)")
    if not (table[:, 0] < table[:, 1]).all():
        raise InputError(source, field, "an interval's end must be after its start")
    return table


def overlap(held: Sequence[Intervals], barred: Sequence[Intervals] = ()) -> Intervals:
    """Where every one of the lists of intervals holds and none of the barred ones does.

    Args:
        held: at least one list; the intervals of one list do not overlap each other.
        barred: lists of any intervals.

    Returns:
        Ascending intervals that neither overlap nor touch.
    """
    held_s, holds = _edges(held)
    barred_s, bars = _edges(barred)
    time_s = np.concatenate([held_s, barred_s])
    order = np.argsort(time_s, kind="stable")
    time_s = time_s[order]
    holding = np.cumsum(np.concatenate([holds, np.zeros_like(bars)])[order])
    barring = np.cumsum(np.concatenate([np.zeros_like(holds), bars])[order])
    inside = (holding == len(held)) & (barring == 0)
    last = np.append(time_s[1:] != time_s[:-1], True)[: len(time_s)]  # of equal times it knows all
    left: Intervals = time_s[last][np.diff(inside[last], prepend=False)].reshape(-1, 2)
    return left


def _edges(tables: Sequence[Intervals]) -> tuple[Array, Numbers]:
    """[s] starts and ends, and whether the number of intervals grows (1) or falls (−1) there."""
    table = np.concatenate([np.empty((0, 2)), *tables])
    return table.ravel(), np.tile([1, -1], len(table))
