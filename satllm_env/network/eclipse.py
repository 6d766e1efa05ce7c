"""The Earth's shadow: how much of the Sun a satellite sees."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.network.constants import WGS84_RADIUS_KM

ShadowModel = Literal["conical", "cylindrical"]

SUN_RADIUS_KM = 695_700.0
"""[km] nominal solar radius (IAU 2015 resolution B3)."""


def illuminated_fraction(
    satellite_km: NDArray[np.float64], sun_km: NDArray[np.float64], shadow: ShadowModel = "conical"
) -> NDArray[np.float64]:
    """Share of the Sun's disk that the Earth leaves in sight.

    The Earth is a sphere of the WGS84 equatorial radius without an atmosphere.

    Args:
        satellite_km: [km] from the Earth's centre, shape (..., 3), such as (S, T, 3) or (S, 3).
        sun_km: [km] in the same frame, of a shape that broadcasts against it, such as (T, 3) or (3,).
        shadow: ``"conical"``, with a penumbra between light and umbra, or ``"cylindrical"``, where the Sun
            is a point infinitely far away.

    Returns:
        [1] 0 in full shadow to 1 in full light, shape (...).

    Raises:
        InputError: an unknown shadow.
    """
    check_shadow(shadow)
    return (_conical if shadow == "conical" else _cylindrical)(satellite_km, sun_km)


def check_shadow(shadow: str) -> None:
    """Refuse an unknown shadow model.

    Raises:
        InputError: it is neither conical nor cylindrical.
    """
    if shadow not in get_args(ShadowModel):
        raise InputError("eclipse", "shadow", f"must be 'conical' or 'cylindrical' (got {shadow!r})")


def _conical(satellite_km: NDArray[np.float64], sun_km: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overlap of two disks in the satellite's sky (Montenbruck and Gill, "Satellite Orbits", 3.4.2)."""
    to_sun_km = sun_km - satellite_km
    distance_km, radius_km = _norm(to_sun_km), _norm(satellite_km)
    sun = np.arcsin(SUN_RADIUS_KM / distance_km)
    earth = np.arcsin(np.minimum(WGS84_RADIUS_KM / radius_km, 1.0))
    cosine = -_dot(satellite_km, to_sun_km) / (radius_km * distance_km)
    apart = np.arccos(np.clip(cosine, -1.0, 1.0))
    return np.clip(1.0 - _overlap(sun, earth, apart) / (np.pi * sun**2), 0.0, 1.0)


def _overlap(
    a: NDArray[np.float64], b: NDArray[np.float64], apart: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area common to two circles of radii a and b; clipping makes it 0 apart, the smaller circle inside."""
    c = np.maximum(apart, 1e-12)
    from_a = np.clip((c**2 + a**2 - b**2) / (2 * c), -a, a)
    from_b = np.clip((c**2 + b**2 - a**2) / (2 * c), -b, b)
    half_chord = np.sqrt(a**2 - from_a**2)
    area: NDArray[np.float64] = a**2 * np.arccos(from_a / a) + b**2 * np.arccos(from_b / b) - c * half_chord
    return area


def _cylindrical(satellite_km: NDArray[np.float64], sun_km: NDArray[np.float64]) -> NDArray[np.float64]:
    towards = sun_km / _norm(sun_km)[..., None]
    along_km = _dot(satellite_km, towards)
    across_km = _norm(satellite_km - along_km[..., None] * towards)
    return np.where((along_km < 0) & (across_km < WGS84_RADIUS_KM), 0.0, 1.0)


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = (a * b).sum(axis=-1)
    return product


def _norm(a: NDArray[np.float64]) -> NDArray[np.float64]:
    length: NDArray[np.float64] = np.sqrt(_dot(a, a))
    return length
