"""Mean orbital elements of many satellites, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sgp4.api import WGS72, Satrec

from satllm_env.network.epochs import julian_utc
from satllm_env.network.walker import Walker

_DAYS_1949_JD = 2_433_281.5
"""[d] Julian date of 1949 December 31 00:00, from which SGP4 counts its epochs."""


@dataclass(frozen=True, eq=False)
class MeanElements:
    """SGP4 mean elements (Brouwer, of two-line element sets), one entry per satellite, shapes (S,).

    Plain arrays: they pickle, compare and sort where the SGP4 library's own objects do not.
    """

    epoch_days: NDArray[np.float64]
    """[d] UTC days since 1949 December 31 00:00."""
    bstar: NDArray[np.float64]
    """[1 / Earth radii] drag term; 0 is no drag."""
    eccentricity: NDArray[np.float64]
    inclination_rad: NDArray[np.float64]
    raan_rad: NDArray[np.float64]
    argument_of_perigee_rad: NDArray[np.float64]
    mean_anomaly_rad: NDArray[np.float64]
    mean_motion_rad_min: NDArray[np.float64]
    """[rad/min] in Kozai's form, as in two-line element sets."""

    def __len__(self) -> int:
        """Number of satellites."""
        return len(self.epoch_days)

    def satrecs(self) -> list[Satrec]:
        """SGP4 propagators with WGS72 constants, numbered from 0."""
        columns = (
            self.epoch_days,
            self.bstar,
            self.eccentricity,
            self.argument_of_perigee_rad,
            self.inclination_rad,
            self.mean_anomaly_rad,
            self.mean_motion_rad_min,
            self.raan_rad,
        )
        return [
            _satrec(number, *row)
            for number, row in enumerate(zip(*map(np.ndarray.tolist, columns), strict=True))
        ]


def _satrec(
    number: int,
    epoch_days: float,
    bstar: float,
    eccentricity: float,
    argument_of_perigee_rad: float,
    inclination_rad: float,
    mean_anomaly_rad: float,
    mean_motion_rad_min: float,
    raan_rad: float,
) -> Satrec:
    satrec = Satrec()
    satrec.sgp4init(
        WGS72,
        "i",  # improved mode
        number,
        epoch_days,
        bstar,
        0.0,  # the mean motion's derivatives are not used by SGP4
        0.0,
        eccentricity,
        argument_of_perigee_rad,
        inclination_rad,
        mean_anomaly_rad,
        mean_motion_rad_min,
        raan_rad,
    )
    return satrec


def walker_elements(walker: Walker, epoch: datetime) -> MeanElements:
    """Circular mean orbits of a Walker constellation at `epoch`, without drag."""
    day, fraction = julian_utc(epoch)
    zeros = np.zeros(walker.total)
    return MeanElements(
        epoch_days=zeros + (day - _DAYS_1949_JD) + fraction,
        bstar=zeros,
        eccentricity=zeros,
        inclination_rad=zeros + np.radians(walker.inclination_deg),
        raan_rad=np.radians(walker.raan_deg),
        argument_of_perigee_rad=zeros,
        mean_anomaly_rad=np.radians(walker.mean_anomaly_deg),
        mean_motion_rad_min=zeros + 60.0 * walker.mean_motion_rad_s,
    )
