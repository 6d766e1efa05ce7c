"""A network and a moment in words, for titles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.constants import WGS72_MU_KM3_S2, WGS72_RADIUS_KM
from satllm_env.network.orbits import Constellation
from satllm_env.network.utc import utc_texts


def constellation_text(constellation: Constellation) -> str:
    """``144 satellites in 12 planes at 550 km, inclination 53°``; planes only where they are known.

    The altitude is that of the mean motion, ``(μ / n²)^(1/3) − 6378.135 km`` with the WGS72 μ, as Walker
    constellations are given.
    """
    elements = constellation.elements
    motion_rad_s = elements.mean_motion_rad_min / 60.0
    altitude_km = np.cbrt(WGS72_MU_KM3_S2 / motion_rad_s**2) - WGS72_RADIUS_KM
    text = plural(len(constellation), "satellite")
    if constellation.planes is not None:
        planes = np.unique(constellation.planes[constellation.planes >= 0])
        text += f" in {plural(len(planes), 'plane')}"
    inclination = _span(np.degrees(elements.inclination_rad), 1)
    return f"{text} at {_span(altitude_km, 0)} km, inclination {inclination}°"


def moment_text(constellation: Constellation, t_s: float) -> str:
    """``epoch 2025-01-01T00:00:00Z · t = 600 s (2025-01-01T00:10:00Z)``."""
    epoch, moment = utc_texts(constellation.epoch, [0.0, t_s])
    return f"epoch {epoch}" + (f" · t = {t_s:,.10g} s ({moment})" if t_s else " · t = 0 s")


def plural(number: int, noun: str) -> str:
    """``1 satellite``, ``1,584 satellites``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _span(values: NDArray[np.float64], digits: int) -> str:
    ends = (f"{round(float(end), digits):,.10g}" for end in (values.min(), values.max()))
    return "–".join(dict.fromkeys(ends))
