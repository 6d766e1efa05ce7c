"""When heights that change smoothly with time are at or above zero, found from samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np
from scipy.optimize.elementwise import find_root

from satllm_env.network.arrays import Array, Flags, Numbers

TIME_TOLERANCE_S = 1e-4
"""[s] to which crossings and turning points are found."""
KNOT = 4
"""What `Marks.order` grows by from sample to sample; turning points and crossings lie between."""
START, RISE, POINT, SET, END = 2, 1, 0, -1, -2
"""Kinds of marks: up at the start already, goes up, any other moment, goes down, still up at the end."""


class Sight(Protocol):
    """A height above some threshold for each of many rows: satellites over stations, or links."""

    def samples(self) -> tuple[Numbers, Numbers, Array]:
        """Rows, knots and heights there, by row, then knot; all shapes (P,).

        Every knot at which a row is up is among them, and both its neighbours.
        """

    def height(self, row: Numbers, times_s: Array) -> Array:
        """Height of each row at a time of its own, shape (N,)."""

    def slope(self, row: Numbers, times_s: Array) -> Array:
        """A number with the sign of the height's rate of change, shape (N,)."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Moments of rows, by row, then order; all shapes (P,)."""

    row: Numbers
    order: Numbers
    """Counts a row's moments, `KNOT` from sample to sample."""
    time_s: Array
    height: Array
    kind: Numbers

    def where(self, chosen: Flags | Numbers) -> Marks:
        """Some of the marks."""
        return Marks(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def of_kind(self, kind: int) -> Marks:
        """The same moments, all of one kind."""
        return replace(self, kind=np.full_like(self.kind, kind))


@dataclass(frozen=True, eq=False)
class Passes:
    """Spells at or above zero, by row, then time; all shapes (W,)."""

    row: Numbers
    rise_s: Array
    culmination_s: Array
    set_s: Array
    greatest: Array
    """Height at the culmination."""
    clipped_start: Flags
    clipped_end: Flags


def merged(parts: Sequence[Marks]) -> Marks:
    """All marks of several lists, by row, then order."""
    columns = (np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Marks))
    marks = Marks(*columns)
    return marks.where(np.lexsort((marks.order, marks.row)))


def marks_of(sight: Sight, knots_s: Array, first: bool = True, last: bool = True, before: int = 0) -> Marks:
    """Where rows rise, peak above zero and set, and which are up at the first knot and the last.

    Turning points are sought first: one lies in each step whose ends slope to different sides. Between
    samples and turning points a height only rises or only falls, so a change of sign is one crossing. A
    pass that rises and sets within a step has its peak there and is found, however short it is; only what
    has two turning points within one step can stay unseen.

    Args:
        sight: N rows.
        knots_s: [s] times of its knots, shape (K,).
        first: whether the first knot starts the span; else others' marks precede.
        last: whether the last knot ends it.
        before: number of steps that precede.
    """
    row, knot, height = sight.samples()
    samples = Marks(row, KNOT * (before + knot), knots_s[knot], height, np.full_like(row, POINT))
    turns = _turning_points(sight, samples)
    crossings = _crossings(sight, merged([samples, turns]))
    up = height >= 0
    starts = samples.where(up & first & (knot == 0)).of_kind(START)
    ends = samples.where(up & last & (knot == len(knots_s) - 1)).of_kind(END)
    return merged([starts, crossings, turns.where(turns.height >= 0), ends])


def passes_of(marks: Marks) -> Passes:
    """Spells from each rise to the next set, with the highest moment between (the first of equals)."""
    rises, sets = marks.where(marks.kind > 0), marks.where(marks.kind < 0)
    spell = np.cumsum(marks.kind > 0) - 1
    by_height = np.lexsort((-marks.height, spell))
    tops = marks.where(by_height[np.searchsorted(spell[by_height], np.arange(len(rises.row)))])
    return Passes(
        rises.row,
        rises.time_s,
        tops.time_s,
        sets.time_s,
        tops.height,
        clipped_start=rises.kind == START,
        clipped_end=sets.kind == END,
    )


def _turning_points(sight: Sight, samples: Marks) -> Marks:
    left = _steps(samples)
    slope, up = sight.slope(samples.row, samples.time_s), samples.height >= 0
    peak = (slope[left] > 0) & (slope[left + 1] <= 0)
    dip = (slope[left] < 0) & (slope[left + 1] >= 0) & up[left] & up[left + 1]  # others part no pass
    left = left[peak | dip]
    row, order = samples.row[left], samples.order[left] + KNOT // 2
    time_s = _roots(sight.slope, row, samples.time_s[left], samples.time_s[left + 1])
    return Marks(row, order, time_s, sight.height(row, time_s), np.full_like(row, POINT))


def _crossings(sight: Sight, moments: Marks) -> Marks:
    left = _steps(moments)
    up = moments.height >= 0
    left = left[up[left] != up[left + 1]]
    row, order = moments.row[left], moments.order[left] + 1
    time_s = _roots(sight.height, row, moments.time_s[left], moments.time_s[left + 1])
    return Marks(row, order, time_s, np.zeros_like(time_s), np.where(up[left], SET, RISE))


def _steps(marks: Marks) -> Numbers:
    """Marks that the same row's next one follows within a step."""
    return np.flatnonzero((np.diff(marks.row) == 0) & (np.diff(marks.order) <= KNOT))


def _roots(function: Callable[[Numbers, Array], Array], row: Numbers, low_s: Array, high_s: Array) -> Array:
    """[s] where each row's function is zero between two times of opposite signs."""
    found = find_root(
        lambda times_s, rows: function(rows, times_s),
        (low_s, high_s),
        args=(row,),
        tolerances={"xatol": TIME_TOLERANCE_S, "xrtol": 0.0},
    )
    # an end that is zero but for rounding may have come out with the other end's sign: it is the root
    at_low, at_high = (np.abs(value) for value in found.f_bracket)
    root_s: Array = np.where(found.success, found.x, np.where(at_low <= at_high, low_s, high_s))
    return root_s
