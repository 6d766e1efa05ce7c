"""Orbits of all shapes, low and high, round and long, for the tests of times and positions."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st

from satllm_env.network import Constellation
from satllm_env.network.elements import MeanElements

EPOCH = datetime(2025, 7, 9, 18, tzinfo=UTC)
EPOCH_DAYS = (EPOCH - datetime(1949, 12, 31, tzinfo=UTC)) / (EPOCH - EPOCH.replace(day=8))
MOLNIYA = {"perigee_km": 500.0, "eccentricity": 0.74, "inclination_deg": 63.4}


def orbits(
    perigee_km: float,
    eccentricity: float,
    inclination_deg: float,
    angles_deg: list[tuple[float, float, float]],
    bstar: float = 0.0,
) -> Constellation:
    """Satellites of one shape; each has its node, argument of perigee and mean anomaly at `EPOCH`."""
    axis_km = (6378.135 + perigee_km) / (1 - eccentricity)
    node, argument, anomaly = np.radians(np.array(angles_deg, dtype=np.float64)).T
    same = np.ones(len(angles_deg))
    elements = MeanElements(
        epoch_days=EPOCH_DAYS * same,
        bstar=bstar * same,
        eccentricity=eccentricity * same,
        inclination_rad=np.radians(inclination_deg) * same,
        raan_rad=node,
        argument_of_perigee_rad=argument,
        mean_anomaly_rad=anomaly,
        mean_motion_rad_min=60 * np.sqrt(398_600.8 / axis_km**3) * same,
    )
    return Constellation(tuple(f"sat-{s}" for s in range(len(angles_deg))), elements, EPOCH)


def spread(count: int) -> list[tuple[float, float, float]]:
    """Angles that leave no direction out."""
    return [(137.5 * s % 360, 270 + 31.0 * s, 222.5 * s % 360) for s in range(count)]


@st.composite
def any_orbit(draw: st.DrawFn, max_eccentricity: float = 0.8) -> Constellation:
    """Three satellites of any shape with a perigee of 300 km and more."""
    angle = st.floats(0, 360)
    return orbits(
        perigee_km=draw(st.sampled_from([300.0, 550.0, 1200.0, 20_000.0, 35_786.0])),
        eccentricity=draw(st.one_of(st.floats(0, 0.02), st.floats(0, max_eccentricity))),
        inclination_deg=draw(st.one_of(st.just(0.0), st.floats(0.01, 179))),
        angles_deg=draw(st.lists(st.tuples(angle, angle, angle), min_size=3, max_size=3)),
        bstar=draw(st.sampled_from([0.0, 1e-5, 3e-4])),
    )
