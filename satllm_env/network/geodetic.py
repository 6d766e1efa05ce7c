"""From Earth-fixed positions to longitude, latitude and height."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.constants import WGS84_FLATTENING, WGS84_RADIUS_KM

_ITERATIONS = 2
"""Of Bowring's formula: after one the latitude is good to 5e−7° at any height, after two to 3e−14°."""


def geodetic(itrs_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Geodetic coordinates on the WGS84 ellipsoid, for instance of sub-satellite points.

    The latitude is the angle of the ellipsoid's normal, up to 0.19° from the geocentric one. With β the
    reduced latitude, ``tan φ = (z + e'² b sin³β) / (p − e² a cos³β)`` and ``tan β = (1 − f) tan φ``, in
    turn (Bowring 1976, "Transformation from spatial to geographical coordinates", Survey Review 23).

    Args:
        itrs_km: [km] not within 1,000 km of the Earth's centre, shape (..., 3).

    Returns:
        [deg] east longitude from −180 to 180, [deg] latitude, and [km] height above the ellipsoid, in the
        order that maps and GeoJSON use; shape (..., 3).
    """
    x, y, z = np.moveaxis(np.asarray(itrs_km, dtype=np.float64), -1, 0)
    a_km, squared = WGS84_RADIUS_KM, WGS84_FLATTENING * (2 - WGS84_FLATTENING)
    b_km, second_squared = a_km * (1 - WGS84_FLATTENING), squared / (1 - squared)
    p = np.hypot(x, y)
    reduced = np.arctan2(a_km * z, b_km * p)
    for _ in range(_ITERATIONS):
        rise = z + second_squared * b_km * np.sin(reduced) ** 3
        latitude = np.arctan2(rise, p - squared * a_km * np.cos(reduced) ** 3)
        reduced = np.arctan2((1 - WGS84_FLATTENING) * np.sin(latitude), np.cos(latitude))
    sine = np.sin(latitude)
    # along the normal; unlike p / cos φ − N it keeps its digits at the poles
    height_km = p * np.cos(latitude) + z * sine - a_km * np.sqrt(1 - squared * sine**2)
    return np.stack([np.degrees(np.arctan2(y, x)), np.degrees(latitude), height_km], axis=-1)
