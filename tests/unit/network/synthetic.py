"""Constellations like those that fly: sets of unlike epochs, gaps, spares, satellites that drift."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import numpy as np

from satllm_env.network import Constellation, Walker
from satllm_env.network.elements import MeanElements, walker_elements

EPOCH = datetime(2025, 7, 9, 18, tzinfo=UTC)


def constellation(*parts: MeanElements) -> Constellation:
    """The satellites of all parts, numbered through."""
    names = [field.name for field in fields(MeanElements)]
    elements = MeanElements(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return Constellation(tuple(f"sat-{number}" for number in range(len(elements))), elements, EPOCH)


def orbits(walker: Walker) -> MeanElements:
    """A Walker constellation's elements at the epoch."""
    return walker_elements(walker, EPOCH)


def turned(elements: MeanElements, node_deg: float = 0.0, phase_deg: float = 0.0) -> MeanElements:
    """The same orbits, turned about the pole and along themselves."""
    return replace(
        elements,
        raan_rad=elements.raan_rad + np.radians(node_deg),
        mean_anomaly_rad=elements.mean_anomaly_rad + np.radians(phase_deg),
    )


def jittered(
    elements: MeanElements, rng: np.random.Generator, node_deg: float, phase_deg: float
) -> MeanElements:
    """Every satellite a little off its place."""
    size = len(elements)
    return replace(
        elements,
        inclination_rad=elements.inclination_rad + np.radians(rng.uniform(-0.005, 0.005, size)),
        raan_rad=elements.raan_rad + np.radians(rng.uniform(-node_deg, node_deg, size)),
        mean_anomaly_rad=elements.mean_anomaly_rad + np.radians(rng.uniform(-phase_deg, phase_deg, size)),
    )


def aged(elements: MeanElements, rng: np.random.Generator, days: float) -> MeanElements:
    """The same satellites in sets of epochs of their own, with the mean elements that SGP4 has there."""
    age_days = rng.uniform(-days, days, len(elements))
    satrecs = elements.satrecs()
    for satrec, age in zip(satrecs, age_days.tolist(), strict=True):
        satrec.sgp4_tsince(-1440 * age)
    return replace(
        elements,
        epoch_days=elements.epoch_days - age_days,
        raan_rad=np.array([satrec.Om for satrec in satrecs]) % (2 * np.pi),
        argument_of_perigee_rad=np.array([satrec.om for satrec in satrecs]) % (2 * np.pi),
        mean_anomaly_rad=np.array([satrec.mm for satrec in satrecs]) % (2 * np.pi),
    )
