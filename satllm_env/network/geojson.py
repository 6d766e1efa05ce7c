"""Snapshots as GeoJSON (RFC 7946), for maps in browsers and geographic information systems.

Coordinates are WGS84 longitude and latitude [deg] and height above the ellipsoid [m], lines are cut where
they cross ±180°. Colours follow the simplestyle convention, version 1.1, which geojson.io and GitHub read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.network.geodetic import geodetic
from satllm_env.network.ground_lines import Pieces, downlink_lines, isl_lines, track_lines
from satllm_env.network.network_model import NetworkModel
from satllm_env.network.rate_colours import (
    DOWNLINK_ON_MAP,
    ISL_ON_MAP,
    SATELLITE_COLOUR,
    STATION_COLOUR,
    TRACK_COLOUR,
    RateScale,
    rate_scale,
)
from satllm_env.network.snapshot import GroundTable, IslTable, Snapshot
from satllm_env.network.utc import utc_texts

Feature = dict[str, Any]


def geojson(model: NetworkModel, snapshots: Sequence[Snapshot], *, tracks: bool = False) -> dict[str, Any]:
    """A network as a feature collection.

    The property ``kind`` tells the features apart: ``station`` and ``satellite`` are points, ``track``,
    ``isl`` and ``downlink`` lines. Satellites and links come once per snapshot, with its time; only usable
    links are there. A link follows its chord, so its heights dip below those of its ends.

    Args:
        model: the network.
        snapshots: its states, at least one.
        tracks: with the ground tracks of one revolution around the first snapshot's time.

    Returns:
        What `geojson_text` writes.

    Raises:
        InputError: no snapshots.
    """
    if not snapshots:
        raise InputError("geojson", "snapshots", "there is nothing to write")
    isl_scale = rate_scale([shot.isl.rate_bps for shot in snapshots], ISL_ON_MAP)
    downlink_scale = rate_scale([shot.ground.rate_bps for shot in snapshots], DOWNLINK_ON_MAP)
    features = [*_stations(model)]
    if tracks:
        features += _tracks(model, snapshots[0])
    times = utc_texts(model.constellation.epoch, [shot.t_s for shot in snapshots])
    for shot, time in zip(snapshots, times, strict=True):
        moment = {"time": time, "t_s": shot.t_s}
        features += _satellites(model, shot, moment)
        features += _isls(model, shot, moment, isl_scale)
        features += _downlinks(model, shot, moment, downlink_scale)
    return {"type": "FeatureCollection", "features": features}


def geojson_text(collection: dict[str, Any]) -> str:
    """A feature collection as text, one feature a line."""
    lines = (json.dumps(feature, ensure_ascii=False, allow_nan=False) for feature in collection["features"])
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"


def _stations(model: NetworkModel) -> Iterator[Feature]:
    for gid, station in enumerate(model.stations):
        place = np.array([station.lon_deg, station.lat_deg, station.elev_m / 1000])
        named = {"kind": "station", "name": station.name, "number": gid}
        yield _feature(_point(place), named, {"title": station.name, "marker-color": STATION_COLOUR})


def _satellites(model: NetworkModel, shot: Snapshot, moment: Feature) -> Iterator[Feature]:
    places = geodetic(shot.itrs_km)
    looks = {"marker-color": SATELLITE_COLOUR, "marker-size": "small"}
    for number, (name, place) in enumerate(zip(model.constellation.names, places, strict=True)):
        named = {"kind": "satellite", "name": name, "number": number}
        facts = {"altitude_km": round(float(place[2]), 3)}
        yield _feature(_point(place), named | moment | facts, {"title": name} | looks)


def _tracks(model: NetworkModel, shot: Snapshot) -> Iterator[Feature]:
    lines = track_lines(model.constellation, shot.t_s)
    for number, (name, line) in enumerate(zip(model.constellation.names, lines, strict=True)):
        named = {"kind": "track", "name": name, "number": number}
        yield _feature(_line(line), named, {"title": name, "stroke": TRACK_COLOUR, "stroke-width": 1})


def _isls(model: NetworkModel, shot: Snapshot, moment: Feature, scale: RateScale | None) -> list[Feature]:
    isl, names = shot.isl, model.constellation.names
    ends = [(names[a], names[b]) for a, b in _numbers(isl.a, isl.b, isl.usable)]
    return _links("isl", isl_lines(shot), ends, isl, isl.length_m, moment, scale)


def _downlinks(
    model: NetworkModel, shot: Snapshot, moment: Feature, scale: RateScale | None
) -> list[Feature]:
    ground, names = shot.ground, model.constellation.names
    lines = downlink_lines(shot, model.stations)
    ends = [
        (names[sat], model.stations[gid].name) for sat, gid in _numbers(ground.sat, ground.gid, ground.usable)
    ]
    return _links("downlink", lines, ends, ground, ground.range_m, moment, scale)


def _numbers(
    tails: NDArray[np.int64], heads: NDArray[np.int64], usable: NDArray[np.bool_]
) -> Iterator[tuple[int, int]]:
    return zip(tails[usable].tolist(), heads[usable].tolist(), strict=True)


def _links(
    kind: str,
    lines: list[Pieces],
    ends: list[tuple[str, str]],
    table: IslTable | GroundTable,
    length_m: NDArray[np.float64],
    moment: Feature,
    scale: RateScale | None,
) -> list[Feature]:
    if scale is None:
        return []
    usable = table.usable
    columns = (length_m[usable], table.rate_bps[usable], table.latency_s[usable])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    colours = scale.hex(table.rate_bps[usable])
    return [
        _feature(
            _line(line),
            {"kind": kind, "a": a, "b": b} | moment | _facts(*row),
            {"title": f"{a} – {b}", "stroke": colour, "stroke-width": 2},
        )
        for line, (a, b), row, colour in zip(lines, ends, rows, colours, strict=True)
    ]


def _facts(length_m: float, rate_bps: float, latency_s: float) -> Feature:
    return {
        "length_km": round(length_m / 1000, 3),
        "rate_bps": round(rate_bps),
        "latency_s": round(latency_s, 9),
    }


def _feature(geometry: Feature, properties: Feature, looks: Feature) -> Feature:
    return {"type": "Feature", "geometry": geometry, "properties": properties | looks}


def _point(place: NDArray[np.float64]) -> Feature:
    return {"type": "Point", "coordinates": _positions(place[None])[0]}


def _line(pieces: Pieces) -> Feature:
    """A line, or a multiple one where it is cut."""
    if len(pieces) == 1:
        return {"type": "LineString", "coordinates": _positions(pieces[0])}
    return {"type": "MultiLineString", "coordinates": [_positions(piece) for piece in pieces]}


def _positions(places: NDArray[np.float64]) -> list[list[float]]:
    """Longitude and latitude to 0.1 m, height in metres to the decimetre."""
    degrees = np.round(places[:, :2], 6).tolist()
    heights_m = np.round(1000 * places[:, 2], 1).tolist()
    return [[lon, lat, height] for (lon, lat), height in zip(degrees, heights_m, strict=True)]
