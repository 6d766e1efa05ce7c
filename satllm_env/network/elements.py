"""Mean orbital elements of many satellites, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sgp4.api import WGS72, Satrec

from satllm_env.network.epochs import julian_utc
from satllm_env.network.walker import Walker

SGP4_DAY_ZERO = datetime(1949, 12, 31, tzinfo=UTC)
"""From where SGP4 counts the days of its epochs."""
SGP4_DAY_ZERO_JD = 2_433_281.5
"""[d] the same day's Julian date."""


@dataclass(frozen=True, eq=False)
class MeanElements:
    """SGP4 mean elements (Brouwer, of two-line element sets), one entry per satellite, shapes (S,).

    Plain arrays: they pickle, compare and sort where the SGP4 library's own objects do not.
    """

    epoch_days: NDArray[np.float64]
    """[d] UTC days since 1949 December 31 00:00; a double holds them to 0.2 µs, 1 mm along an orbit."""
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

    @property
    def last_epoch(self) -> datetime:
        """UTC epoch of the newest of at least one set, to the microsecond."""
        return SGP4_DAY_ZERO + timedelta(days=float(self.epoch_days.max()))

    def select(self, chosen: NDArray[np.bool_]) -> MeanElements:
        """The elements of some satellites, `chosen` of shape (S,), in their order."""
        return MeanElements(*(getattr(self, field.name)[chosen] for field in fields(self)))

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
        epoch_days=zeros + (day - SGP4_DAY_ZERO_JD) + fraction,
        bstar=zeros,
        eccentricity=zeros,
        inclination_rad=zeros + np.radians(walker.inclination_deg),
        raan_rad=np.radians(walker.raan_deg),
        argument_of_perigee_rad=zeros,
        mean_anomaly_rad=np.radians(walker.mean_anomaly_deg),
        mean_motion_rad_min=zeros + 60.0 * walker.mean_motion_rad_s,
    )
