"""From SGP4's inertial frame TEME to the rotating Earth frame ITRS."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.epochs import julian_ut1

_J2000_JD = 2_451_545.0


def gmst82_rad(day_jd: float, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """[rad] Greenwich mean sidereal time of the IAU 1982 model, shape (T,).

    In seconds ``67310.54841 + (876600·3600 + 8640184.812866) T + 0.093104 T² − 6.2e−6 T³`` with ``T`` in
    Julian centuries of UT1 since J2000 (Aoki et al. 1982, A&A 105; Vallado et al. 2006, AIAA 2006-6753).
    The term of 876,600 hours is one turn a day, so it is taken from the day's fraction alone, which keeps
    all digits.

    Args:
        day_jd: [d] Julian date in UT1, whole part.
        fraction: [d] the rest, shape (T,).
    """
    centuries = (day_jd - _J2000_JD + fraction) / 36_525.0
    drift_s = 67_310.54841 + centuries * (8_640_184.812866 + centuries * (0.093104 - 6.2e-6 * centuries))
    turns = (day_jd - _J2000_JD) % 1.0 + fraction + drift_s / 86_400.0
    return 2 * np.pi * (turns % 1.0)


def earth_rotation_rad(epoch: datetime, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[rad] angle from TEME's x axis to the prime meridian, [s] after a UTC epoch, shape (T,)."""
    return gmst82_rad(*julian_ut1(epoch, times_s))


def teme_to_itrs(teme_km: NDArray[np.float64], angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotate about the pole by the sidereal time (Vallado et al. 2006, AIAA 2006-6753, appendix C).

    Polar motion, up to 0.6″ or 20 m on the ground, is left out: skyfield's default does the same.

    Args:
        teme_km: [km] shape (S, T, 3).
        angle_rad: [rad] shape (T,).

    Returns:
        [km] shape (S, T, 3).
    """
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    x, y = teme_km[..., 0], teme_km[..., 1]
    itrs_km = np.empty_like(teme_km)
    itrs_km[..., 0] = cos * x + sin * y
    itrs_km[..., 1] = cos * y - sin * x
    itrs_km[..., 2] = teme_km[..., 2]
    return itrs_km
