"""Runs as CZML."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import BarycentricInterpolator

from satllm_env.errors import InputError
from satllm_env.network import (
    LaserBudget,
    Walker,
    default_stations,
    walker_network,
)
from satllm_env.network.czml import czml, czml_text

START = datetime(2025, 7, 9, 18, 45, 30, 500_000, tzinfo=UTC)
MODEL = walker_network(Walker(550, 53, 60, 6, 1), START, stations=default_stations())
TIMES_S = np.arange(-60.0, 1501.0, 60.0)
SHOTS = MODEL.snapshots(TIMES_S)
Packet = dict[str, Any]


@pytest.fixture(scope="module")
def packets() -> dict[str, Packet]:
    """The document as a reader of the file finds it, by id."""
    read = json.loads(czml_text(czml(MODEL, SHOTS)))
    assert read[0]["id"] == "document"
    by_id = {packet["id"]: packet for packet in read}
    assert len(by_id) == len(read)
    return by_id


def of_kind(packets: dict[str, Packet], kind: str) -> dict[str, Packet]:
    """The packets whose ids begin with a kind."""
    return {key: packet for key, packet in packets.items() if key.startswith(f"{kind}/")}


def moment_s(text: str) -> float:
    """[s] after the network's epoch."""
    return (datetime.fromisoformat(text) - START).total_seconds()


def shown_at(packet: Packet, t_s: float) -> bool:
    """Whether a viewer shows a link; where intervals meet the later one counts."""
    states = [
        piece["boolean"]
        for piece in packet["polyline"]["show"]
        if moment_s(piece["interval"].split("/")[0]) <= t_s <= moment_s(piece["interval"].split("/")[1])
    ]
    return states[-1]


def test_the_document_has_version_and_clock(packets):
    """Version 1.0, and a clock over exactly the run."""
    document = packets["document"]
    interval = "2025-07-09T18:44:30.5Z/2025-07-09T19:10:30.5Z"
    assert document["version"] == "1.0"
    assert document["name"] == "60 satellites in 6 planes at 550 km, inclination 53°"
    assert document["clock"] == {
        "interval": interval,
        "currentTime": "2025-07-09T18:44:30.5Z",
        "multiplier": 26,
        "range": "LOOP_STOP",
        "step": "SYSTEM_CLOCK_MULTIPLIER",
    }
    assert all(packet["availability"] == interval for packet in of_kind(packets, "satellite").values())


def test_interpolated_positions_are_those_of_sgp4(packets):
    """Lagrange's polynomial through the nearest six samples is within 0.1 m of SGP4, at the ends too."""
    asked_s = np.random.default_rng(1).uniform(TIMES_S[0], TIMES_S[-1], 40)
    asked_s[:4] = TIMES_S[0], TIMES_S[0] + 31, TIMES_S[-1] - 29, TIMES_S[-1]
    expected_m = 1000 * MODEL.constellation.propagate(asked_s).itrs_km
    for number in (0, 17, 59):
        position = packets[f"satellite/{number}"]["position"]
        assert (position["referenceFrame"], position["epoch"]) == ("FIXED", "2025-07-09T18:44:30.5Z")
        assert (position["interpolationAlgorithm"], position["interpolationDegree"]) == ("LAGRANGE", 5)
        samples = np.array(position["cartesian"]).reshape(-1, 4)
        assert samples[[0, -1], 0] == pytest.approx([0, 1560])
        for moment, t_s in enumerate(asked_s - TIMES_S[0]):
            first = int(np.clip(np.searchsorted(samples[:, 0], t_s) - 3, 0, len(samples) - 6))
            nodes = samples[first : first + 6]
            found_m = BarycentricInterpolator(nodes[:, 0], nodes[:, 1:])(t_s)
            assert np.linalg.norm(found_m - expected_m[number, moment]) < 0.1


@pytest.mark.parametrize("walker", [Walker(300, 97, 1, 1, 0), Walker(36_000, 0, 1, 1, 0)])
def test_positions_do_not_depend_on_how_far_apart_snapshots_are(walker: Walker):
    """Between two snapshots an hour apart there is a sample a minute, in a short run there are six."""
    model = walker_network(walker)
    for length_s, count in ((3600.0, 61), (10.0, 6)):
        (satellite,) = of_kind(
            {p["id"]: p for p in czml(model, model.snapshots([0.0, length_s]))}, "satellite"
        ).values()
        assert len(satellite["position"]["cartesian"]) >= 4 * count


def test_stations_stand_where_they_are(packets):
    """Longitude, latitude and height of each, and its name."""
    stations = list(of_kind(packets, "station").values())
    assert [station["label"]["text"] for station in stations] == [s.name for s in MODEL.stations]
    for packet, station in zip(stations, MODEL.stations, strict=True):
        assert packet["position"] == {
            "cartographicDegrees": [station.lon_deg, station.lat_deg, station.elev_m]
        }


@pytest.mark.parametrize("kind", ["isl", "downlink"])
def test_links_refer_to_positions_that_exist(packets, kind: str):
    """Lines run straight between the positions of two packets."""
    links = of_kind(packets, kind)
    assert links
    for packet in links.values():
        tail, head = packet["polyline"]["positions"]["references"]
        assert packet["polyline"]["arcType"] == "NONE"
        for reference in (tail, head):
            owner, prop = reference.split("#")
            assert prop in packets[owner]
        assert packet["id"] == f"{kind}/{tail.split('#')[0].split('/')[1]}-{head.split('#')[0].split('/')[1]}"


def test_links_are_shown_while_they_are_usable(packets):
    """Half a minute after each snapshot exactly its usable links are shown."""
    links = of_kind(packets, "isl") | of_kind(packets, "downlink")
    for shot in SHOTS[:-1]:
        isl, ground = shot.isl, shot.ground
        usable = {f"isl/{a}-{b}" for a, b in zip(isl.a[isl.usable], isl.b[isl.usable], strict=True)}
        usable |= {
            f"downlink/{sat}-{gid}"
            for sat, gid in zip(ground.sat[ground.usable], ground.gid[ground.usable], strict=True)
        }
        assert {key for key, packet in links.items() if shown_at(packet, shot.t_s + 30)} == usable


def test_show_intervals_cover_the_run_without_gaps(packets):
    """From the first to the last time, alternating: a viewer takes a gap for shown."""
    for packet in (of_kind(packets, "isl") | of_kind(packets, "downlink")).values():
        pieces = packet["polyline"]["show"]
        ends = [piece["interval"].split("/") for piece in pieces]
        assert f"{ends[0][0]}/{ends[-1][1]}" == packets["document"]["clock"]["interval"]
        for (before, after), (first, second) in zip(pairwise(ends), pairwise(pieces), strict=True):
            assert before[1] == after[0]
            assert first["boolean"] is not second["boolean"]


def test_colours_follow_rates(packets):
    """Samples stand at the usable times only, and a faster downlink is lighter."""
    longest = max(of_kind(packets, "downlink").values(), key=lambda packet: len(str(packet)))
    sat, gid = map(int, longest["id"].removeprefix("downlink/").split("-"))
    colour = longest["polyline"]["material"]["solidColor"]["color"]
    samples = np.array(colour["rgba"]).reshape(-1, 5)
    rates = {
        shot.t_s - TIMES_S[0]: float(shot.ground.rate_bps[row])
        for shot in SHOTS
        for row in np.flatnonzero((shot.ground.sat == sat) & (shot.ground.gid == gid) & shot.ground.usable)
    }
    assert len(rates) > 5
    assert samples[:, 0].tolist() == list(rates)
    order = np.argsort(list(rates.values()))
    assert (np.diff(samples[order, 1:4] @ np.array([0.2126, 0.7152, 0.0722])) >= 0).all()


def test_equal_rates_are_one_colour():
    """Where the rate never changes the colour is no series."""
    model = walker_network(Walker(500, 53, 12, 1, 0), isl_budget=LaserBudget(cap_bps=5e8))
    colours = [
        packet["polyline"]["material"]["solidColor"]["color"]
        for packet in czml(model, model.snapshots([0.0, 60.0, 120.0]))
        if packet["id"].startswith("isl/")
    ]
    assert len(colours) == 12
    assert all(set(colour) == {"rgba"} and len(colour["rgba"]) == 4 for colour in colours)


def test_large_constellations_are_bare():
    """Without detail there are no names and paths, and each station has one downlink at a time."""
    plain = {packet["id"]: packet for packet in czml(MODEL, SHOTS, detailed=False, isls=False)}
    assert not of_kind(plain, "isl")
    assert all(set(p) & {"label", "path"} == set() for p in of_kind(plain, "satellite").values())
    downlinks = of_kind(plain, "downlink")
    for shot in SHOTS[:-1]:
        shown = [key for key, packet in downlinks.items() if shown_at(packet, shot.t_s + 30)]
        stations = [key.split("-")[1] for key in shown]
        assert len(set(stations)) == len(stations)
        assert set(map(int, stations)) == set(shot.ground.gid[shot.ground.usable].tolist())
    full = czml(MODEL, SHOTS, detailed=True)
    assert all("path" in packet for packet in full if packet["id"].startswith("satellite/"))
    assert "path" not in czml(big := walker_network(Walker(550, 53, 201, 3, 0)), big.snapshots([0.0, 9.0]))[1]


def test_same_run_same_text():
    """The same input gives the same bytes."""
    model = walker_network(Walker(500, 53, 12, 1, 0), stations=default_stations()[:3])
    first, second = (czml_text(czml(model, model.snapshots([0.0, 60.0]))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("times_s", [[], [0.0], [0.0, 0.0], [60.0, 0.0]])
def test_a_run_needs_two_ascending_times(times_s: list[float]):
    """Anything else is one clear line."""
    with pytest.raises(InputError, match="czml: snapshots: must be two or more, at ascending times"):
        czml(MODEL, MODEL.snapshots(times_s))
