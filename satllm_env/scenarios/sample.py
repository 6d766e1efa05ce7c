"""A sampled request: the instance, and where it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from satllm_env.problem import Instance, Problem

if TYPE_CHECKING:
    from satllm_env.figures import MapLayout


@dataclass(frozen=True, eq=False)
class Place:
    """The network of a request as a map shows it."""

    satellite_ids: tuple[str, ...]
    lat_lon_deg: NDArray[np.float64]
    """(S, 2) [deg] geodetic latitude and longitude below each satellite."""
    isls: NDArray[np.int64]
    """(K, 2) links with line of sight."""
    station_id: str
    station_lat_lon_deg: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Sample:
    """An instance, with the place of its nodes where it is known."""

    instance: Instance
    place: Place | None = None

    @property
    def problem(self) -> Problem:
        """The instance in the file form."""
        return self.instance.problem

    def map_layout(self) -> MapLayout | None:
        """The place in the form that figures draw, None where it is not known."""
        if self.place is None:
            return None
        # drawing is imported only by those who draw
        from satllm_env.figures import MapLayout

        return MapLayout(
            satellite_ids=self.place.satellite_ids,
            satellite_lat_deg=self.place.lat_lon_deg[:, 0],
            satellite_lon_deg=self.place.lat_lon_deg[:, 1],
            isls=self.place.isls,
            station_ids=(self.place.station_id,),
            station_lat_deg=np.array([self.place.station_lat_lon_deg[0]]),
            station_lon_deg=np.array([self.place.station_lat_lon_deg[1]]),
        )
