"""Which satellites are linked: rings, +Grid, and lists of pairs; fixed, or anew at each moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satllm_env.errors import InputError
from satllm_env.network.walker import Walker

NONE = -1


@dataclass(frozen=True, eq=False)
class Topology:
    """Undirected links between S satellites.

    Attributes:
        satellites: S.
        pairs: the two ends of each link, shape (K, 2), no pair twice in either order.
        slot_neighbours: the satellite behind each slot, −1 where none, shape (S, D). For rings and +Grid
            D is 4: in-plane fore, in-plane aft, cross-plane left (west of an ascending satellite),
            cross-plane right. For lists of pairs neighbours ascend, and D is the largest degree unless more
            slots are asked for.
        slot_links: the row of `pairs` behind each slot, −1 where none, shape (S, D); so
            ``rate_bps[slot_links[s, d]]`` is the rate that satellite s has on slot d.
    """

    satellites: int
    pairs: NDArray[np.int64]
    slot_neighbours: NDArray[np.int64]
    slot_links: NDArray[np.int64]

    def at(self, teme_km: NDArray[np.float64]) -> Self:
        """The same links at every moment, so that a topology is a `TopologyRule`."""
        return self


class TopologyRule(Protocol):
    """Says which satellites are linked when they stand where they stand."""

    def at(self, teme_km: NDArray[np.float64]) -> Topology:
        """Links of S satellites at TEME positions [km] of shape (S, 3)."""


def ring(walker: Walker) -> Topology:
    """Each plane a ring of in-plane links; a ring of two is one link, of one none."""
    return from_slots(np.column_stack([*_in_plane(walker), *_nobody(walker), *_nobody(walker)]))


def plus_grid(walker: Walker, plain_wrap: bool = False) -> Topology:
    """+Grid: both in-plane neighbours, and the same slot in both neighbouring planes.

    Between the last plane and the first a Delta has advanced by `phasing` slots (f · 360°/t of phase for
    each of p planes is f · 360°/(t/p)), so slot s links to slot s + f there. A Star has no links across
    the seam, where its planes counter-rotate. One plane gives the ring.

    Args:
        walker: the constellation.
        plain_wrap: link equal slots across the wrap, as some simulators do.
    """
    right, left = _cross_plane(walker, 0 if plain_wrap else walker.phasing % walker.per_plane)
    return from_slots(np.column_stack([*_in_plane(walker), left, right]))


def from_pairs(pairs: ArrayLike, satellites: int, source: str = "pairs") -> Topology:
    """Links from a list of pairs, in its order.

    Args:
        pairs: satellite numbers from 0, shape (K, 2).
        satellites: S.
        source: what to name in errors.

    Raises:
        InputError: names the first pair with an unknown satellite, with equal ends, or that comes twice.
    """
    table = _pair_table(pairs, source)
    _check_pairs(table, satellites, source)
    return in_ascending_slots(table, satellites)


def in_ascending_slots(table: NDArray[np.int64], satellites: int, least_slots: int = 0) -> Topology:
    """Links from pairs known to be right, each satellite's neighbours ascending in its slots.

    Args:
        table: two unlike satellites of each link, shape (K, 2), no pair twice in either order.
        satellites: S.
        least_slots: slots of each satellite even where fewer are used.
    """
    degree = np.bincount(table.ravel(), minlength=satellites)
    neighbours = np.full((satellites, int(degree.max(initial=least_slots))), NONE, dtype=np.int64)
    links = neighbours.copy()
    ends = np.concatenate([table, table[:, ::-1]])
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    slot = np.arange(len(ends)) - np.repeat(np.cumsum(degree) - degree, degree)
    neighbours[ends[order, 0], slot] = ends[order, 1]
    links[ends[order, 0], slot] = order % max(len(table), 1)
    return Topology(satellites, table, neighbours, links)


def from_slots(neighbours: NDArray[np.int64]) -> Topology:
    """Number the links of a slot table, in which each stands at both its ends.

    Args:
        neighbours: the satellite behind each slot, −1 where none, shape (S, D).
    """
    satellites = len(neighbours)
    own = np.broadcast_to(np.arange(satellites)[:, None], neighbours.shape)
    present = neighbours != NONE
    low, high = np.minimum(own, neighbours), np.maximum(own, neighbours)
    keys, rows = np.unique((low * satellites + high)[present], return_inverse=True)
    links = np.full(neighbours.shape, NONE, dtype=np.int64)
    links[present] = rows
    return Topology(satellites, np.column_stack([keys // satellites, keys % satellites]), neighbours, links)


def _pair_table(pairs: ArrayLike, source: str) -> NDArray[np.int64]:
    table = np.asarray(pairs)
    if table.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if table.ndim != 2 or table.shape[1] != 2 or not np.issubdtype(table.dtype, np.integer):
        raise InputError(source, "", "must be pairs of satellite numbers, shape (K, 2)")
    return table.astype(np.int64)


def _check_pairs(table: NDArray[np.int64], satellites: int, source: str) -> None:
    seen: set[tuple[int, int]] = set()
    for index, (a, b) in enumerate(table.tolist()):
        where = f"pair {index} ({a} {b})"
        if not (0 <= a < satellites and 0 <= b < satellites):
            raise InputError(source, where, f"satellites are numbered 0 to {satellites - 1}")
        if a == b:
            raise InputError(source, where, "links a satellite to itself")
        if (min(a, b), max(a, b)) in seen:
            raise InputError(source, where, "comes twice; links are undirected")
        seen.add((min(a, b), max(a, b)))


def _nobody(walker: Walker) -> tuple[NDArray[np.int64]]:
    return (np.full(walker.total, NONE, dtype=np.int64),)


def _in_plane(walker: Walker) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    size, slot = walker.per_plane, walker.slot_of
    first = walker.plane_of * size
    fore, aft = first + (slot + 1) % size, first + (slot - 1) % size
    return (fore if size > 1 else _nobody(walker)[0]), (aft if size > 2 else _nobody(walker)[0])


def _cross_plane(walker: Walker, shift: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    size, planes, plane, slot = walker.per_plane, walker.planes, walker.plane_of, walker.slot_of
    right, left = (plane + 1) * size + slot, (plane - 1) * size + slot
    # two planes with no shift would meet the same neighbour on both sides: one link, not two
    wraps = walker.pattern == "delta" and (planes > 2 or (planes == 2 and shift != 0))
    last, first = plane == planes - 1, plane == 0
    right[last] = (slot[last] + shift) % size if wraps else NONE
    left[first] = (planes - 1) * size + (slot[first] - shift) % size if wraps else NONE
    return right, left
