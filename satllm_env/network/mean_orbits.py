"""Where mean orbits lie at one moment: height, tilt, node and phase of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.constants import WGS72_RADIUS_KM
from satllm_env.network.elements import SGP4_DAY_ZERO_JD, MeanElements
from satllm_env.network.epochs import julian_utc


@dataclass(frozen=True, eq=False)
class MeanOrbits:
    """Mean orbits of S satellites at one moment, all shapes (S,)."""

    altitude_km: NDArray[np.float64]
    """[km] semi-major axis less 6378.135 km, at each set's own epoch."""
    inclination_deg: NDArray[np.float64]
    node_deg: NDArray[np.float64]
    """[deg] right ascension of the ascending node, 0 to 360."""
    phase_deg: NDArray[np.float64]
    """[deg] mean argument of latitude, from the ascending node along the orbit, 0 to 360."""


def mean_orbits(elements: MeanElements, epoch: datetime) -> MeanOrbits:
    """Bring element sets of different epochs to one.

    Nodes regress and phases advance at the secular rates of SGP4, which hold J2, its square and J4
    (Spacetrack Report 3). Drag is left out: over days it moves a satellite that keeps its station little,
    and for others the result has no use.

    Args:
        elements: S satellites.
        epoch: UTC moment.
    """
    satrecs = elements.satrecs()
    day, fraction = julian_utc(epoch)
    elapsed_min = 1440.0 * ((day - SGP4_DAY_ZERO_JD) + fraction - elements.epoch_days)
    columns = [(s.a, s.nodedot, s.argpdot + s.mdot) for s in satrecs]
    axis, node_rate, phase_rate = np.array(columns, dtype=np.float64).reshape(-1, 3).T
    phase_rad = elements.argument_of_perigee_rad + elements.mean_anomaly_rad + phase_rate * elapsed_min
    return MeanOrbits(
        altitude_km=(axis - 1) * WGS72_RADIUS_KM,  # SGP4's axes are in Earth radii
        inclination_deg=np.degrees(elements.inclination_rad),
        node_deg=np.degrees(elements.raan_rad + node_rate * elapsed_min) % 360.0,
        phase_deg=np.degrees(phase_rad) % 360.0,
    )
