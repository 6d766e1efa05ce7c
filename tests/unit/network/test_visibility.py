"""Chords, elevations and ranges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skyfield.api import wgs84
from skyfield.toposlib import GeographicPosition

from satllm_env.network import Station, default_stations
from satllm_env.network.visibility import (
    above_horizon,
    chord_altitude_km,
    line_of_sight,
    look,
    nearest_share,
    sites_of,
)

R_KM = 6378.137


def circle(radius_km: float, angle_rad: float) -> np.ndarray:
    """A point of a circle about the Earth."""
    return radius_km * np.array([np.cos(angle_rad), np.sin(angle_rad), 0.0])


@given(st.floats(6500, 9000), st.floats(6500, 9000), st.floats(0, np.pi))
def test_chord_altitude_is_the_lowest_point_of_the_segment(a_km: float, b_km: float, angle: float):
    """The exact formula agrees with walking along the segment, at unequal radii too."""
    a, b = circle(a_km, 0.3), circle(b_km, 0.3 + angle)
    steps = np.linspace(0, 1, 4001)[:, None]
    walked_km = np.linalg.norm(a + steps * (b - a), axis=1).min() - R_KM
    exact_km = chord_altitude_km(a, b)
    assert exact_km <= walked_km + 1e-6
    assert exact_km == pytest.approx(walked_km, abs=6)
    assert exact_km == pytest.approx(chord_altitude_km(b, a), abs=1e-6)


def test_the_end_counts_where_the_perpendicular_misses_the_segment():
    """A steep link's lowest point is its lower satellite, although the line beyond it would hit the Earth."""
    low, high = np.array([7000.0, 0, 0]), np.array([7500.0, 10.0, 0])
    assert chord_altitude_km(low, high) == pytest.approx(7000 - R_KM)
    assert line_of_sight(low, high)


def test_coincident_satellites_see_each_other():
    """A segment of no length is a point."""
    point = circle(7000, 1)
    assert chord_altitude_km(point, point) == pytest.approx(7000 - R_KM)


@pytest.mark.parametrize(("length_km", "clear"), [(5016.0, True), (5017.5, False)])
def test_longest_link_at_550_km(length_km: float, clear: bool):
    """At 550 km the 80 km rule allows the usual 5,016 km and no more."""
    half = np.arcsin(length_km / 2 / (R_KM + 550))
    assert line_of_sight(circle(R_KM + 550, -half), circle(R_KM + 550, half)) == clear


def test_paper_chord_is_266_km_above_ground():
    """The ring of twelve at 500 km has chords 266 km up."""
    assert chord_altitude_km(circle(R_KM + 500, 0), circle(R_KM + 500, np.pi / 6)) == pytest.approx(
        266, abs=0.5
    )


def test_nine_satellites_per_plane_are_needed_at_500_km():
    """Neighbours in a plane of eight do not see each other at 500 km, of nine they do."""
    for size, clear in ((8, False), (9, True)):
        assert line_of_sight(circle(R_KM + 500, 0), circle(R_KM + 500, 2 * np.pi / size)) == clear


def geographic(station: Station) -> GeographicPosition:
    """The same station in skyfield."""
    return wgs84.latlon(station.lat_deg, station.lon_deg, elevation_m=station.elev_m)


def test_sites_stand_where_skyfield_has_them():
    """Every built-in station is within a millimetre of skyfield's WGS84 position."""
    stations = default_stations()
    sites = sites_of(stations)
    for station, itrs_km in zip(stations, sites.itrs_km, strict=True):
        assert itrs_km == pytest.approx(geographic(station).itrs_xyz.km, abs=1e-6)


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(0, 360), st.floats(-30, 89), st.floats(400, 3000))
def test_look_inverts_pointing(lat: float, lon: float, azimuth: float, elevation: float, range_km: float):
    """A satellite placed at an azimuth, elevation and range from a station is seen there."""
    sites = sites_of([Station("site", lat, lon, 100)])
    up = sites.up[0]
    east = np.array([-np.sin(np.radians(lon)), np.cos(np.radians(lon)), 0.0])
    north = np.cross(up, east)
    e, a = np.radians(elevation), np.radians(azimuth)
    ray = np.cos(e) * (np.sin(a) * east + np.cos(a) * north) + np.sin(e) * up
    satellite_km = sites.itrs_km[0] + range_km * ray
    seen_deg, seen_m = look(up, sites.itrs_km[0], satellite_km)
    assert seen_deg == pytest.approx(elevation, abs=1e-6)
    assert seen_m == pytest.approx(1000 * range_km, abs=1e-3)
    if abs(elevation) > 1e-6:
        assert above_horizon(sites, satellite_km[None, None])[0, 0, 0] == (elevation > 0)


def test_vertical_is_the_ellipsoid_normal():
    """At 45° the ellipsoid's vertical and the Earth's radius differ by 0.19°, and the normal is used."""
    sites = sites_of([Station("site", 45, 0, 0)])
    radial = sites.itrs_km[0] / np.linalg.norm(sites.itrs_km[0])
    elevation_deg, _ = look(sites.up[0], sites.itrs_km[0], sites.itrs_km[0] + 500 * radial)
    assert elevation_deg == pytest.approx(90 - 0.192, abs=0.001)


def test_horizon_mask_has_one_entry_per_time_station_and_satellite():
    """The mask is (T, G, S), also with no station."""
    satellites_km = np.ones((4, 2, 3)) * 7000
    assert above_horizon(sites_of(default_stations()[:3]), satellites_km).shape == (2, 3, 4)
    assert above_horizon(sites_of([]), satellites_km).shape == (2, 0, 4)


@given(st.floats(6500, 9000), st.floats(6500, 9000), st.floats(0, np.pi))
def test_the_nearest_share_is_that_of_the_lowest_point(a_km: float, b_km: float, angle: float):
    """The point at the share is as high as the chord's lowest, and the share from b to a is the rest."""
    a, b = circle(a_km, 0.3), circle(b_km, 0.3 + angle)
    share = nearest_share(a, b)
    assert 0 <= share <= 1
    assert np.linalg.norm(a + share * (b - a)) - R_KM == pytest.approx(chord_altitude_km(a, b), abs=1e-6)
    if np.linalg.norm(b - a) > 1:
        assert share + nearest_share(b, a) == pytest.approx(1, abs=1e-6)
