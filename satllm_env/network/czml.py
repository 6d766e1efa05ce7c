"""A run of the network as CZML 1.0, which Cesium plays on a globe.

The format is that of https://github.com/AnalyticalGraphicsInc/czml-writer/wiki/CZML-Guide and its schema.
Positions are fixed to the Earth, as Cesium draws them: the inertial frame that CZML knows is not TEME.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.network.caption import constellation_text
from satllm_env.network.czml_links import Timeline, link_packets
from satllm_env.network.link_series import downlink_series, isl_series
from satllm_env.network.network_model import NetworkModel
from satllm_env.network.rate_colours import DOWNLINK_ON_GLOBE, ISL_ON_GLOBE
from satllm_env.network.snapshot import Snapshot
from satllm_env.network.utc import utc_texts

DETAILED_SATELLITES = 200
"""Satellites up to which a run is detailed unless asked otherwise."""
_STEP_S = 60.0
_STEPS_PER_REVOLUTION = 90
"""At 4° a step Lagrange's polynomial of degree 5 is within 0.1 m of a circular orbit, at the ends too."""
_DEGREE = 5
_PLAYED_S = 60.0
"""[s] that a run takes to play at first."""

Packet = dict[str, Any]


def czml(
    model: NetworkModel, snapshots: Sequence[Snapshot], *, detailed: bool | None = None, isls: bool = True
) -> list[Packet]:
    """A network from the first to the last of several snapshots.

    Satellites move smoothly, their positions sampled once a minute or more often, whatever the snapshots'
    times. A link has the state of a snapshot until the next one, so it appears and vanishes as exactly as
    the snapshots lie close; its colour follows its rate.

    Args:
        model: the network.
        snapshots: its states in ascending order of time, at least two.
        detailed: with satellites' names, their paths over the last revolution and all usable downlinks;
            else of downlinks only each station's fastest. None is True of up to 200 satellites.
        isls: with inter-satellite links; thousands of them are slow to play.

    Returns:
        The document's packets, what `czml_text` writes. Ids are ``satellite/7``, ``station/2``,
        ``isl/7-8`` and ``downlink/7-2``.

    Raises:
        InputError: fewer than two snapshots, or not in ascending order.
    """
    timeline = _timeline(model, snapshots)
    if detailed is None:
        detailed = len(model.constellation) <= DETAILED_SATELLITES
    packets = [_document(model, timeline), *_stations(model), *_satellites(model, timeline, detailed)]
    if isls:
        names = model.constellation.names
        packets += link_packets("isl", isl_series(snapshots), names, names, timeline, ISL_ON_GLOBE)
    downlinks = downlink_series(snapshots, fastest=not detailed)
    stations = [station.name for station in model.stations]
    packets += link_packets(
        "downlink", downlinks, model.constellation.names, stations, timeline, DOWNLINK_ON_GLOBE
    )
    return packets


def czml_text(packets: Sequence[Packet]) -> str:
    """A document as text, one packet a line."""
    lines = (json.dumps(packet, ensure_ascii=False, allow_nan=False) for packet in packets)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _timeline(model: NetworkModel, snapshots: Sequence[Snapshot]) -> Timeline:
    times_s = np.array([shot.t_s for shot in snapshots])
    if len(times_s) < 2 or (np.diff(times_s) <= 0).any():
        raise InputError("czml", "snapshots", "must be two or more, at ascending times")
    return Timeline(times_s, utc_texts(model.constellation.epoch, times_s))


def _document(model: NetworkModel, timeline: Timeline) -> Packet:
    clock = {
        "interval": timeline.interval,
        "currentTime": timeline.start,
        "multiplier": max(1, round(timeline.length_s / _PLAYED_S)),
        "range": "LOOP_STOP",
        "step": "SYSTEM_CLOCK_MULTIPLIER",
    }
    name = constellation_text(model.constellation)
    return {"id": "document", "name": name, "version": "1.0", "clock": clock}


def _stations(model: NetworkModel) -> Iterator[Packet]:
    for gid, station in enumerate(model.stations):
        yield {
            "id": f"station/{gid}",
            "name": station.name,
            "position": {"cartographicDegrees": [station.lon_deg, station.lat_deg, station.elev_m]},
            "point": _point(9, [0, 200, 140, 255]),
            "label": _label(station.name),
        }


def _satellites(model: NetworkModel, timeline: Timeline, detailed: bool) -> Iterator[Packet]:
    constellation = model.constellation
    periods_s = 120.0 * math.pi / constellation.elements.mean_motion_rad_min
    step_s = min(_STEP_S, float(periods_s.min()) / _STEPS_PER_REVOLUTION)
    steps = max(_DEGREE, math.ceil(timeline.length_s / step_s))
    since_s = np.linspace(0.0, timeline.length_s, steps + 1)
    itrs_km = constellation.propagate(timeline.times_s[0] + since_s).itrs_km
    for number, name in enumerate(constellation.names):
        packet = {
            "id": f"satellite/{number}",
            "name": name,
            "availability": timeline.interval,
            "position": _moving(timeline.start, since_s, itrs_km[number]),
            "point": _point(7 if detailed else 3, [255, 255, 255, 255]),
        }
        if detailed:
            packet |= {"label": _label(name), "path": _path(float(periods_s[number]))}
        yield packet


def _moving(start: str, since_s: NDArray[np.float64], itrs_km: NDArray[np.float64]) -> Packet:
    """Positions in metres to the centimetre at times to the microsecond."""
    samples = np.column_stack([np.round(since_s, 6), np.round(1000.0 * itrs_km, 2)])
    return {
        "referenceFrame": "FIXED",
        "interpolationAlgorithm": "LAGRANGE",
        "interpolationDegree": _DEGREE,
        # the run ends at a microsecond, the samples perhaps just before
        "backwardExtrapolationType": "HOLD",
        "forwardExtrapolationType": "HOLD",
        "epoch": start,
        "cartesian": samples.ravel().tolist(),
    }


def _point(size_px: int, rgba: list[int]) -> Packet:
    return {"pixelSize": size_px, "color": {"rgba": rgba}}


def _label(text: str) -> Packet:
    return {
        "text": text,
        "font": "12px sans-serif",
        "style": "FILL_AND_OUTLINE",
        "outlineWidth": 2,
        "horizontalOrigin": "LEFT",
        "pixelOffset": {"cartesian2": [8, -8]},
    }


def _path(trail_s: float) -> Packet:
    colour = {"rgba": [255, 255, 255, 90]}
    return {
        "leadTime": 0,
        "trailTime": round(trail_s, 1),
        "width": 1,
        "material": {"solidColor": {"color": colour}},
    }
