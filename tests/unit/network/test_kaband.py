"""Ka-band downlinks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import KaBandDownlink
from satllm_env.network.dvbs2 import DvbS2
from satllm_env.network.kaband import free_space_path_loss_db, slant_range_m
from satllm_env.network.modem import Modem, Shannon

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


@given(st.floats(0.5, 90), st.floats(0.5, 90))
def test_rate_rises_with_elevation(a_deg: float, b_deg: float):
    """A satellite that climbs is nearer and clearer, so faster."""
    elevation = np.sort(np.array([a_deg, b_deg]))
    low, high = KaBandDownlink().rate_bps(slant_range_m(elevation, 550e3), elevation)
    assert 0 <= low <= high * (1 + 1e-12)


@pytest.mark.parametrize("modem", [Shannon(), DvbS2()])
def test_the_horizon_carries_nothing(modem: Modem):
    """At 0° and below the rate is exactly 0, without a warning."""
    rate = KaBandDownlink(modem=modem).rate_bps(np.array([2e6, 2e6]), np.array([0.0, -5.0]))
    assert rate.tolist() == [0, 0]


def test_cap_of_the_modem():
    """A cap holds where Shannon allows more."""
    rate = KaBandDownlink(cap_bps=0.8e9).rate_bps(slant_range_m(ELEVATIONS_DEG, 500e3), ELEVATIONS_DEG)
    assert rate[0] < 0.8e9
    assert (rate[1:] == 0.8e9).all()


def test_the_modem_gets_the_carrier_to_noise_ratio():
    """DVB-S2 in place of Shannon: 330, 879 and 1,466 Mbit/s from 333 Mbaud at Es/N0 = C/N + 0.79 dB.

    C/N is 0.43, 8.83 and 15.03 dB at 10°, 30° and 90°, so QPSK 1/2, 16APSK 2/3 and 32APSK 8/9 work.
    """
    downlink = KaBandDownlink(modem=DvbS2(roll_off=0.2))
    distance_m = slant_range_m(ELEVATIONS_DEG, 500e3)
    carrier_to_noise_db = downlink.carrier_to_noise_db(distance_m, ELEVATIONS_DEG)
    assert carrier_to_noise_db == pytest.approx([0.43, 8.83, 15.03], abs=0.01)
    rate = downlink.rate_bps(distance_m, ELEVATIONS_DEG)
    assert rate == pytest.approx(400e6 / 1.2 * np.array([0.988858, 2.637201, 4.397854]))


@pytest.mark.parametrize(
    ("field", "value"),
    [("bandwidth_hz", 0), ("frequency_hz", -1.0), ("eirp_dbw", float("inf")), ("cap_bps", -1.0)],
)
def test_impossible_downlinks_are_refused(field: str, value: float):
    """Each wrong value names the budget and the field."""
    with pytest.raises(InputError, match=f"^Ka-band budget: {field}: must be"):
        KaBandDownlink(**{field: value})
