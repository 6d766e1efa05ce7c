"""Atmospheric loss by the ITU-R Recommendations."""

import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network import KaBandDownlink, Station, default_stations
from satllm_env.network.itu_atmosphere import itu_downlinks, itu_loss

with_itur = pytest.mark.skipif(
    find_spec("itur") is None, reason="itur is not installed: pip install '.[atmosphere]'"
)

KIRUNA = Station("Kiruna", 67.89, 21.07, 400)
SINGAPORE = Station("Singapore", 1.35, 103.82, 30)
EXAMPLES = {
    KIRUNA: (0.4, 1.6, 3.0, 6.6),
    Station("Waterloo", 43.47, -80.54, 330): (0.6, 3.1, 6.3, 14.1),
    Station("Beijing", 39.9, 116.4, 44): (0.7, 3.6, 8.7, 19.6),
    SINGAPORE: (2.4, 8.3, 15.4, 43.7),
}
"""[dB] at 26.25 GHz and 30°, exceeded 50, 5, 1 and 0.1 % of the time."""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All of it works without a connection."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield


def loss_db(station: Station, frequency_hz: float = 26.25e9, availability: float = 0.99) -> float:
    """[dB] at 30°."""
    return float(itu_loss(station, frequency_hz, availability).at_db(np.array(30.0)))


@with_itur
@pytest.mark.parametrize("station", EXAMPLES, ids=lambda station: station.name)
def test_known_examples(station: Station):
    """Four places from the Arctic to the equator agree to 0.1 dB in the four shares of time."""
    losses = [loss_db(station, availability=availability) for availability in (0.5, 0.95, 0.99, 0.999)]
    assert losses == pytest.approx(EXAMPLES[station], abs=0.1)


@with_itur
@pytest.mark.parametrize("station", [KIRUNA, SINGAPORE], ids=lambda station: station.name)
@pytest.mark.parametrize(("frequency_hz", "availability"), [(20e9, 0.95), (26.25e9, 0.999), (40e9, 0.9999)])
def test_the_table_is_close_to_itur_everywhere(station: Station, frequency_hz: float, availability: float):
    """Between the tabulated elevations the error is at most 1 % up to 89° and 4 % above."""
    import itur

    elevation_deg = np.linspace(5, 90, 341)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        exact = itur.atmospheric_attenuation_slant_path(
            station.lat_deg,
            station.lon_deg,
            frequency_hz / 1e9,
            elevation_deg,
            100 * (1 - availability),
            0.6,
            hs=station.elev_m / 1000,
        ).value
    error = np.abs(itu_loss(station, frequency_hz, availability).at_db(elevation_deg) / exact - 1)
    assert error[elevation_deg <= 89].max() < 0.01
    assert error.max() < 0.04


@with_itur
def test_below_the_table_the_loss_grows_without_bound():
    """Under 5° it rises on and is infinite at the horizon."""
    losses = itu_loss(KIRUNA, 20e9).at_db(np.array([5.0, 3.0, 1.0, 0.0]))
    assert (np.diff(losses) > 0).all()
    assert losses[-1] == np.inf


@with_itur
def test_weather_place_and_antenna_matter_as_they_should():
    """More of the time, more frequency and a wetter place lose more; height and a large dish lose less."""
    assert loss_db(KIRUNA, availability=0.9) < loss_db(KIRUNA, availability=0.99)
    assert loss_db(KIRUNA, 20e9) < loss_db(KIRUNA, 40e9)
    assert loss_db(KIRUNA) < loss_db(SINGAPORE)
    assert loss_db(Station("mountain", KIRUNA.lat_deg, KIRUNA.lon_deg, 2100)) < loss_db(KIRUNA)
    dishes = [itu_loss(SINGAPORE, 20e9, antenna_m=size_m).loss_db[0] for size_m in (7.0, 0.6)]
    assert dishes[0] < dishes[1]


@with_itur
def test_each_station_gets_its_own_downlink():
    """Downlinks come in the stations' order, at their own frequency, all else as given."""
    base = KaBandDownlink(frequency_hz=26.25e9, bandwidth_hz=1.5e9, g_over_t_db_per_k=34)
    stations = default_stations()
    downlinks = itu_downlinks(stations, base, 0.999, antenna_m=7)
    for station, downlink in zip(stations, downlinks, strict=True):
        assert downlink.atmosphere == itu_loss(station, 26.25e9, 0.999, 7)
        assert (downlink.bandwidth_hz, downlink.g_over_t_db_per_k) == (1.5e9, 34)
    rate = [downlink.rate_bps(np.array(1e6), np.array(30.0)) for downlink in downlinks]
    names = [station.name for station in stations]
    assert rate[names.index("Singapore")] < rate[names.index("Kiruna")] < rate[names.index("Troll")]


@with_itur
def test_the_south_pole_has_weather_and_the_north_pole_no_map():
    """The Recommendations' maps end at the poles: a station stands on one, at the other there is an error."""
    assert 0 < loss_db(Station("Amundsen-Scott", -90, 0, 2835)) < loss_db(KIRUNA)
    with pytest.raises(InputError, match=r"^atmosphere at 'floe': the ITU-R maps of itur do not cover"):
        loss_db(Station("floe", 89, 90, 0))


def test_the_network_does_not_load_itur():
    """Importing the network leaves itur, slow and optional, alone."""
    code = "import sys, satllm_env.network.itu_atmosphere; sys.exit('itur' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch):
    """Without itur the error says what to install."""
    monkeypatch.setitem(sys.modules, "itur", None)
    with pytest.raises(InputError, match=r"itur is not installed; .*pip install 'satllm\[atmosphere\]'$"):
        loss_db(Station("nowhere else", 12.34, 56.78, 90))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frequency_hz", 3e9),
        ("frequency_hz", 60e9),
        ("availability", 0.4),
        ("availability", 1.0),
        ("antenna_m", 0.0),
    ],
)
def test_values_outside_the_recommendations_are_refused(field: str, value: float):
    """Each wrong value names the station and the field."""
    arguments = {"frequency_hz": 20e9, field: value}
    with pytest.raises(InputError, match=f"^atmosphere at 'Kiruna': {field}: must be from"):
        itu_loss(KIRUNA, **arguments)
