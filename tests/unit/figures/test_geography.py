"""Great circles and land outlines."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from satllm_env.figures.geography import great_circle, land

POINT = st.tuples(st.floats(-180, 179.99), st.floats(-90, 90)).map(np.array)


def unit(points):
    """(K, 3) points of the unit sphere."""
    lon, lat = np.deg2rad(np.atleast_2d(points)).T
    return np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)


@given(POINT, POINT)
def test_arcs_join_their_ends(begin, end):
    """An arc begins and ends where it should, and no piece of it jumps across the map."""
    pieces = great_circle(begin, end)
    np.testing.assert_allclose(unit(pieces[0][0]), unit(begin), atol=1e-4)
    np.testing.assert_allclose(unit(pieces[-1][-1]), unit(end), atol=1e-4)
    for piece in pieces:
        assert (np.abs(np.diff(piece[:, 0])) <= 180.0).all() and np.isfinite(piece).all()
        assert (np.abs(piece) <= (180.0, 90.0)).all()


@given(POINT, POINT)
def test_arcs_are_shortest(begin, end):
    """The points of an arc lie in the plane of its ends, and its length is the angle between them."""
    a, b = unit(begin)[0], unit(end)[0]
    angle = np.arccos(np.clip(a @ b, -1, 1))
    assume(1e-3 < angle < np.pi - 1e-3)
    pieces = great_circle(begin, end)
    if len(pieces) == 1:  # the crossing of ±180° is interpolated on the map, not on the globe
        points = unit(pieces[0])
        normal = np.cross(a, b) / np.linalg.norm(np.cross(a, b))
        assert np.abs(points @ normal).max() < 1e-6
        steps = np.arccos(np.clip((points[1:] * points[:-1]).sum(axis=1), -1, 1))
        np.testing.assert_allclose(steps.sum(), angle, rtol=1e-4)


def test_arcs_are_cut_at_the_antimeridian():
    """From 170° E to 170° W the way is two short pieces that end at the map's edges."""
    east, west = great_circle(np.array([170.0, 10.0]), np.array([-170.0, 20.0]))
    assert east[-1, 0] == 180.0 and west[0, 0] == -180.0 and east[-1, 1] == west[0, 1]
    assert 14.0 < east[-1, 1] < 17.0
    assert east[:, 0].min() == 170.0 and np.isclose(west[:, 0].max(), -170.0)


def test_land_is_where_it_is():
    """Well-known inland and ocean places lie within and without the outlines."""
    from matplotlib.path import Path

    def on_land(lon, lat):
        return any(Path(ring).contains_point((lon, lat)) for ring in land())

    inland = {"Moscow": (37.6, 55.8), "Denver": (-105, 39.7), "Alice Springs": (133.9, -23.7)}
    inland |= {
        "Brasília": (-47.9, -15.8),
        "Kinshasa": (16, -4.3),
        "Delhi": (77.2, 28.6),
        "Paris": (2.3, 48.9),
    }
    ocean = {
        "mid-Atlantic": (-30, 0),
        "mid-Pacific": (-150, 0),
        "Indian Ocean": (75, -30),
        "Tasman": (160, -38),
    }
    assert all(on_land(*place) for place in inland.values())
    assert not any(on_land(*place) for place in ocean.values())
