"""Contact windows: when stations see satellites, and satellites each other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from satllm_env.network.arrays import Array, Flags, Numbers
from satllm_env.network.checks import check_number
from satllm_env.network.constants import LINK_ALTITUDE_FLOOR_KM
from satllm_env.network.interpolation import InterpolatedEphemeris, check_span, interpolate, longest_step_s
from satllm_env.network.orbits import Constellation
from satllm_env.network.passes import Marks, Passes, Sight, marks_of, merged, passes_of
from satllm_env.network.sights import LinkSight, StationSight
from satllm_env.network.stations import Station
from satllm_env.network.topology import from_pairs
from satllm_env.network.visibility import sites_of

BATCH_ROWS = 200_000
"""Satellites or links times steps that are worked on at once; keeps long spans within some 100 MB."""
TOLERANCE_M = 1.0
"""[m] of interpolated positions, which a satellite in low orbit covers in 0.1 ms."""


@dataclass(frozen=True, eq=False)
class StationWindows:
    """Contacts of stations and satellites, by station, satellite, then time; all shapes (W,).

    A contact that lasts beyond the span asked for is clipped: its rise is then the start, or its set the
    end, and the culmination is the highest moment within the span.
    """

    gid: Numbers
    sat: Numbers
    rise_s: Array
    culmination_s: Array
    """[s] when the elevation is greatest."""
    set_s: Array
    max_elevation_deg: Array
    """[deg] at the culmination."""
    clipped_start: Flags
    """Whether the contact was there at the start already."""
    clipped_end: Flags
    """Whether the contact is still there at the end."""


@dataclass(frozen=True, eq=False)
class LinkWindows:
    """Lines of sight of pairs of satellites, by pair in the order given, then time; all shapes (W,).

    Clipped as `StationWindows`: a pair that always sees each other has one window, clipped at both ends.
    """

    pair: Numbers
    """Row of the list of pairs."""
    a: Numbers
    b: Numbers
    rise_s: Array
    culmination_s: Array
    """[s] when the chord is highest above the Earth."""
    set_s: Array
    max_altitude_km: Array
    """[km] of the chord's lowest point at the culmination."""
    clipped_start: Flags
    clipped_end: Flags


def station_windows(
    constellation: Constellation,
    stations: Sequence[Station],
    start_s: float,
    end_s: float,
    min_elevation_deg: float,
) -> StationWindows:
    """All contacts of a span of time, however short.

    Args:
        constellation: S satellites.
        stations: G stations, numbered from 0 as `gid`.
        start_s: [s] after the epoch.
        end_s: [s] later than the start.
        min_elevation_deg: [deg] contacts are from this elevation up, 0 to 90, without refraction.

    Raises:
        InputError: a value out of its range, or as `interpolate`.
    """
    check_number("windows", "min_elevation_deg", min_elevation_deg, 0, 90, " deg")
    sites, satellites = sites_of(stations), len(constellation)

    def sight(ephemeris: InterpolatedEphemeris) -> StationSight:
        return StationSight(ephemeris, sites, min_elevation_deg)

    passes = passes_over(constellation, start_s, end_s, satellites, sight)
    gid, sat = divmod(passes.row, max(satellites, 1))
    return StationWindows(
        gid,
        sat,
        passes.rise_s,
        passes.culmination_s,
        passes.set_s,
        passes.greatest + min_elevation_deg,
        passes.clipped_start,
        passes.clipped_end,
    )


def link_windows(constellation: Constellation, pairs: ArrayLike, start_s: float, end_s: float) -> LinkWindows:
    """All lines of sight of a span of time: chords that stay at or above 80 km.

    Args:
        constellation: S satellites.
        pairs: satellite numbers from 0, shape (K, 2), no pair twice.
        start_s: [s] after the epoch.
        end_s: [s] later than the start.

    Raises:
        InputError: pairs as `from_pairs`, the rest as `interpolate`.
    """
    table = from_pairs(pairs, len(constellation)).pairs

    def sight(ephemeris: InterpolatedEphemeris) -> LinkSight:
        return LinkSight(ephemeris, table)

    passes = passes_over(constellation, start_s, end_s, max(len(constellation), len(table)), sight)
    a, b = table[passes.row].T
    return LinkWindows(
        passes.row,
        a,
        b,
        passes.rise_s,
        passes.culmination_s,
        passes.set_s,
        passes.greatest + LINK_ALTITUDE_FLOOR_KM,
        passes.clipped_start,
        passes.clipped_end,
    )


def passes_over(
    constellation: Constellation,
    start_s: float,
    end_s: float,
    rows: int,
    sight: Callable[[InterpolatedEphemeris], Sight],
) -> Passes:
    """Passes over a whole span, worked out part by part.

    Args:
        constellation: S satellites.
        start_s: [s] after the epoch.
        end_s: [s] later than the start.
        rows: what a part's work and memory grow with, at each step.
        sight: from a part's positions.
    """
    check_span("windows", start_s, end_s)
    steps = (end_s - start_s) / longest_step_s(constellation.elements, TOLERANCE_M)
    parts = max(1, math.ceil(steps * rows / BATCH_ROWS))
    edges_s = np.linspace(start_s, end_s, parts + 1).tolist()
    marks: list[Marks] = []
    before = 0
    for part, (low_s, high_s) in enumerate(itertools.pairwise(edges_s)):
        ephemeris = interpolate(constellation, low_s, high_s, TOLERANCE_M)
        marks.append(marks_of(sight(ephemeris), ephemeris.knots_s, part == 0, part == parts - 1, before))
        before += ephemeris.intervals
    return passes_of(merged(marks))
