"""The Sun's position, against astropy."""

import warnings
from datetime import UTC, datetime, timedelta

import erfa
import numpy as np
import pytest
from astropy.coordinates import TEME, get_sun
from astropy.time import Time
from astropy.utils import iers

from satllm_env.errors import InputError
from satllm_env.network.sun import ASTRONOMICAL_UNIT_KM, sun_position_km

EPOCH = datetime(2000, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def offline():
    """Astropy with the tables that it comes with, however old."""
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        yield


def reference_au(tt_jd: np.ndarray) -> np.ndarray:
    """[au] astropy's apparent Sun, turned to the true equator and mean equinox of date, shape (T, 3)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # erfa calls years from 2030 on dubious
        gcrs = get_sun(Time(tt_jd, format="jd", scale="tt")).cartesian.xyz.to_value("AU")
    true_of_date = np.einsum("tij,jt->it", erfa.pnm06a(tt_jd, 0.0), gcrs)
    x, y, z = true_of_date
    equinoxes = erfa.ee06a(tt_jd, 0.0)
    cos, sin = np.cos(equinoxes), np.sin(equinoxes)
    return np.column_stack([cos * x + sin * y, cos * y - sin * x, z])


def angles_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[deg] between vectors, shape (T,)."""
    crosses, dots = np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1)
    return np.degrees(np.arctan2(crosses, dots))


def test_the_sun_is_within_a_hundredth_of_a_degree_from_1950_to_2050():
    """A direction every five days and a bit for a century; `pytest -rP` prints the figures."""
    utc_jd = np.arange(2_433_282.5, 2_469_807.5, 5.03)
    ours_km = sun_position_km(EPOCH, (utc_jd - 2_451_545.0) * 86_400)
    theirs_au = reference_au(utc_jd + 64.184 / 86_400)
    error_deg = angles_deg(ours_km, theirs_au)
    error_au = np.linalg.norm(ours_km, axis=1) / ASTRONOMICAL_UNIT_KM - np.linalg.norm(theirs_au, axis=1)
    print(f"direction {error_deg.max():.4f} deg, distance {np.abs(error_au).max():.1e} au")
    assert error_deg.max() < 0.008
    assert np.abs(error_au).max() < 1e-4


def test_the_reference_is_in_teme():
    """The rotation used above gives what astropy's own TEME gives where it has UT1."""
    moments = Time(np.linspace(2_442_000, 2_460_000, 50), format="jd", scale="tt")
    teme_au = get_sun(moments).transform_to(TEME(obstime=moments)).cartesian.xyz.to_value("AU").T
    assert angles_deg(reference_au(moments.jd), teme_au).max() < 1e-4


def test_seasons():
    """At the solstice of June 2024 the Sun stands 23.44° north, at the equinox of March it crosses over."""
    june = sun_position_km(datetime(2024, 6, 20, 20, 51, tzinfo=UTC), 0.0)[0]
    assert np.degrees(np.arcsin(june[2] / np.linalg.norm(june))) == pytest.approx(23.44, abs=0.005)
    march = sun_position_km(datetime(2024, 3, 20, 3, 6, tzinfo=UTC), [-3600.0, 3600.0])
    assert march[0, 2] < 0 < march[1, 2]


def test_times_and_epochs_say_the_same():
    """A later epoch and a longer time lead to one position, also for many times at once."""
    times_s = np.array([0.0, 90.5, 1e7, -3e6])
    together = sun_position_km(EPOCH, times_s)
    assert together.shape == (4, 3)
    for t_s, position_km in zip(times_s, together, strict=True):
        moved = sun_position_km(EPOCH + timedelta(seconds=t_s), 0.0)[0]
        assert moved == pytest.approx(position_km, rel=1e-9, abs=1)


def test_an_epoch_needs_a_time_zone():
    """A naive epoch is refused as everywhere."""
    with pytest.raises(InputError, match="no time zone"):
        sun_position_km(datetime(2025, 1, 1), 0.0)
