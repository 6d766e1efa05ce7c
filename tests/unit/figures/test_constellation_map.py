"""The map of a constellation with a way over it."""

import dataclasses

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.figures import MapLayout, ground_track_map, to_png
from satllm_env.problem import Walk
from tests.unit.figures.inspection import assert_readable, words
from tests.unit.figures.places import forward, forward_plan, ring, ring_layout


def test_plan_on_the_map():
    """Every computing satellite is labelled with its layers, source and destination are marked."""
    figure = ground_track_map(ring_layout(), forward_plan(ring(), 4))
    for label in ("sat-0: 0–2 (source)", "sat-1: 3–5", "sat-2: 6–8", "sat-3: 9–11", "ground (destination)"):
        assert label in words(figure)
    assert_readable(figure)


def test_computing_ground_on_the_map():
    """A destination that computes is labelled with its layers."""
    assert "ground: 0–11 (destination)" in words(ground_track_map(ring_layout(), forward_plan(ring(), 0)))


def test_lines_do_not_cross_the_map():
    """Links and hops over ±180° leave at one edge and come back at the other."""
    figure = ground_track_map(ring_layout(), forward_plan(ring(), 4))
    (axes,) = figure.axes
    lines = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert len(lines) > 6
    for line in lines:
        assert (np.abs(np.diff(line.get_xdata())) < 180.0).all()


def test_constellation_alone():
    """Without a way the map shows satellites and stations, named where they are few."""
    figure = ground_track_map(ring_layout())
    assert {"sat-0", "sat-11", "ground", "12 satellites, 12 inter-satellite links"} <= set(words(figure))
    assert_readable(figure)


def test_large_constellation():
    """Of 144 satellites only those of the way are named."""
    rng = np.random.default_rng(5)
    layout = ring_layout()
    extra = tuple(f"other-{i}" for i in range(132))
    large = dataclasses.replace(
        layout,
        satellite_ids=layout.satellite_ids + extra,
        satellite_lat_deg=np.concatenate((layout.satellite_lat_deg, rng.uniform(-53, 53, 132))),
        satellite_lon_deg=np.concatenate((layout.satellite_lon_deg, rng.uniform(-180, 180, 132))),
    )
    figure = ground_track_map(large, forward(ring(), 6))
    assert not any(text.startswith("other-") for text in words(figure))
    assert "sat-5: 10–11" in words(figure)
    assert_readable(figure)


def test_polar_orbits_fit():
    """Satellites over the poles stay inside the map."""
    lat = np.array([89.9, -89.9, 0.0])
    layout = MapLayout(("a", "b", "c"), lat, np.array([0.0, 10.0, 180.0]), np.array([[0, 1], [1, 2], [2, 0]]))
    figure = ground_track_map(layout)
    low, high = figure.axes[0].get_ylim()
    assert low <= -89.9 and high >= 89.9
    assert_readable(figure)


def test_missing_node():
    """A way over a node that is not on the map is refused, naming the node."""
    with pytest.raises(InputError, match="'ground'"):
        ground_track_map(ring_layout(station="elsewhere"), Walk(ring()))


def test_same_map_again():
    """The same input gives the same bytes."""
    first, second = (to_png(ground_track_map(ring_layout(), forward(ring(), 3))) for _ in range(2))
    assert first == second
