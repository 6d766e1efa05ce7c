"""Tests of the batteries that requests draw on."""

import numpy as np
import pytest

from satllm_env.network import PowerSystem
from satllm_env.stream.batteries import Batteries

SYSTEM = PowerSystem(battery_wh=100, panel_w=0, bus_w=36, laser_w=18, charge_efficiency=1.0)


def dark(times_s):
    """Nothing in sight of the Sun."""
    return np.zeros((2, len(times_s)))


def test_loads_empty_them():
    """Without sun the charge falls by bus, terminals and what is booked, watt-second by watt-second."""
    batteries = Batteries(SYSTEM, 2, dark)
    batteries.draw(1, ((100.0, 200.0), (300.0, 350.0)), 24.0)
    batteries.advance(1000.0, np.array([0, 2]))
    bus_wh = 36 * 1000 / 3600
    assert batteries.charge[0] == pytest.approx(1 - bus_wh / 100)
    expected_wh = bus_wh + 36 * 1000 / 3600 + 24 * 150 / 3600
    assert batteries.charge[1] == pytest.approx(1 - expected_wh / 100)


def test_steps_do_not_matter_in_the_dark():
    """Many short steps draw as much as one long one, booked work that spans them included."""
    ends = []
    for moments in ([900.0], [13.0, 130.0, 131.0, 500.0, 900.0]):
        batteries = Batteries(SYSTEM, 2, dark)
        batteries.draw(0, ((120.0, 700.0),), 50.0)
        for t_s in moments:
            batteries.advance(t_s, np.array([1, 1]))
        ends.append(batteries.charge)
    assert ends[0] == pytest.approx(ends[1])


def test_low_batteries_lower_compute():
    """Full compute is allowed down to the depth of discharge."""
    batteries = Batteries(SYSTEM, 2, dark)
    assert batteries.allow_full.all()
    batteries.advance(2900.0, np.array([0, 0]))
    assert batteries.allow_full.all()
    batteries.advance(3100.0, np.array([0, 0]))
    assert not batteries.allow_full.any()


def test_the_sun_fills_them():
    """In the Sun a battery that gets more than it spends ends full, and no fuller."""
    system = PowerSystem(battery_wh=10, panel_w=100, bus_w=20)
    lit = Batteries(system, 1, lambda times_s: (times_s >= 600)[None, :].astype(float))
    lit.advance(600.0, np.array([0]))
    assert lit.charge[0] < 1
    lit.advance(3600.0, np.array([0]))
    assert lit.charge[0] == 1.0
