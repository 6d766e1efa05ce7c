"""The map of a network."""

import dataclasses
from itertools import groupby

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from satllm_env.figures import to_png
from satllm_env.figures.network_map import network_map
from satllm_env.network import (
    FixedRate,
    LaserBudget,
    NetworkModel,
    Station,
    Walker,
    default_stations,
    walker_network,
)
from satllm_env.network.geodetic import geodetic
from satllm_env.network.rate_colours import DOWNLINK_ON_MAP, ISL_ON_MAP, rate_scale
from tests.unit.figures.inspection import assert_readable, words

STATIONS = default_stations()
RING = walker_network(Walker(500, 53, 12, 1, 0), stations=STATIONS)
DENSE = walker_network(Walker(550, 53, 144, 12, 1), stations=STATIONS)
STAR = walker_network(Walker(780, 86.4, 66, 6, 2, "star"), stations=STATIONS)
SHELL = walker_network(Walker(550, 53, 1584, 72, 39), stations=STATIONS, min_elevation_deg=25)


def collections(figure: Figure, layer: float) -> list[LineCollection]:
    """The line collections on a layer of the map."""
    return [
        item
        for item in figure.axes[0].collections
        if isinstance(item, LineCollection) and item.zorder == layer
    ]


@pytest.mark.parametrize("model", [RING, DENSE, STAR, SHELL], ids=["ring", "dense", "star", "shell"])
def test_maps_are_readable(model: NetworkModel):
    """Whatever the constellation, all stations are named and no text covers another or is cut off."""
    figure = network_map(model, model.snapshot(600.0))
    assert {station.name for station in STATIONS} <= set(words(figure))
    assert_readable(figure)


def test_title_and_note():
    """They say what is shown, from when, and how much of it is usable."""
    texts = words(network_map(DENSE, DENSE.snapshot(600.0)))
    assert "144 satellites in 12 planes at 550 km, inclination 53°" in texts
    shot = DENSE.snapshot(600.0)
    served = len(set(shot.ground.gid[shot.ground.usable].tolist()))
    assert (
        "epoch 2025-01-01T00:00:00Z · t = 600 s (2025-01-01T00:10:00Z)"
        " · 288 of 288 inter-satellite links usable"
        f" · {shot.ground.usable.sum()} downlinks to {served} of 17 stations from 10° elevation"
    ) in texts
    assert "Shell 1" in words(network_map(DENSE, DENSE.snapshot(0.0), title="Shell 1"))


def test_lines_do_not_cross_the_map():
    """Links, tracks and footprints over ±180° leave at one edge and come back at the other."""
    for model in (RING, STAR):
        for item in network_map(model, model.snapshot(0.0)).axes[0].collections:
            if isinstance(item, LineCollection) and item.zorder >= 1:  # not the grid
                for line in item.get_segments():
                    assert (np.abs(np.diff(line[:, 0])) < 180).all()


@pytest.mark.parametrize(
    ("layer", "table", "palette"), [(2, "isl", ISL_ON_MAP), (3, "ground", DOWNLINK_ON_MAP)]
)
def test_links_have_the_colours_of_their_rates(layer: int, table: str, palette):
    """Every usable link is drawn, each of its pieces in its rate's colour."""
    shot = STAR.snapshot(0.0)
    rates = getattr(shot, table).rate_bps
    expected = rate_scale([rates], palette).hex(rates[rates > 0])
    (lines,) = collections(network_map(STAR, shot), layer)
    colours = [to_hex(colour) for colour in lines.get_colors()]
    assert len(lines.get_segments()) == len(colours)
    assert [colour for colour, _ in groupby(colours)] == [colour for colour, _ in groupby(expected)]


def test_links_without_rate_are_not_drawn():
    """What a snapshot says is unusable is left out, of line of sight or not."""
    shot = STAR.snapshot(0.0)
    silent = dataclasses.replace(shot.isl, rate_bps=np.zeros_like(shot.isl.rate_bps))
    figure = network_map(STAR, dataclasses.replace(shot, isl=silent))
    assert collections(figure, 2) == []
    assert not any(text.startswith("inter-satellite links [") for text in words(figure))
    assert any("0 of 121 inter-satellite links usable" in text for text in words(figure))


def test_satellites_stand_at_their_sub_satellite_points():
    """Dots are at geodetic longitude and latitude."""
    shot = STAR.snapshot(0.0)
    (dots,) = [line for line in network_map(STAR, shot).axes[0].lines if line.get_marker() == "o"]
    assert np.array_equal(np.column_stack(dots.get_data()), geodetic(shot.itrs_km)[:, :2])


def test_names_and_tracks_only_where_there_is_room():
    """Twelve satellites are named and tracked, twenty-four only tracked, sixty-six neither."""
    few, some, many = (
        set(words(network_map(model, model.snapshot(0.0))))
        for model in (RING, walker_network(Walker(800, 70, 24, 4, 1)), STAR)
    )
    track = "ground track, one revolution"
    assert {"sat-0", "sat-11", track} <= few
    assert track in some and "sat-0" not in some
    assert track not in many and "sat-0" not in many


def test_footprints_only_where_all_fly_equally_high():
    """One outline per station; none when satellites' radii differ by more than a hundredth."""
    shot = RING.snapshot(0.0)
    figure = network_map(RING, shot)
    assert len(collections(figure, 4)[0].get_segments()) >= len(STATIONS)
    assert "footprint: satellites seen from 10° elevation" in words(figure)
    mixed = dataclasses.replace(shot, itrs_km=shot.itrs_km * np.linspace(1, 1.02, 12)[:, None])
    assert collections(network_map(RING, mixed), 4) == []


def test_equal_rates_are_one_tick():
    """With fixed rates each colour bar has one number."""
    model = walker_network(
        Walker(500, 53, 12, 1, 0),
        stations=STATIONS,
        isl_budget=LaserBudget(cap_bps=0.5e9),
        downlink_budget=FixedRate(0.3e9),
    )
    texts = words(network_map(model, model.snapshot(0.0)))
    assert {"inter-satellite links [Mbit/s]", "500", "downlinks [Mbit/s]", "300"} <= set(texts)


@pytest.mark.parametrize(
    "model",
    [
        walker_network(Walker(500, 97, 1, 1, 0)),
        walker_network(Walker(800, 90, 24, 4, 1), stations=[Station("Pole $x$ <&> 極", 90, 0, 0)]),
        walker_network(Walker(35_786, 0, 3, 1, 0), stations=STATIONS),
    ],
    ids=["alone", "polar", "geostationary"],
)
def test_unusual_networks(model: NetworkModel):
    """A lone satellite, orbits over the poles and a station there, and very high orbits are readable."""
    assert_readable(network_map(model, model.snapshot(0.0)))


def test_same_map_again():
    """The same input gives the same bytes."""
    first, second = (to_png(network_map(STAR, STAR.snapshot(5.0))) for _ in range(2))
    assert first == second
