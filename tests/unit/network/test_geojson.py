"""Snapshots as GeoJSON."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network import (
    FixedRate,
    NetworkModel,
    Walker,
    default_stations,
    from_pairs,
    walker_constellation,
    walker_network,
)
from satllm_env.network.geodetic import geodetic
from satllm_env.network.geojson import geojson, geojson_text
from satllm_env.network.rate_colours import ISL_ON_MAP, rate_scale

STAR = walker_network(Walker(780, 86.4, 66, 6, 2, "star"), stations=default_stations())
DELTA = walker_network(Walker(550, 53, 60, 6, 1), stations=default_stations())
DEPTH = {"Point": 0, "LineString": 1, "MultiLineString": 2}
Feature = dict[str, Any]


def exported(model: NetworkModel, times_s: list[float], **options: bool) -> list[Feature]:
    """The features as a reader of the file finds them."""
    collection = json.loads(geojson_text(geojson(model, model.snapshots(times_s), **options)))
    assert set(collection) == {"type", "features"}
    assert collection["type"] == "FeatureCollection"
    return collection["features"]


def of_kind(features: list[Feature], kind: str) -> list[Feature]:
    """The features of a kind."""
    return [feature for feature in features if feature["properties"]["kind"] == kind]


def lines(feature: Feature) -> list[list[list[float]]]:
    """The lines of a feature, none of a point."""
    geometry = feature["geometry"]
    depth = DEPTH[geometry["type"]]
    return [[], [geometry["coordinates"]], geometry["coordinates"]][depth]


def positions(feature: Feature) -> Iterator[list[float]]:
    """All positions of a feature."""
    geometry = feature["geometry"]
    if geometry["type"] == "Point":
        yield geometry["coordinates"]
    for line in lines(feature):
        yield from line


@pytest.mark.parametrize("model", [STAR, DELTA])
def test_features_obey_the_standard(model: NetworkModel):
    """RFC 7946: members, nesting, order and ranges of coordinates; simplestyle's colours."""
    for feature in exported(model, [0.0, 60.0], tracks=True):
        assert set(feature) == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert set(feature["geometry"]) == {"type", "coordinates"}
        assert all(len(line) >= 2 for line in lines(feature))
        for lon, lat, height_m in positions(feature):
            assert -180 <= lon <= 180
            assert -90 <= lat <= 90
            assert -500 < height_m < 900_000
        colour = feature["properties"].get("stroke", feature["properties"].get("marker-color"))
        assert re.fullmatch("#[0-9a-f]{6}", colour)


@pytest.mark.parametrize("model", [STAR, DELTA])
def test_no_line_crosses_the_antimeridian(model: NetworkModel):
    """RFC 7946, 3.1.9: lines are cut at ±180°, and their pieces end there."""
    cut = 0
    for feature in exported(model, [0.0], tracks=True):
        pieces = lines(feature)
        for piece in pieces:
            assert all(abs(b[0] - a[0]) < 180 for a, b in pairwise(piece))
        for before, after in pairwise(pieces):
            assert abs(before[-1][0]) == 180
            assert before[-1] == [-after[0][0], *after[0][1:]]
            cut += 1
    assert cut > 5


def test_lines_are_dense_enough_to_follow_great_circles():
    """Neighbouring positions are at most some 2° apart, seen from the Earth's centre."""
    for feature in exported(DELTA, [0.0], tracks=True):
        for piece in lines(feature):
            lon, lat = np.radians(np.array(piece)[:, :2].T)
            unit = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
            assert np.degrees(np.arccos(np.clip((unit[1:] * unit[:-1]).sum(axis=1), -1, 1))).max() < 2.1


def test_satellites_and_stations():
    """Every satellite at every time, each station once, where they are."""
    features = exported(DELTA, [0.0, 60.5])
    satellites, stations = of_kind(features, "satellite"), of_kind(features, "station")
    assert [(s["properties"]["name"], s["properties"]["t_s"]) for s in satellites] == [
        (f"sat-{number}", t_s) for t_s in (0.0, 60.5) for number in range(60)
    ]
    assert {s["properties"]["time"] for s in satellites[60:]} == {"2025-01-01T00:01:00.5Z"}
    places = geodetic(DELTA.constellation.propagate(60.5).itrs_km[:, 0])
    for satellite, (lon, lat, height_km) in zip(satellites[60:], places, strict=True):
        found = satellite["geometry"]["coordinates"]
        assert found == pytest.approx([lon, lat, 1000 * height_km], abs=0.06)
        assert found[:2] == pytest.approx([lon, lat], abs=6e-7)
        assert satellite["properties"]["altitude_km"] == pytest.approx(height_km, abs=6e-4)
    assert [s["properties"]["number"] for s in stations] == list(range(len(DELTA.stations)))
    for feature, station in zip(stations, DELTA.stations, strict=True):
        assert feature["geometry"]["coordinates"] == [station.lon_deg, station.lat_deg, station.elev_m]


def test_links_are_the_usable_ones_with_their_figures():
    """One line per usable link, from end to end, with length, rate and latency, coloured by rate."""
    shot = DELTA.snapshot(30.0)
    features = exported(DELTA, [30.0])
    isls, downlinks = of_kind(features, "isl"), of_kind(features, "downlink")
    assert (len(isls), len(downlinks)) == (shot.isl.usable.sum(), shot.ground.usable.sum())
    places = geodetic(shot.itrs_km)
    colours = rate_scale([shot.isl.rate_bps], ISL_ON_MAP).hex(shot.isl.rate_bps[shot.isl.usable])
    for feature, row, colour in zip(isls, np.flatnonzero(shot.isl.usable), colours, strict=True):
        facts, ends = feature["properties"], [next(positions(feature)), [*positions(feature)][-1]]
        assert [facts["a"], facts["b"]] == [f"sat-{shot.isl.a[row]}", f"sat-{shot.isl.b[row]}"]
        assert ends[0][:2] == pytest.approx(places[shot.isl.a[row], :2], abs=6e-7)
        assert ends[1][:2] == pytest.approx(places[shot.isl.b[row], :2], abs=6e-7)
        assert facts["length_km"] == pytest.approx(shot.isl.length_m[row] / 1000, abs=6e-4)
        assert facts["rate_bps"] == round(shot.isl.rate_bps[row])
        assert facts["latency_s"] == pytest.approx(shot.isl.latency_s[row], abs=6e-10)
        assert facts["stroke"] == colour
    for feature, row in zip(downlinks, np.flatnonzero(shot.ground.usable), strict=True):
        station = DELTA.stations[shot.ground.gid[row]]
        assert feature["properties"]["b"] == station.name
        assert feature["properties"]["length_km"] == pytest.approx(shot.ground.range_m[row] / 1000, abs=6e-4)
        assert [*positions(feature)][-1] == pytest.approx(
            [station.lon_deg, station.lat_deg, station.elev_m], abs=0.06
        )


def test_a_link_dips_below_its_ends():
    """Half-way the ring's chord is as high above the sphere as geometry has it."""
    (ring, *_) = of_kind(exported(walker_network(Walker(500, 0, 12, 1, 0)), [0.0]), "isl")
    heights = [height for _, _, height in positions(ring)]
    radius_m = 6_378_137 + heights[0]
    assert min(heights) == pytest.approx(radius_m * math.cos(math.pi / 12) - 6_378_137, abs=500)


def test_colours_compare_between_times():
    """Two snapshots share one scale: a rate has the same colour in both."""
    pairs = from_pairs([(0, 1)], 2)
    model = NetworkModel(walker_constellation(Walker(550, 53, 2, 2, 1)), pairs)
    shots = [shot for shot in model.snapshots(np.arange(0, 6000, 10.0)) if shot.isl.usable[0]]
    together = of_kind(geojson(model, shots)["features"], "isl")
    strokes = [feature["properties"]["stroke"] for feature in together]
    assert len(set(strokes)) > 20
    alone = [of_kind(geojson(model, [shot])["features"], "isl")[0] for shot in shots[:5]]
    assert len({feature["properties"]["stroke"] for feature in alone}) == 1


def test_tracks_only_on_request():
    """Ground tracks come once per satellite if asked for."""
    assert "track" not in Counter(f["properties"]["kind"] for f in exported(DELTA, [0.0]))
    tracks = of_kind(exported(DELTA, [0.0, 60.0], tracks=True), "track")
    assert [track["properties"]["name"] for track in tracks] == list(DELTA.constellation.names)


def test_same_network_same_text():
    """The same input gives the same bytes."""
    first, second = (geojson_text(geojson(DELTA, DELTA.snapshots([0.0, 1.0]))) for _ in range(2))
    assert first == second


def test_a_lone_satellite():
    """No links, no stations: one point."""
    model = walker_network(Walker(500, 53, 1, 1, 0), downlink_budget=FixedRate(1e9))
    (feature,) = exported(model, [0.0])
    assert feature["geometry"]["type"] == "Point"


def test_nothing_to_write():
    """No snapshots are refused."""
    with pytest.raises(InputError, match="geojson: snapshots: there is nothing to write"):
        geojson(DELTA, [])
