"""Where satellites and stations stand over the Earth, as plain arrays for a map."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from satllm_env.antimeridian import wrap_deg
from satllm_env.errors import InputError
from satllm_env.problem.instance import Floats, Ints


def _no_ids() -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class MapLayout:
    """A snapshot of a constellation for a map.

    Ids are those of the problem's nodes; longitudes may be any number of turns.

    Raises:
        InputError: shapes do not fit, a number is out of range, or an id stands twice.
    """

    satellite_ids: tuple[str, ...]
    satellite_lat_deg: Floats
    """(S,) [deg] of the subsatellite points."""
    satellite_lon_deg: Floats
    """(S,) [deg]"""
    isls: Ints
    """(K, 2) indices of the two satellites of each inter-satellite link."""
    station_ids: tuple[str, ...] = field(default_factory=_no_ids)
    station_lat_deg: Floats = field(default_factory=lambda: np.zeros(0))
    """(G,) [deg]"""
    station_lon_deg: Floats = field(default_factory=lambda: np.zeros(0))
    """(G,) [deg]"""

    def __post_init__(self) -> None:
        """Check shapes, ranges and ids."""
        for kind in ("satellite", "station"):
            _check_points(kind, *(getattr(self, f"{kind}_{part}") for part in ("ids", "lat_deg", "lon_deg")))
        ids = self.satellite_ids + self.station_ids
        if len(set(ids)) != len(ids):
            raise InputError("layout", "satellite_ids, station_ids", "an id stands twice")
        isls = np.asarray(self.isls)
        if isls.size and (isls.ndim != 2 or isls.shape[1] != 2 or not np.issubdtype(isls.dtype, np.integer)):
            raise InputError("layout", "isls", "must be (K, 2) integers")
        if isls.size and (isls.min() < 0 or isls.max() >= len(self.satellite_ids)):
            raise InputError(
                "layout", "isls", f"names a satellite outside 0 to {len(self.satellite_ids) - 1}"
            )

    @cached_property
    def places_deg(self) -> dict[str, Floats]:
        """(2,) longitude in [−180, 180) and latitude [deg] of every satellite and station."""
        lon = wrap_deg(np.concatenate((self.satellite_lon_deg, self.station_lon_deg)))
        lat = np.concatenate((self.satellite_lat_deg, self.station_lat_deg))
        places = np.stack((lon, lat), axis=1)
        return dict(zip(self.satellite_ids + self.station_ids, places, strict=True))

    def turned(self, lon_deg: float) -> MapLayout:
        """The layout with longitudes counted from `lon_deg` [deg] on."""
        return replace(
            self,
            satellite_lon_deg=self.satellite_lon_deg - lon_deg,
            station_lon_deg=self.station_lon_deg - lon_deg,
        )

    def place_deg(self, node: str) -> Floats:
        """(2,) longitude and latitude [deg] of a node.

        Raises:
            InputError: the layout has no such node.
        """
        if node not in self.places_deg:
            raise InputError("layout", "satellite_ids, station_ids", f"no node {node!r}")
        return self.places_deg[node]


def _check_points(kind: str, ids: tuple[str, ...], lat_deg: Floats, lon_deg: Floats) -> None:
    for name, values in (("lat_deg", lat_deg), ("lon_deg", lon_deg)):
        array = np.asarray(values)
        if array.shape != (len(ids),) or not np.isfinite(array).all():
            raise InputError("layout", f"{kind}_{name}", f"must be {len(ids)} finite numbers, one per id")
    if np.abs(lat_deg).max(initial=0.0) > 90.0:
        raise InputError("layout", f"{kind}_lat_deg", "must lie within ±90")
