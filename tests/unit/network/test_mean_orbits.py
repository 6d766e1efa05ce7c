"""Mean orbits brought to one epoch."""

from pathlib import Path

import numpy as np
import pytest

from satllm_env.network import Walker, read_tle
from satllm_env.network.circle import wrapped
from satllm_env.network.mean_orbits import mean_orbits

from .synthetic import EPOCH, aged, jittered, orbits

WALKER = Walker(550, 53, 60, 6, 1)


def test_at_their_epoch_orbits_are_as_given():
    """Nodes, phases and inclinations of a Walker constellation, and its height in SGP4's terms."""
    found = mean_orbits(orbits(WALKER), EPOCH)
    assert found.node_deg == pytest.approx(WALKER.raan_deg)
    assert found.phase_deg == pytest.approx(WALKER.mean_anomaly_deg, abs=1e-6)
    assert found.inclination_deg == pytest.approx(53)
    assert found.altitude_km == pytest.approx(550, abs=1)


def test_sets_of_unlike_epochs_come_together():
    """Sets up to five days old give the orbits of new ones, to a hundredth of a degree."""
    rng = np.random.default_rng(3)
    new = jittered(orbits(WALKER), rng, 5, 5)
    expected, found = mean_orbits(new, EPOCH), mean_orbits(aged(new, rng, 5), EPOCH)
    assert np.abs(wrapped(found.node_deg - expected.node_deg)).max() < 0.01
    assert np.abs(wrapped(found.phase_deg - expected.phase_deg)).max() < 0.01


def test_real_satellites_stay_near_their_mean_orbits(real_sets: Path):
    """Phases agree with the arguments of latitude of SGP4's positions, within its short periods."""
    sets = read_tle(real_sets / "oneweb_2025-10-07_tasa.tle")
    epoch = sets.elements.last_epoch
    found = mean_orbits(sets.elements, epoch)
    for number, satrec in enumerate(sets.elements.satrecs()):
        days = (epoch - EPOCH).total_seconds() / 86_400 + 2_460_866.25
        _, position, velocity = satrec.sgp4(days, 0.0)
        normal = np.cross(position, velocity)
        node = np.array([-normal[1], normal[0], 0])
        along = np.cross(normal / np.linalg.norm(normal), node)
        phase_deg = np.degrees(np.arctan2(np.dot(position, along), np.dot(position, node)))
        node_deg = np.degrees(np.arctan2(node[1], node[0]))
        eccentric_deg = np.degrees(2 * sets.elements.eccentricity[number])
        assert abs(wrapped(found.phase_deg[number] - phase_deg)) < 0.2 + eccentric_deg
        assert abs(wrapped(found.node_deg[number] - node_deg)) < 0.1
