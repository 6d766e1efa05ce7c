"""Nearest-neighbour links, chosen anew at each moment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from satllm_env.network.checks import check_count, check_positive
from satllm_env.network.constants import LINK_ALTITUDE_FLOOR_KM, WGS84_RADIUS_KM
from satllm_env.network.topology import Topology, in_ascending_slots
from satllm_env.network.visibility import line_of_sight

MAX_TERMINALS = 64
_MM_PER_KM = 1e6
_GROWTH = 1.5
"""By how much the searched range grows from one round to the next."""


@dataclass(frozen=True)
class NearestNeighbours:
    """Links the nearest pairs first, as long as both satellites have a terminal free.

    Of all pairs that see each other above 80 km, and that are within range, the shortest is linked, then
    the next, passing over those with a satellite that has all its terminals in use. Lengths are compared
    in whole millimetres, then by the satellites' numbers, so that rounding errors do not choose.

    Args:
        terminals: links of a satellite at most, and its slots: 1 to 64.
        max_range_m: [m] longest link; None is as far as the line of sight reaches, 5,016 km at 550 km
            altitude.

    Raises:
        InputError: a value out of its range.
    """

    terminals: int = 4
    max_range_m: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        check_count("nearest neighbours", "terminals", self.terminals, 1, MAX_TERMINALS)
        if self.max_range_m is not None:
            check_positive("nearest neighbours", "max_range_m", self.max_range_m)

    def at(self, teme_km: NDArray[np.float64]) -> Topology:
        """Links of satellites at positions [km], shape (S, 3); neighbours ascend in the slots.

        Searched in rounds of growing range: a pair farther apart matters only while both satellites
        still have a terminal free, and few do.
        """
        free = [self.terminals] * len(teme_km)
        links: list[tuple[int, int]] = []
        limit_mm, below_mm, up_to_mm = self._limit_mm(teme_km), -1, self._first_mm(teme_km)
        while below_mm < limit_mm:
            up_to_mm = min(up_to_mm, limit_mm)
            seekers = np.flatnonzero(free)
            for a, b in _pairs(teme_km, seekers, below_mm, up_to_mm):
                if free[a] and free[b]:
                    free[a] -= 1
                    free[b] -= 1
                    links.append((a, b))
            below_mm, up_to_mm = up_to_mm, math.ceil(_GROWTH * up_to_mm)
        table = np.array(links, dtype=np.int64).reshape(-1, 2)
        return in_ascending_slots(table, len(teme_km), self.terminals)

    def _limit_mm(self, teme_km: NDArray[np.float64]) -> int:
        """No link is longer: two tangents from the highest satellite to the sphere that chords clear."""
        squared = np.einsum("si,si->s", teme_km, teme_km).max(initial=0.0)
        floor_km = WGS84_RADIUS_KM + LINK_ALTITUDE_FLOOR_KM
        limit_km = 2 * math.sqrt(max(0.0, squared - floor_km**2))
        if self.max_range_m is not None:
            limit_km = min(limit_km, self.max_range_m / 1000)
        return math.floor(limit_km * _MM_PER_KM)

    def _first_mm(self, teme_km: NDArray[np.float64]) -> int:
        """A range within which about twice as many neighbours are as there are terminals.

        Of S satellites spread over a sphere, ``S d² / 4r²`` are within d of one.
        """
        radius_km = np.sqrt(np.einsum("si,si->s", teme_km, teme_km).mean()) if len(teme_km) else 0.0
        first_km = 2 * radius_km * math.sqrt(2 * self.terminals / max(len(teme_km), 1))
        return max(1, math.ceil(first_km * _MM_PER_KM))


def _pairs(
    teme_km: NDArray[np.float64], seekers: NDArray[np.int64], below_mm: int, up_to_mm: int
) -> list[tuple[int, int]]:
    """Pairs of seekers with a line of sight and a length above one and up to another, nearest first."""
    tree = cKDTree(teme_km[seekers])
    # a millimetre more, as lengths are rounded
    found = seekers[tree.query_pairs((up_to_mm + 1) / _MM_PER_KM, output_type="ndarray")]
    a, b = np.sort(found, axis=1).T
    length_mm = np.rint(np.linalg.norm(teme_km[b] - teme_km[a], axis=1) * _MM_PER_KM).astype(np.int64)
    near = np.flatnonzero((length_mm > below_mm) & (length_mm <= up_to_mm))
    near = near[line_of_sight(teme_km[a[near]], teme_km[b[near]])]
    order = near[np.lexsort((b[near], a[near], length_mm[near]))]
    return list(zip(a[order].tolist(), b[order].tolist(), strict=True))
