"""The part of the Earth that a map shows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.antimeridian import wrap_deg
from satllm_env.figures.canvas import Box, new_figure, to_pixels
from satllm_env.figures.constellation_map import route_view
from satllm_env.figures.map_view import MIN_HEIGHT_DEG, view_around, whole_earth
from satllm_env.figures.route import route_of
from satllm_env.figures.world import view_pane
from satllm_env.problem import Walk
from tests.unit.figures.places import forward, ring, ring_layout

PLACES = st.lists(st.tuples(st.floats(-540, 540), st.floats(-90, 90)), min_size=1, max_size=8)


@given(PLACES, st.floats(0.5, 3.0))
def test_view_holds_its_places(places, aspect):
    """Every place lies in the view, which has the aspect unless the Earth ends, and stays on the Earth."""
    lon, lat = np.array(places).T
    view = view_around(lon, lat, aspect)
    assert view.height_deg >= MIN_HEIGHT_DEG
    assert view.width_deg <= 360.0 and view.y_range[0] >= -90.0 - 1e-9 and view.y_range[1] <= 90.0 + 1e-9
    assert view.width_deg <= aspect * view.height_deg + 1e-9
    if aspect >= 2.0:  # a narrower box is too narrow for the whole Earth
        east = wrap_deg(lon - view.lon_deg)
        west_too = np.where(east == -180.0, 180.0, east)
        slack = np.array([1e-6, -1e-6])
        for x, y in zip(np.minimum(np.abs(west_too), 180.0), lat, strict=True):
            assert view.holds(np.array([x, y]) * (1 - slack[0]))


def test_across_the_antimeridian():
    """Places on both sides of ±180° stand beside each other."""
    view = view_around(np.array([170.0, -170.0]), np.array([0.0, 10.0]), 2.0)
    assert abs(view.lon_deg) == pytest.approx(180.0)
    assert view.width_deg == 2 * MIN_HEIGHT_DEG


def test_whole_earth():
    """The whole Earth is centred on longitude and latitude 0."""
    assert whole_earth(75.0).x_range == (-180.0, 180.0)
    assert whole_earth(75.0).y_range == (-75.0, 75.0)


def test_land_is_where_it_is():
    """Turned by whole meridians the map shows the same land, shifted; also across its edge."""

    def dark(lon_deg):
        figure = new_figure(720, 360)
        view_pane(figure, Box(0, 0, 720, 360), replace(whole_earth(90.0), lon_deg=lon_deg), ticks=False)
        return to_pixels(figure)[5:-5].astype(int)

    here, there = dark(0.0), dark(90.0)
    shifted = np.roll(here, -180, axis=1)
    assert (np.abs(shifted - there)[:, 5:-5].max(axis=2) > 40).mean() < 0.01


def test_episode_view_seldom_moves():
    """The view of a fresh walk is that of the finished one where all of it may compute."""
    layout, box = ring_layout(), Box(0, 0, 600, 280)
    fresh, done = (route_view(layout, route_of(walk), box) for walk in (Walk(ring()), forward(ring(), 3)))
    assert fresh == done
