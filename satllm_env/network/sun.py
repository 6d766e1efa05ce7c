"""Where the Sun is, to better than 0.01°."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satllm_env.network.epochs import check_epoch, julian_utc

ASTRONOMICAL_UNIT_KM = 149_597_870.7
"""[km] exact since IAU 2012 resolution B2."""

_J2000_JD = 2_451_545.0
_1900_JD = 2_415_020.0

# amplitude [deg], phase [deg], rate [deg per Julian century since 1900 January 0.5]: the largest terms of
# Venus (two), Jupiter and the Moon in the Sun's longitude, after Newcomb (Meeus, "Astronomical Formulae for
# Calculators", chapter 18; its sine of the Moon's term written as a cosine)
_PERTURBATIONS = np.array(
    [
        (0.00134, 153.23, 22_518.7541),
        (0.00154, 216.57, 45_037.5082),
        (0.00200, 312.69, 32_964.3577),
        (0.00179, 260.74, 445_267.1142),
    ]
)


def sun_position_km(epoch: datetime, times_s: ArrayLike) -> NDArray[np.float64]:
    """Geocentric apparent position of the Sun in TEME.

    The low-precision formulas of the Astronomical Almanac (page C5), which leave nutation out and so refer to
    the mean equinox as TEME does, with the largest terms of Venus, Jupiter and the Moon added. From 1972 to
    2050 the direction is within 0.008° and the distance within 0.0001 au of an accurate ephemeris.

    Args:
        epoch: UTC.
        times_s: [s] after the epoch, scalar or shape (T,).

    Returns:
        [km] shape (T, 3).

    Raises:
        InputError: an epoch without a time zone, or before 1972.
    """
    midnight_jd, day = julian_utc(check_epoch(epoch))
    # the minute between UTC and dynamical time moves the Sun by 0.0008°
    since_midnight = day + np.atleast_1d(np.asarray(times_s, dtype=np.float64)) / 86_400.0
    days = midnight_jd - _J2000_JD + since_midnight
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(
        280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly) + _pull_deg(days)
    )
    obliquity = np.radians(23.439 - 4e-7 * days)
    distance_au = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)
    direction = np.column_stack(
        [np.cos(longitude), np.cos(obliquity) * np.sin(longitude), np.sin(obliquity) * np.sin(longitude)]
    )
    position_km: NDArray[np.float64] = ASTRONOMICAL_UNIT_KM * distance_au[:, None] * direction
    return position_km


def _pull_deg(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """[deg] of longitude by other bodies' pull, at [d] since J2000, shape (T,)."""
    centuries = (days + _J2000_JD - _1900_JD) / 36_525.0
    amplitude, phase, rate = _PERTURBATIONS.T
    pull_deg: NDArray[np.float64] = np.cos(np.radians(phase + rate * centuries[:, None])) @ amplitude
    return pull_deg
