"""Fixed rates, and budgets that differ from station to station."""

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network import FixedRate, KaBandDownlink
from satllm_env.network.budget import station_rates_bps
from satllm_env.network.laser_terminals import LASER_TERMINALS


def test_fixed_rate_serves_both_kinds_of_link():
    """A fixed rate has the interface of either budget and the shape of its distances."""
    assert FixedRate(2e8).rate_bps(np.ones((2, 3)), np.ones((2, 3))).tolist() == [[2e8] * 3] * 2
    assert FixedRate(2e8).rate_bps(np.ones(2)).tolist() == [2e8, 2e8]


@pytest.mark.parametrize(
    ("name", "rate_bps", "range_m"), [("starlink", 100e9, 5400e3), ("tesat-scot80", 10e9, 8000e3)]
)
def test_named_terminals_reach_their_stated_range(name: str, rate_bps: float, range_m: float):
    """The maker's rate up to the maker's range, and nothing a metre beyond."""
    rate = LASER_TERMINALS[name].rate_bps(np.array([1e5, range_m, range_m + 1]))
    assert rate.tolist() == [rate_bps, rate_bps, 0]


def test_each_station_has_its_own_budget():
    """Rows in any order of stations get their own station's rate; a station without rows is no matter."""
    budgets = [FixedRate(1e8), FixedRate(2e8), KaBandDownlink(), FixedRate(4e8)]
    gid = np.array([2, 0, 3, 0, 2])
    range_m, elevation_deg = np.linspace(6e5, 2e6, 5), np.linspace(80, 12, 5)
    ka = KaBandDownlink().rate_bps(range_m, elevation_deg)
    rate = station_rates_bps(budgets, gid, range_m, elevation_deg)
    assert rate.tolist() == [ka[0], 1e8, 4e8, 1e8, ka[4]]


@pytest.mark.parametrize(
    ("field", "values"),
    [("fixed_bps", (0.0,)), ("fixed_bps", (float("nan"),)), ("max_range_m", (1e9, 0.0))],
)
def test_impossible_fixed_rates_are_refused(field: str, values: tuple[float, ...]):
    """Each wrong value is named."""
    with pytest.raises(InputError, match=f"^fixed rate: {field}: must be"):
        FixedRate(*values)
