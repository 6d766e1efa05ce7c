"""The layout that maps are drawn from."""

import dataclasses

import numpy as np
import pytest

from satllm_env.errors import InputError
from tests.unit.figures.places import ring_layout


def test_places():
    """Ids have their longitude, wrapped, and latitude."""
    layout = dataclasses.replace(ring_layout(4), satellite_lon_deg=np.array([0.0, 190.0, 360.0, -190.0]))
    np.testing.assert_allclose(layout.place_deg("sat-1"), (-170.0, 53.0))
    np.testing.assert_allclose(layout.place_deg("sat-3"), (170.0, -53.0))
    np.testing.assert_allclose(layout.place_deg("ground"), (150.0, -25.0))


def test_unknown_node():
    """A node that is not on the map is named."""
    with pytest.raises(InputError, match=r"no node 'x'"):
        ring_layout(4).place_deg("x")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"satellite_lat_deg": np.zeros(3)}, "satellite_lat_deg"),
        ({"satellite_lat_deg": np.array([0.0, 91.0, 0.0, 0.0])}, "satellite_lat_deg"),
        ({"satellite_lon_deg": np.array([0.0, np.nan, 0.0, 0.0])}, "satellite_lon_deg"),
        ({"station_ids": ()}, "station_lat_deg"),
        ({"station_ids": ("sat-0",)}, "station_ids"),
        ({"isls": np.array([[0, 4]])}, "isls"),
        ({"isls": np.array([0, 1])}, "isls"),
        ({"isls": np.array([[0.0, 1.0]])}, "isls"),
    ],
)
def test_broken_layouts(changes, field):
    """Wrong shapes, ranges, ids and links are refused, naming the field."""
    with pytest.raises(InputError, match=field):
        dataclasses.replace(ring_layout(4), **changes)
