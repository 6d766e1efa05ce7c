"""What a map needs of the globe: coarse land outlines and great circles that wrap at ±180°."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources

import numpy as np

from satllm_env.antimeridian import cut_at_antimeridian
from satllm_env.problem.instance import Floats

ARC_POINTS = 33


@functools.cache
def land() -> tuple[Floats, ...]:
    """Outlines of land masses, each (K, 2) longitude and latitude [deg]; coarse and made by hand."""
    text = (resources.files("satllm_env.figures") / "continents.toml").read_text(encoding="utf-8")
    return tuple(np.array(ring, np.float64) for ring in tomllib.loads(text).values())


def great_circle(from_deg: Floats, to_deg: Floats) -> list[Floats]:
    """The shortest way over the globe between two points, cut where it crosses ±180°.

    The straight line between two satellites has its subsatellite points on this great circle.

    Args:
        from_deg: (2,) longitude and latitude [deg].
        to_deg: (2,) the same of the other end.

    Returns:
        One or two polylines, each (K, 2) longitude and latitude [deg].
    """
    begin, end = _unit_vector(from_deg), _unit_vector(to_deg)
    angle = float(np.arccos(np.clip(begin @ end, -1.0, 1.0)))
    if angle > np.pi - 1e-6:  # antipodes: every way is a shortest one, take one over the equator's side
        end = _unit_vector(to_deg + np.array([1e-3, 0.0 if abs(to_deg[1]) < 89 else -1e-3]))
        angle = float(np.arccos(np.clip(begin @ end, -1.0, 1.0)))
    share = np.linspace(0.0, 1.0, ARC_POINTS)[:, None]
    if angle < 1e-9:
        return [np.array([from_deg, to_deg])]
    points = (np.sin((1 - share) * angle) * begin + np.sin(share * angle) * end) / np.sin(angle)
    lon = np.rad2deg(np.arctan2(points[:, 1], points[:, 0]))
    lat = np.rad2deg(np.arcsin(np.clip(points[:, 2], -1.0, 1.0)))
    return cut_at_antimeridian(np.stack((lon, lat), axis=1))


def _unit_vector(lon_lat_deg: Floats) -> Floats:
    lon, lat = np.deg2rad(lon_lat_deg)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
