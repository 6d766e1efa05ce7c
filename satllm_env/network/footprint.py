"""Where satellites stand that a station sees at its minimum elevation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satllm_env.antimeridian import cut_at_antimeridian
from satllm_env.network.geodetic import geodetic
from satllm_env.network.ground_lines import Pieces
from satllm_env.network.visibility import Sites

_POINTS = 181


def footprint_lines(sites: Sites, elevation_deg: float, radius_km: float) -> list[Pieces]:
    """Points below satellites at one distance from the Earth's centre and one elevation.

    On the ray of direction r from the site s, ``abs(s + d r) = radius`` for
    ``d = −s·r + sqrt((s·r)² − s² + radius²)``; the satellite is the ray's end.

    Args:
        sites: G ground stations.
        elevation_deg: [deg] 0 to 90.
        radius_km: [km] of the satellites, more than that of any site.

    Returns:
        G closed lines, around by azimuth.
    """
    azimuth = np.linspace(0.0, 2 * np.pi, _POINTS)[:, None, None]
    elevation = np.radians(elevation_deg)
    level = np.cos(azimuth) * _north(sites.up) + np.sin(azimuth) * _east(sites.up)
    ray = np.cos(elevation) * level + np.sin(elevation) * sites.up  # (A, G, 3)
    along_km = np.einsum("agi,gi->ag", ray, sites.itrs_km)
    squared_km2 = np.einsum("gi,gi->g", sites.itrs_km, sites.itrs_km)
    range_km = np.sqrt(along_km**2 - squared_km2 + radius_km**2) - along_km
    points = geodetic(sites.itrs_km + range_km[..., None] * ray)
    return [cut_at_antimeridian(points[:, site]) for site in range(len(sites.up))]


def _east(up: NDArray[np.float64]) -> NDArray[np.float64]:
    longitude = np.arctan2(up[:, 1], up[:, 0])
    return np.column_stack([-np.sin(longitude), np.cos(longitude), np.zeros(len(up))])


def _north(up: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.cross(up, _east(up))
