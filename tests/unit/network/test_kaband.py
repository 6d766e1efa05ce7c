"""Ka-band downlinks, the atmosphere and fixed rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import AtmosphericLoss, FixedRate, KaBandDownlink
from satllm_env.network.kaband import free_space_path_loss_db, slant_range_m

ELEVATIONS_DEG = np.array([10.0, 30.0, 90.0])


def test_shannon_rates_of_the_default_downlink():
    """From 500 km the TR 38.821 terminal gets 0.43, 1.24 and 2.02 Gbit/s at 10°, 30° and 90°."""
    rate = KaBandDownlink().rate_bps(slant_range_m(ELEVATIONS_DEG, 500e3), ELEVATIONS_DEG)
    assert rate / 1e9 == pytest.approx([0.43, 1.24, 2.02], abs=0.005)


def test_shannon_rates_of_a_large_dish():
    """With 34 dB/K at 26.25 GHz over 1.5 GHz the same satellite gives 5.4, 9.4 and 12.5 Gbit/s."""
    dish = KaBandDownlink(frequency_hz=26.25e9, bandwidth_hz=1.5e9, g_over_t_db_per_k=34)
    rate = dish.rate_bps(slant_range_m(ELEVATIONS_DEG, 500e3), ELEVATIONS_DEG)
    assert rate / 1e9 == pytest.approx([5.4, 9.4, 12.5], abs=0.1)


def test_free_space_path_loss():
    """The textbook form 92.45 + 20·log10(f/GHz) + 20·log10(d/km) agrees."""
    loss = free_space_path_loss_db(np.array([1e3, 1e6]), 20e9)
    assert loss == pytest.approx([92.45 + 26.02, 92.45 + 26.02 + 60], abs=0.01)


def test_slant_range_of_tr_38_821():
    """A satellite at 600 km seen at 10° is 1,932 km away (TR 38.821 table 4.2-2)."""
    assert slant_range_m(np.array([10.0]), 600e3)[0] / 1e3 == pytest.approx(1932, abs=0.5)


@given(st.floats(0, 90), st.floats(3e5, 2e6))
def test_slant_range_closes_the_triangle(elevation_deg: float, altitude_m: float):
    """Station, satellite and the Earth's centre satisfy the law of cosines."""
    radius_m = 6_371_000.0
    d = slant_range_m(np.array([elevation_deg]), altitude_m)[0]
    far = radius_m**2 + d**2 - 2 * radius_m * d * np.cos(np.radians(90 + elevation_deg))
    assert np.sqrt(far) == pytest.approx(radius_m + altitude_m, rel=1e-9)


def test_atmosphere_meets_its_points():
    """The loss is 5, 2 and 1 dB at 10°, 30° and 90°."""
    assert AtmosphericLoss().at_db(ELEVATIONS_DEG) == pytest.approx([5, 2, 1])


def test_atmosphere_is_linear_in_path_length():
    """Halfway in 1/sin(elevation) the loss is halfway."""
    path = (1 / np.sin(np.radians(10)) + 2) / 2
    middle = np.degrees(np.arcsin(1 / path))
    assert AtmosphericLoss().at_db(np.array([middle]))[0] == pytest.approx(3.5)


@given(st.floats(0.001, 90), st.floats(0.001, 90))
def test_atmosphere_falls_with_elevation(a_deg: float, b_deg: float):
    """Higher is never worse, and loss is never negative."""
    low, high = AtmosphericLoss().at_db(np.sort(np.array([a_deg, b_deg])))
    assert low >= high - 1e-12 >= 0


@given(st.floats(0.5, 90), st.floats(0.5, 90))
def test_rate_rises_with_elevation(a_deg: float, b_deg: float):
    """A satellite that climbs is nearer and clearer, so faster."""
    elevation = np.sort(np.array([a_deg, b_deg]))
    low, high = KaBandDownlink().rate_bps(slant_range_m(elevation, 550e3), elevation)
    assert 0 <= low <= high * (1 + 1e-12)


def test_the_horizon_carries_nothing():
    """At 0° and below the loss is infinite and the rate exactly 0, without a warning."""
    elevation = np.array([0.0, -5.0])
    assert np.isinf(AtmosphericLoss().at_db(elevation)).all()
    assert (KaBandDownlink().rate_bps(np.array([2e6, 2e6]), elevation) == 0).all()


def test_cap_of_the_modem():
    """A cap holds where Shannon allows more."""
    rate = KaBandDownlink(cap_bps=0.8e9).rate_bps(slant_range_m(ELEVATIONS_DEG, 500e3), ELEVATIONS_DEG)
    assert rate[0] < 0.8e9
    assert (rate[1:] == 0.8e9).all()


def test_fixed_rate_serves_both_kinds_of_link():
    """A fixed rate has the interface of either budget and the shape of its distances."""
    assert FixedRate(2e8).rate_bps(np.ones((2, 3)), np.ones((2, 3))).tolist() == [[2e8] * 3] * 2
    assert FixedRate(2e8).rate_bps(np.ones(2)).tolist() == [2e8, 2e8]


@pytest.mark.parametrize(
    "make",
    [
        lambda: KaBandDownlink(bandwidth_hz=0),
        lambda: KaBandDownlink(eirp_dbw=float("inf")),
        lambda: KaBandDownlink(cap_bps=-1.0),
        lambda: FixedRate(0.0),
        lambda: FixedRate(float("nan")),
        lambda: AtmosphericLoss((10.0,), (5.0,)),
        lambda: AtmosphericLoss((10.0, 90.0), (5.0, 2.0, 1.0)),
        lambda: AtmosphericLoss((30.0, 10.0), (5.0, 2.0)),
        lambda: AtmosphericLoss((0.0, 90.0), (5.0, 2.0)),
        lambda: AtmosphericLoss((10.0, 90.0), (1.0, 2.0)),
    ],
)
def test_impossible_budgets_are_refused(make):
    """Each impossible budget is one line."""
    with pytest.raises(InputError) as caught:
        make()
    assert "\n" not in str(caught.value)
