"""ITRS to longitude, latitude and height."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation
from hypothesis import given
from hypothesis import strategies as st
from skyfield.api import EarthSatellite, load, wgs84

from satllm_env.network import Station, Walker, walker_constellation
from satllm_env.network.geodetic import geodetic
from satllm_env.network.visibility import sites_of


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-500, 9000))
def test_stations_come_back(lon_deg: float, lat_deg: float, elev_m: float):
    """Placing a station on the ellipsoid and reading its place off agree to a micrometre."""
    site_km = sites_of([Station("there", lat_deg, lon_deg, elev_m)]).itrs_km
    lon, lat, height_km = geodetic(site_km)[0]
    assert lat == pytest.approx(lat_deg, abs=1e-11)
    assert 1000 * height_km == pytest.approx(elev_m, abs=1e-5)
    if abs(lat_deg) < 89.9:
        assert np.cos(np.radians(lon - lon_deg)) == pytest.approx(1, abs=1e-15)


def test_it_agrees_with_astropy():
    """From the ground to beyond geostationary orbit, within the few mas of ERFA's own formula."""
    rng = np.random.default_rng(3)
    itrs_km = rng.normal(size=(2000, 3))
    itrs_km *= (rng.uniform(6300, 50_000, 2000) / np.linalg.norm(itrs_km, axis=1))[:, None]
    expected = EarthLocation.from_geocentric(*itrs_km.T, unit=u.km).to_geodetic("WGS84")
    found = geodetic(itrs_km)
    assert found[:, 0] == pytest.approx(expected.lon.deg, abs=1e-12)
    assert found[:, 1] == pytest.approx(expected.lat.deg, abs=1e-8)
    assert found[:, 2] == pytest.approx(expected.height.to_value(u.km), abs=1e-9)


def test_sub_satellite_points_agree_with_skyfield():
    """The points below a constellation are skyfield's, found one satellite and time after the other."""
    constellation = walker_constellation(Walker(550, 97.6, 6, 3, 1))
    times_s = np.array([0.0, 1234.5])
    found = geodetic(constellation.propagate(times_s).itrs_km)
    scale = load.timescale(builtin=True)
    start = scale.from_datetime(constellation.epoch)
    for number, satrec in enumerate(constellation.elements.satrecs()):
        satellite = EarthSatellite.from_satrec(satrec, scale)
        for moment, t_s in enumerate(times_s):
            point = wgs84.geographic_position_of(
                satellite.at(scale.tt_jd(start.whole, start.tt_fraction + t_s / 86_400))
            )
            expected = (point.longitude.degrees, point.latitude.degrees, point.elevation.km)
            assert found[number, moment] == pytest.approx(expected, abs=1e-6)


def test_poles_and_shapes():
    """Over the poles the height is above the semi-minor axis; any leading shape is kept."""
    north, south = geodetic(np.array([[0.0, 0.0, 6856.752314245], [0.0, 0.0, -6856.752314245]]))
    assert north[1:] == pytest.approx([90, 500], abs=1e-9)
    assert south[1:] == pytest.approx([-90, 500], abs=1e-9)
    assert geodetic(np.ones((4, 5, 3)) * 5000).shape == (4, 5, 3)
