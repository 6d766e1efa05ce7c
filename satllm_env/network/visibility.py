"""Who sees whom: chords between satellites, elevation and range from the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.constants import LINK_ALTITUDE_FLOOR_KM, WGS84_FLATTENING, WGS84_RADIUS_KM
from satllm_env.network.stations import Station


def chord_altitude_km(a_km: NDArray[np.float64], b_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """[km] lowest altitude of the straight segments a to b, for any two radii.

    Altitude is above a sphere of the WGS84 equatorial radius, 6378.137 km: no part of the Earth reaches
    outside it, so a chord found clear is clear everywhere, and 80 km at 550 km altitude gives the usual
    longest link of 5,016 km.

    Args:
        a_km: [km] from the Earth's centre, any frame, shape (..., 3).
        b_km: [km] the same frame and shape.

    Returns:
        [km] shape (...).
    """
    nearest_km = a_km + nearest_share(a_km, b_km)[..., None] * (b_km - a_km)
    distance_km: NDArray[np.float64] = np.sqrt(np.einsum("...i,...i->...", nearest_km, nearest_km))
    return distance_km - WGS84_RADIUS_KM


def nearest_share(a_km: NDArray[np.float64], b_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """[1] how far from a to b the segment's point nearest the Earth's centre lies, shape (...).

    It is ``clip(−a·d / d·d, 0, 1)`` with ``d = b − a``; shapes of a and b as in `chord_altitude_km`.
    """
    d_km = b_km - a_km
    squared = np.einsum("...i,...i->...", d_km, d_km)
    along = -np.einsum("...i,...i->...", a_km, d_km) / np.where(squared > 0, squared, 1.0)
    share: NDArray[np.float64] = np.clip(along, 0.0, 1.0)
    return share


def line_of_sight(a_km: NDArray[np.float64], b_km: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the segments a to b stay at or above 80 km altitude; shapes as in `chord_altitude_km`."""
    return chord_altitude_km(a_km, b_km) >= LINK_ALTITUDE_FLOOR_KM


@dataclass(frozen=True, eq=False)
class Sites:
    """Ground stations as vectors fixed to the Earth."""

    itrs_km: NDArray[np.float64]
    """[km] positions, shape (G, 3)."""
    up: NDArray[np.float64]
    """[1] outward normals of the ellipsoid, the local vertical, shape (G, 3)."""


def sites_of(stations: Sequence[Station]) -> Sites:
    """Place stations on the WGS84 ellipsoid (NGA.STND.0036, geodetic to Cartesian)."""
    table = np.array([(s.lat_deg, s.lon_deg, s.elev_m) for s in stations], dtype=np.float64).reshape(-1, 3)
    latitude, longitude, height_km = np.radians(table[:, 0]), np.radians(table[:, 1]), table[:, 2] / 1000
    up = np.column_stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )
    squared_eccentricity = WGS84_FLATTENING * (2 - WGS84_FLATTENING)
    normal_km = WGS84_RADIUS_KM / np.sqrt(1 - squared_eccentricity * np.sin(latitude) ** 2)
    itrs_km = (normal_km + height_km)[:, None] * up
    itrs_km[:, 2] -= squared_eccentricity * normal_km * up[:, 2]
    return Sites(itrs_km, up)


def above_horizon(sites: Sites, itrs_km: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each satellite is at or above each site's horizontal plane.

    Args:
        sites: G ground stations.
        itrs_km: [km] satellites, shape (S, T, 3).

    Returns:
        shape (T, G, S).
    """
    ground_km = np.einsum("gi,gi->g", sites.up, sites.itrs_km)
    height_km = np.tensordot(itrs_km, sites.up, axes=(2, 1))  # (S, T, G)
    above: NDArray[np.bool_] = height_km >= ground_km
    return above.transpose(1, 2, 0)


def look(
    up: NDArray[np.float64], site_km: NDArray[np.float64], satellite_km: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Elevation above the horizon and slant range, geometric (no refraction, no light time).

    Args:
        up: [1] local vertical, shape (..., 3).
        site_km: [km] ITRS, shape (..., 3).
        satellite_km: [km] ITRS, shape (..., 3).

    Returns:
        [deg] elevation and [m] range, shapes (...).
    """
    ray_km = satellite_km - site_km
    range_km = np.sqrt(np.einsum("...i,...i->...", ray_km, ray_km))
    sine = np.einsum("...i,...i->...", up, ray_km) / range_km
    return np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))), 1000.0 * range_km
