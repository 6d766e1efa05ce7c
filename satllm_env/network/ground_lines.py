"""Links and orbits as lines over the Earth: longitude, latitude, height, cut at ±180°."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from satllm_env.antimeridian import Line, cut_at_antimeridian
from satllm_env.network.geodetic import geodetic
from satllm_env.network.orbits import Constellation
from satllm_env.network.snapshot import Snapshot
from satllm_env.network.stations import Station
from satllm_env.network.visibility import sites_of

_STEP_DEG = 2.0
"""[deg] seen from the Earth's centre, between neighbouring points of a line."""

Pieces = list[Line]
"""A line cut at ±180°, each piece longitude [deg], latitude [deg] and height [km], shape (N, 3)."""


def isl_lines(snapshot: Snapshot) -> list[Pieces]:
    """The usable inter-satellite links, in the order of their table."""
    isl, itrs_km = snapshot.isl, snapshot.itrs_km
    return chord_lines(itrs_km[isl.a[isl.usable]], itrs_km[isl.b[isl.usable]])


def downlink_lines(snapshot: Snapshot, stations: Sequence[Station]) -> list[Pieces]:
    """The usable downlinks, from satellite to station, in the order of their table."""
    ground, sites_km = snapshot.ground, sites_of(stations).itrs_km
    return chord_lines(snapshot.itrs_km[ground.sat[ground.usable]], sites_km[ground.gid[ground.usable]])


def chord_lines(a_km: NDArray[np.float64], b_km: NDArray[np.float64]) -> list[Pieces]:
    """The straight segments from a to b, over the points that lie below them.

    Args:
        a_km: [km] ITRS, shape (K, 3), not on opposite sides of the Earth's centre.
        b_km: [km] the same, shape (K, 3).

    Returns:
        K lines from a to b.
    """
    if len(a_km) == 0:
        return []
    points = geodetic(chord_points(a_km, b_km))
    return [cut_at_antimeridian(line) for line in points]


def chord_points(a_km: NDArray[np.float64], b_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of straight segments, evenly spread in the angle at the Earth's centre.

    The direction at the share s of the angle γ is ``(sin((1 − s)γ) â + sin(sγ) b̂) / sin γ``; the point of
    the segment in that direction is ``a + u (b − a)`` with u to 1 − u as its weights over the radii.

    Args:
        a_km: [km] shape (K, 3), K above 0.
        b_km: [km] shape (K, 3).

    Returns:
        [km] shape (K, P, 3), from a to b, P for steps of at most 2° in the longest of them.
    """
    a_radius, b_radius = np.linalg.norm(a_km, axis=1), np.linalg.norm(b_km, axis=1)
    cross = np.linalg.norm(np.cross(a_km, b_km), axis=1)
    angle = np.arctan2(cross, np.einsum("ki,ki->k", a_km, b_km))[:, None]
    share = np.linspace(0.0, 1.0, 1 + max(1, math.ceil(np.degrees(angle.max()) / _STEP_DEG)))
    from_a = np.sin((1 - share) * angle) / a_radius[:, None]
    from_b = np.sin(share * angle) / b_radius[:, None]
    flat = angle < 1e-9  # one above the other: any spacing will do
    along = np.where(flat, share, from_b / np.where(flat, 1.0, from_a + from_b))[..., None]
    return np.asarray((1 - along) * a_km[:, None] + along * b_km[:, None])


def track_lines(constellation: Constellation, t_s: float) -> list[Pieces]:
    """Ground tracks: the points below each satellite over one revolution, of the slowest.

    Args:
        constellation: S satellites.
        t_s: [s] after the epoch, the middle of the revolution.

    Returns:
        S lines in the direction of flight.
    """
    periods_s = 120.0 * math.pi / constellation.elements.mean_motion_rad_min
    steps = math.ceil(360.0 / _STEP_DEG * periods_s.max() / periods_s.min())
    times_s = t_s + periods_s.max() * np.linspace(-0.5, 0.5, steps + 1)
    points = geodetic(constellation.propagate(times_s).itrs_km)
    return [cut_at_antimeridian(line) for line in points]
