"""Chords, ground tracks and footprints over the Earth."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from satllm_env.network import Walker, default_stations, walker_constellation
from satllm_env.network.footprint import footprint_lines
from satllm_env.network.geodetic import geodetic
from satllm_env.network.ground_lines import chord_lines, chord_points, track_lines
from satllm_env.network.visibility import look, sites_of

COORDINATE = st.floats(-1, 1)
DIRECTION = st.tuples(COORDINATE, COORDINATE, COORDINATE).filter(lambda d: np.linalg.norm(d) > 0.1)


def at(direction: tuple[float, float, float], radius_km: float) -> np.ndarray:
    """A place in a direction, shape (1, 3)."""
    return np.array([direction]) * radius_km / np.linalg.norm(direction)


def angles_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle at the Earth's centre between places."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1)))


def itrs_of(points: np.ndarray) -> np.ndarray:
    """[km] ITRS of longitudes, latitudes and heights, by rotation of the meridian's ellipse."""
    lon, lat, height_km = np.radians(points[:, 0]), np.radians(points[:, 1]), points[:, 2]
    semi_minor = 6378.137 * (1 - 1 / 298.257223563)
    reduced = np.arctan2(semi_minor * np.sin(lat), 6378.137 * np.cos(lat))
    r = 6378.137 * np.cos(reduced) + height_km * np.cos(lat)
    return np.column_stack(
        [r * np.cos(lon), r * np.sin(lon), semi_minor * np.sin(reduced) + height_km * np.sin(lat)]
    )


@given(DIRECTION, DIRECTION, st.floats(6400, 42_000), st.floats(6400, 42_000))
def test_chords_are_straight_and_evenly_seen(to_a, to_b, a_radius_km, b_radius_km):
    """Points lie on the segment from a to b, at most 2° apart and at equal angles."""
    a, b = at(to_a, a_radius_km), at(to_b, b_radius_km)
    assume(angles_deg(a, b)[0] < 179)
    points = chord_points(a, b)[0]
    assert points[[0, -1]] == pytest.approx(np.concatenate([a, b]), abs=1e-6)
    detour_km = np.linalg.norm(np.diff(points, axis=0), axis=1).sum() - np.linalg.norm(b - a)
    assert detour_km == pytest.approx(0, abs=1e-6)
    steps = angles_deg(points[:-1], points[1:])
    assert steps.max() <= 2 + 1e-6
    assert steps == pytest.approx(steps.mean(), abs=1e-4)


def test_a_downlink_from_the_zenith():
    """A satellite right above a station is the end of a line that goes straight up."""
    site_km, up = sites_of(default_stations()).itrs_km[:1], sites_of(default_stations()).up[:1]
    ((line,),) = chord_lines(site_km + 550 * up, site_km)
    assert np.ptp(line[:, :2], axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert line[[0, -1], 2] == pytest.approx([550.5, 0.5], abs=1e-6)


def test_chords_are_cut_where_they_cross_the_antimeridian():
    """A link over ±180° is two pieces that meet there at one latitude and height."""
    ends_km = np.array([[-6900.0, 900.0, 1000.0], [-6900.0, -900.0, 1200.0]])
    ((east, west),) = chord_lines(ends_km[:1], ends_km[1:])
    assert east[0] == pytest.approx(geodetic(ends_km[0]))
    assert west[-1] == pytest.approx(geodetic(ends_km[1]))
    assert (east[-1, 0], west[0, 0]) == (180, -180)
    assert east[-1, 1:] == pytest.approx(west[0, 1:])


def test_no_links_no_lines():
    """Empty tables give empty lists."""
    assert chord_lines(np.zeros((0, 3)), np.zeros((0, 3))) == []


def test_tracks_pass_below_the_satellites():
    """A track is a revolution long, has the satellite in its middle, and rises to its inclination."""
    constellation = walker_constellation(Walker(550, 53, 2, 1, 0))
    tracks = track_lines(constellation, 300.0)
    here = geodetic(constellation.propagate(300.0).itrs_km[:, 0])
    for pieces, place in zip(tracks, here, strict=True):
        points = np.concatenate(pieces)
        assert np.abs(points - place).sum(axis=1).min() < 1e-6
        assert np.abs(points[:, 1]).max() == pytest.approx(53.2, abs=0.1)  # geodetic latitudes are greater
        # the Earth turns by 24° under a revolution of 95.6 minutes, J2 turns the plane by −0.3°
        assert (points[-1, 0] - points[0, 0]) % 360 == pytest.approx(360 - 24.3, abs=0.3)


@pytest.mark.parametrize("elevation_deg", [0.0, 10.0, 25.0, 90.0])
def test_satellites_over_a_footprint_have_its_elevation(elevation_deg: float):
    """From every station the outline's satellites stand at the elevation and at the radius."""
    sites = sites_of(default_stations())
    for site, pieces in enumerate(footprint_lines(sites, elevation_deg, 6928.0)):
        line = np.concatenate(pieces)
        satellites_km = itrs_of(line)
        found, _ = look(sites.up[site], sites.itrs_km[site], satellites_km)
        # where the outline is cut at ±180° the corner lies between two of its points
        inside = np.abs(line[:, 0]) < 180
        assert found[inside] == pytest.approx(elevation_deg, abs=1e-4)
        assert np.linalg.norm(satellites_km[inside], axis=1) == pytest.approx(6928.0)
