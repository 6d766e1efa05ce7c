"""The laser budget."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import LaserBudget


@pytest.mark.parametrize(("range_km", "margin_db"), [(5419, 3.00), (7654, 0.00), (3557, 6.66)])
def test_published_margins(range_km: float, margin_db: float):
    """1 W gives 3.00 dB at 5,419 km, 0.00 dB at 7,654 km and 6.66 dB at 3,557 km."""
    assert LaserBudget().margin_db(np.array([range_km * 1e3]))[0] == pytest.approx(margin_db, abs=0.005)


def test_rate_is_the_reference_rate_at_no_margin():
    """At 7,654 km exactly the 10 Gbit/s of the sensitivity arrive, and 3 dB closer twice as much."""
    rate = LaserBudget().rate_bps(np.array([7654e3, 5419e3]))
    assert rate == pytest.approx([10e9, 20e9], rel=3e-3)


@given(st.floats(1e5, 1e7), st.floats(-3, 10))
def test_required_power_meets_received_power(distance_m: float, reserve_db: float):
    """The power that the achievable rate needs, plus the reserve, is the power received."""
    budget = LaserBudget(required_margin_db=reserve_db)
    rate = budget.rate_bps(np.array([distance_m]))[0]
    needed_dbm = budget.sensitivity_dbm + 10 * np.log10(rate / 10e9) + reserve_db
    assert needed_dbm == pytest.approx(budget.received_power_dbm(np.array([distance_m]))[0], abs=1e-9)


@given(st.floats(1e5, 1e7), st.floats(1.01, 10))
def test_inverse_square(distance_m: float, factor: float):
    """In the far field the rate falls with the square of the distance."""
    near, far = LaserBudget().rate_bps(np.array([distance_m, factor * distance_m]))
    assert near / far == pytest.approx(factor**2)


def test_cap_limits_and_never_raises():
    """The paper's 0.5 Gbit/s cap holds where the budget allows more and not where it allows less."""
    distance_m = np.array([3557e3, 1e8])
    free, capped = LaserBudget().rate_bps(distance_m), LaserBudget(cap_bps=0.5e9).rate_bps(distance_m)
    assert capped[0] == 0.5e9
    assert capped[1] == free[1] < 0.5e9


@pytest.mark.parametrize(("margin_db", "range_m"), [(0.0, 7654e3), (3.0, 5419e3)])
def test_a_terminal_of_one_rate_closes_up_to_the_published_range(margin_db: float, range_m: float):
    """10 Gbit/s or nothing: with no margin up to 7,654 km, with 3 dB up to 5,419 km, to 0.1 %."""
    terminal = LaserBudget(required_margin_db=margin_db, cap_bps=10e9, min_rate_bps=10e9)
    distance_m = range_m * np.array([0.1, 0.999, 1.001, 10])
    assert terminal.rate_bps(distance_m).tolist() == [10e9, 10e9, 0, 0]


@given(st.floats(1e5, 1e8), st.floats(0, 20e9))
def test_a_lowest_rate_only_takes_links_away(distance_m: float, min_rate_bps: float):
    """The rate is what it would be without a lowest rate, or 0 if that is less."""
    free = LaserBudget().rate_bps(np.array([distance_m]))[0]
    rate = LaserBudget(min_rate_bps=min_rate_bps).rate_bps(np.array([distance_m]))[0]
    assert rate == (free if free >= min_rate_bps else 0)


def test_a_range_ends_the_link():
    """Up to the range the budget holds, beyond it nothing does, however much power is left."""
    distance_m = np.array([3e6, 5e6, 5.001e6])
    free, ended = LaserBudget().rate_bps(distance_m), LaserBudget(max_range_m=5e6).rate_bps(distance_m)
    assert ended.tolist() == [free[0], free[1], 0]


def test_no_more_arrives_than_was_sent():
    """Next to the transmitter the received power is what both telescopes pass, 0.64 W, and stays finite."""
    power_dbm = LaserBudget().received_power_dbm(np.array([0.0, 1.0, 1e3]))
    assert power_dbm == pytest.approx(10 * np.log10(640))
    assert np.isfinite(LaserBudget().rate_bps(np.zeros(1))).all()


def test_pointing_error_costs_what_the_gains_say():
    """An error of 1 µrad at each end costs (G_T + G_R) θ² nepers of power."""
    exact = LaserBudget(pointing_error_rad=0.0).margin_db(np.array([5e6]))[0]
    loss_db = exact - LaserBudget().margin_db(np.array([5e6]))[0]
    gains = 16 / 15e-6**2 + (np.pi * 0.08 / 1550e-9) ** 2
    assert loss_db == pytest.approx(gains * 1e-12 * 10 / np.log(10))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transmit_power_w", 0.0),
        ("receive_efficiency", 1.2),
        ("divergence_rad", -1e-6),
        ("pointing_error_rad", -1e-6),
        ("cap_bps", 0.0),
        ("max_range_m", 0.0),
        ("min_rate_bps", -1.0),
        ("sensitivity_dbm", float("nan")),
    ],
)
def test_impossible_terminals_are_refused(field: str, value: float):
    """Each wrong value names the budget and the field."""
    with pytest.raises(InputError, match=f"^laser budget: {field}: must be"):
        LaserBudget(**{field: value})


def test_a_lowest_rate_above_the_cap_is_refused():
    """Such a link would never close."""
    with pytest.raises(InputError, match=r"^laser budget: min_rate_bps: must be from 0 to 1e\+09 bit/s"):
        LaserBudget(cap_bps=1e9, min_rate_bps=2e9)
