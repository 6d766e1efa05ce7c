"""Power and batteries."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network.battery import BatteryTrace, run_battery
from satllm_env.network.power import PowerSystem

SYSTEM = PowerSystem(battery_wh=500, panel_w=400, bus_w=60)
ORBIT_S, DARK = 5670.0, 0.378
TIMES_S = np.linspace(0, ORBIT_S, 946)  # 6 s steps


def orbit(orbits: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Times (T,) and the light of one satellite (1, T) that is dark for 0.378 of each orbit."""
    times_s = np.linspace(0, orbits * ORBIT_S, orbits * 945 + 1)
    dark = (times_s / ORBIT_S) % 1.0 > 1 - DARK
    return times_s, (~dark).astype(float)[None]


def balance_wh(trace: BatteryTrace) -> np.ndarray:
    """[Wh] what goes in less what comes out, in each step; all 0 if energy is conserved."""
    return (trace.collected_wh + trace.unmet_wh - trace.used_wh - trace.lost_wh - trace.spilled_wh) - np.diff(
        trace.charge_wh, axis=1
    )


WATTS = st.floats(0, 2000)


@given(
    st.integers(0, 2**32 - 1),
    WATTS,
    WATTS,
    WATTS,
    st.floats(0.1, 1),
    st.floats(0, 1),
    st.floats(0.1, 5000),
)
def test_energy_is_conserved(
    seed: int, panel_w: float, load_w: float, compute_w: float, gain: float, start: float, battery_wh: float
):
    """In every step energy in equals energy out, and the charge stays between empty and full."""
    rng = np.random.default_rng(seed)
    system = PowerSystem(battery_wh, panel_w, 0.0, charge_efficiency=gain)
    times_s = np.cumsum(rng.uniform(1, 600, 40))
    trace = run_battery(system, times_s, rng.random((3, 40)), load_w, compute_w, compute_w / 3, start)
    assert balance_wh(trace) == pytest.approx(0, abs=1e-9 * (battery_wh + 2000))
    assert trace.charge_wh.min() >= 0
    assert trace.charge_wh.max() <= battery_wh
    flows = (trace.collected_wh, trace.used_wh, trace.lost_wh, trace.spilled_wh, trace.unmet_wh)
    assert all((flow >= 0).all() for flow in flows)
    # no step both charges and discharges
    assert ((trace.lost_wh + trace.spilled_wh > 0) & (trace.unmet_wh > 0)).sum() == 0


def test_a_balanced_orbit_returns_to_its_charge():
    """Panels sized so that light makes up for the dark, charging loss included, leave the charge as it was.

    By hand: the load P of the dark share f comes from the battery, so in the light
    ``gain · (panel − P)(1 − f) = P f``.
    """
    times_s, light = orbit()
    load_w = 150.0
    share = 1 - ((light[:, 1:] + light[:, :-1]) / 2).mean()
    panel_w = load_w * (1 + share / (0.9 * (1 - share)))
    # in the one step of half light panels and load mix, 6 s of a fraction of the load
    trace = run_battery(replace(SYSTEM, panel_w=panel_w), times_s, light, load_w, 0.0, start_charge=0.8)
    assert share == pytest.approx(DARK, abs=0.001)
    assert trace.charge_wh[0, -1] == pytest.approx(trace.charge_wh[0, 0], abs=0.05)
    swing_wh = load_w * share * ORBIT_S / 3600
    assert np.ptp(trace.charge_wh) == pytest.approx(swing_wh, abs=0.3)
    assert not trace.spilled_wh.any()


def test_a_full_battery_turns_energy_away_and_settles():
    """With panels to spare every orbit in the end is the same: full in the light, then down by the load."""
    times_s, light = orbit(4)
    trace = run_battery(SYSTEM, times_s, light, 150.0, 0.0, start_charge=0.3)
    orbits_wh = trace.charge_wh[0, 1:].reshape(4, 945)
    assert orbits_wh[:, -1].tolist() == sorted(orbits_wh[:, -1])
    assert orbits_wh[1:].max(axis=1) == pytest.approx(500)
    assert orbits_wh[2] == pytest.approx(orbits_wh[3], abs=1e-9)
    assert orbits_wh[3, -1] == pytest.approx(500 - 150 * DARK * ORBIT_S / 3600, abs=0.5)
    assert trace.spilled_wh[:, -945:].sum() > 0


def test_compute_is_lowered_below_the_depth_of_discharge():
    """Once 30 % are used compute runs at its lowered power, and in full again when charged."""
    times_s, light = orbit(4)
    trace = run_battery(
        replace(SYSTEM, battery_wh=100), times_s, light, load_w=60.0, compute_w=50.0, lowered_compute_w=15.0
    )
    assert np.array_equal(trace.full_compute, trace.charge_wh[:, :-1] >= 70)
    assert 0 < trace.full_compute.mean() < 1
    steps_h = np.diff(times_s) / 3600
    assert trace.used_wh == pytest.approx(np.where(trace.full_compute, 110, 75) * steps_h)
    assert trace.full_compute[0, -946:].any()
    # refusing compute saves more than lowering it
    refused = run_battery(replace(SYSTEM, battery_wh=100), times_s, light, 60.0, 50.0)
    assert refused.charge_wh.min() > trace.charge_wh.min()
    assert (refused.used_wh.min(), trace.used_wh.min()) == pytest.approx((60 * steps_h[0], 75 * steps_h[0]))


def test_an_empty_battery_leaves_loads_unmet():
    """Without light the battery runs down and what is then missing is counted."""
    times_s = np.array([0.0, 1800.0, 3600.0])
    trace = run_battery(
        PowerSystem(100, 0, 0, depth_of_discharge=1), times_s, np.zeros((2, 3)), [[150.0], [50.0]], 0.0
    )
    assert trace.charge_wh.tolist() == [[100, 25, 0], [100, 75, 50]]
    assert trace.unmet_wh.tolist() == [[0, 50], [0, 0]]


def test_many_satellites_are_the_same_as_one_by_one():
    """Satellites do not touch each other."""
    rng = np.random.default_rng(2)
    light, load_w, start = rng.random((5, 946)), rng.uniform(50, 300, (5, 945)), rng.random(5)
    together = run_battery(SYSTEM, TIMES_S, light, load_w, 50.0, 15.0, start)
    for s in range(5):
        alone = run_battery(SYSTEM, TIMES_S, light[s : s + 1], load_w[s], 50.0, 15.0, start[s])
        assert np.array_equal(alone.charge_wh[0], together.charge_wh[s])


def test_loads_and_supply():
    """Bus, terminals and transmitters add up; the panels' factor and the light scale the panels."""
    system = replace(SYSTEM, laser_w=40, downlink_w=30, panel_factor=0.5)
    assert system.load_w() == 60
    assert system.load_w([4, 2, 0], [0, 1, 1]).tolist() == [220, 170, 90]
    assert system.supply_w([0, 0.25, 1]).tolist() == [0, 50, 200]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"battery_wh": 0}, "battery_wh: must be above 0"),
        ({"laser_w": -1}, "laser_w: must be from 0"),
        ({"panel_factor": 1.5}, "panel_factor: must be from 0 to 1"),
        ({"charge_efficiency": 0}, "charge_efficiency: must be above 0"),
        ({"depth_of_discharge": 1.1}, "depth_of_discharge: must be from 0 to 1"),
    ],
)
def test_impossible_systems_are_refused(values: dict, problem: str):
    """Each bad value is one line that names it."""
    with pytest.raises(InputError, match=f"^power: {problem}"):
        replace(SYSTEM, **values)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"times_s": [0.0, 0.0]}, "times_s: must be at least two ascending times"),
        ({"illumination": [[1.0]]}, r"illumination: must have 2 times \(got shape \(1, 1\)\)"),
        ({"illumination": [[1.0, 1.5]]}, "illumination: must be from 0 to 1"),
        ({"load_w": [[1.0, 1.0]]}, r"load_w: does not fit the shape \(1, 1\)"),
        ({"compute_w": -5.0}, "compute_w: must be from 0"),
        ({"start_charge": 1.2}, "start_charge: must be from 0 to 1"),
    ],
)
def test_impossible_runs_are_refused(values: dict, problem: str):
    """Each bad argument is one line that names it."""
    given_values = {"times_s": [0.0, 60.0], "illumination": [[1.0, 1.0]], "load_w": 1.0, "compute_w": 1.0}
    with pytest.raises(InputError, match=f"^battery: {problem}"):
        run_battery(SYSTEM, **(given_values | values))
