"""Which part of the Earth a map shows, and the part that holds some places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from satllm_env.antimeridian import wrap_deg
from satllm_env.problem.instance import Floats

MIN_HEIGHT_DEG = 64.0
"""Of a part of the Earth, so that its coasts can be recognised."""
_MARGIN_DEG = 12.0


@dataclass(frozen=True)
class MapView:
    """A rectangle of longitudes and latitudes."""

    lon_deg: float
    """[deg] of its centre, where the map's x is 0."""
    lat_deg: float
    """[deg] of its centre"""
    width_deg: float
    """[deg] at most 360"""
    height_deg: float
    """[deg] at most 180"""

    @property
    def x_range(self) -> tuple[float, float]:
        """[deg] east of its centre."""
        return -self.width_deg / 2, self.width_deg / 2

    @property
    def y_range(self) -> tuple[float, float]:
        """[deg] latitude."""
        return self.lat_deg - self.height_deg / 2, self.lat_deg + self.height_deg / 2

    def holds(self, place: Floats) -> bool:
        """Whether a place, (2,) degrees east of the centre and latitude, lies within."""
        (west, east), (south, north) = self.x_range, self.y_range
        return bool(west <= place[0] <= east and south <= place[1] <= north)


def whole_earth(lat_limit_deg: float) -> MapView:
    """Every longitude, and latitudes up to a limit."""
    return MapView(0.0, 0.0, 360.0, 2 * lat_limit_deg)


def view_around(lon_deg: Floats, lat_deg: Floats, aspect: float) -> MapView:
    """The smallest view of an aspect that holds some places with a margin, on either side of ±180°.

    Args:
        lon_deg: (K,) longitudes [deg], K ≥ 1.
        lat_deg: (K,) latitudes [deg].
        aspect: width of the map by its height.
    """
    centre_deg, span_deg = _arc(lon_deg)
    low, high = float(lat_deg.min()), float(lat_deg.max())
    height = max(MIN_HEIGHT_DEG, high - low + 2 * _MARGIN_DEG, (span_deg + 2 * _MARGIN_DEG) / aspect)
    height = min(180.0, height)
    width = min(360.0, aspect * height)
    to_the_pole = 90.0 - height / 2
    return MapView(centre_deg, float(np.clip((low + high) / 2, -to_the_pole, to_the_pole)), width, height)


def _arc(lon_deg: Floats) -> tuple[float, float]:
    """Centre and length [deg] of the shortest arc of longitudes that holds all of them."""
    sorted_deg = np.sort(wrap_deg(lon_deg))
    gaps = np.diff(sorted_deg, append=sorted_deg[0] + 360.0)
    widest = int(gaps.argmax())
    length = 360.0 - float(gaps[widest])
    begin = float(sorted_deg[(widest + 1) % len(sorted_deg)])
    return float(wrap_deg(np.array([begin + length / 2]))[0]), length
