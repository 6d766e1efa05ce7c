"""A map of a network at one moment: satellites, stations, and links in the colours of their rates.

Unlike the rest of this package it reads `satllm_env.network`, so the package does not import it by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, new_figure, write
from satllm_env.figures.labels import Label, Pane, draw_labels
from satllm_env.figures.rate_bar import draw_rate_bar
from satllm_env.figures.route import shorten
from satllm_env.figures.world import world_pane
from satllm_env.network import NetworkModel, Snapshot
from satllm_env.network.caption import constellation_text, moment_text, plural
from satllm_env.network.footprint import footprint_lines
from satllm_env.network.geodetic import geodetic
from satllm_env.network.ground_lines import Pieces, downlink_lines, isl_lines, track_lines
from satllm_env.network.rate_colours import DOWNLINK_ON_MAP, ISL_ON_MAP, Palette, RateScale, rate_scale
from satllm_env.network.snapshot import GroundTable, IslTable
from satllm_env.network.visibility import sites_of
from satllm_env.problem.instance import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMED, _TRACKED = 16, 24
"""Satellites up to which all are named, and up to which their ground tracks are drawn."""
_MAP = Box(60, 62, 1236, 618)
_KEY_TOP, _BAR_WIDTH = 712, 330
_SAME_RADIUS = 0.01
"""Spread of the satellites' radii, as a share, up to which they have one footprint."""
_TRACK = "#a9b7c4"


class Mark(NamedTuple):
    """A sign of the map and what it means."""

    sign: str
    colour: str
    text: str


@style.styled
def network_map(model: NetworkModel, snapshot: Snapshot, *, title: str | None = None) -> Figure:
    """Draw a snapshot over the Earth.

    Satellites are dots at their sub-satellite points, links the points below their chords, stations
    triangles; rates are colours. Of up to 24 satellites there are also the ground tracks of one
    revolution around the snapshot's time, and where all fly equally high, the footprint of each station.

    Args:
        model: the network.
        snapshot: its state at the moment to draw.
        title: replaces the description of the constellation.
    """
    figure = new_figure(1320, 780)
    heading = title or constellation_text(model.constellation)
    write(figure, 16, 26, heading, 1288, size=style.TITLE_PT, weight="bold")
    write(figure, 16, 48, _note(model, snapshot), 1288, color=style.MUTED)
    pane = world_pane(figure, _MAP, 90.0, ticks=True)
    marks = [
        *_draw_satellites(pane, model, snapshot),
        *_draw_stations(pane, model),
        *_draw_tracks(pane, model, snapshot),
        *_draw_footprints(pane, model, snapshot),
    ]
    scales = _draw_links(pane, model, snapshot)
    _draw_names(pane, model, snapshot)
    _draw_key(figure, marks, scales)
    return figure


def _note(model: NetworkModel, snapshot: Snapshot) -> str:
    isl, ground = snapshot.isl, snapshot.ground
    parts = [moment_text(model.constellation, snapshot.t_s)]
    if len(isl.a):
        parts.append(f"{isl.usable.sum():,} of {plural(len(isl.a), 'inter-satellite link')} usable")
    if model.stations:
        served = len(np.unique(ground.gid[ground.usable]))
        stations = f"{served} of {plural(len(model.stations), 'station')}"
        parts.append(
            f"{plural(int(ground.usable.sum()), 'downlink')} to {stations}"
            f" from {model.min_elevation_deg:g}° elevation"
        )
    return " · ".join(parts)


def _draw_satellites(pane: Pane, model: NetworkModel, snapshot: Snapshot) -> list[Mark]:
    size = _by_number(len(model.constellation), 6.0, 3.6, 2.4)
    looks: dict[str, Any] = {
        "color": style.INK,
        "mec": style.PAPER,
        "mew": 0.5 if size > 3 else 0,
        "clip_on": False,
    }
    pane.axes.plot(*geodetic(snapshot.itrs_km)[:, :2].T, "o", markersize=size, zorder=5, **looks)
    return [Mark("●", style.INK, "satellite")]


def _draw_stations(pane: Pane, model: NetworkModel) -> list[Mark]:
    if not model.stations:
        return []
    places = _station_places(model)
    pane.axes.plot(*places.T, "^", markersize=7, color=style.DOWNLINK, mec=style.PAPER, zorder=6)
    return [Mark("▲", style.DOWNLINK, "station")]


def _station_places(model: NetworkModel) -> Floats:
    return np.array([(station.lon_deg, station.lat_deg) for station in model.stations]).reshape(-1, 2)


def _draw_tracks(pane: Pane, model: NetworkModel, snapshot: Snapshot) -> list[Mark]:
    if len(model.constellation) > _TRACKED:
        return []
    tracks = track_lines(model.constellation, snapshot.t_s)
    _draw_lines(pane, tracks, colors=_TRACK, linewidths=0.8, zorder=1)
    return [Mark("—", _TRACK, "ground track, one revolution")]


def _draw_footprints(pane: Pane, model: NetworkModel, snapshot: Snapshot) -> list[Mark]:
    radius_km = np.linalg.norm(snapshot.itrs_km, axis=1)
    if not model.stations or np.ptp(radius_km) > _SAME_RADIUS * radius_km.mean():
        return []
    sites, elevation_deg = sites_of(model.stations), model.min_elevation_deg
    lines = footprint_lines(sites, elevation_deg, float(radius_km.mean()))
    _draw_lines(pane, lines, colors=style.DOWNLINK, linewidths=0.8, linestyle=(0, (4, 3)), zorder=4)
    return [Mark("- -", style.DOWNLINK, f"footprint: satellites seen from {elevation_deg:g}° elevation")]


def _draw_links(pane: Pane, model: NetworkModel, snapshot: Snapshot) -> dict[str, RateScale]:
    """Usable links in the colours of their rates, and the scales of those."""
    downlinks = downlink_lines(snapshot, model.stations)
    scales = {
        "inter-satellite links": _draw_rates(pane, isl_lines(snapshot), snapshot.isl, ISL_ON_MAP, 2),
        "downlinks": _draw_rates(pane, downlinks, snapshot.ground, DOWNLINK_ON_MAP, 3),
    }
    return {name: scale for name, scale in scales.items() if scale}


def _draw_rates(
    pane: Pane, lines: list[Pieces], table: IslTable | GroundTable, palette: Palette, layer: int
) -> RateScale | None:
    scale = rate_scale([table.rate_bps], palette)
    if scale:
        colours = scale.hex(table.rate_bps[table.usable])
        of_pieces = [colour for line, colour in zip(lines, colours, strict=True) for _ in line]
        width, alpha = _by_number(len(lines), 1.8, 1.1, 0.6), _by_number(len(lines), 1.0, 1.0, 0.5)
        _draw_lines(pane, lines, colors=of_pieces, linewidths=width, alpha=alpha, zorder=layer)
    return scale


def _draw_lines(pane: Pane, lines: list[Pieces], **looks: Any) -> None:
    from matplotlib.collections import LineCollection

    pieces = [piece[:, :2] for line in lines for piece in line]
    pane.axes.add_collection(LineCollection(pieces, **looks))


def _by_number(number: int, few: float, some: float, many: float) -> float:
    return few if number <= 50 else some if number <= 500 else many


def _draw_names(pane: Pane, model: NetworkModel, snapshot: Snapshot) -> None:
    """Names of stations, and of satellites where there are few."""
    names, satellites = model.constellation.names, geodetic(snapshot.itrs_km)[:, :2]
    stations = _station_places(model)
    labels = [
        Label(shorten(station.name, 18), place)
        for station, place in zip(model.stations, stations, strict=True)
    ]
    if len(names) <= _NAMED:
        labels += [
            Label(shorten(name, 18), place, colour=style.MUTED)
            for name, place in zip(names, satellites, strict=True)
        ]
    draw_labels(pane, labels, pane.to_px(np.concatenate((satellites, stations))))


def _draw_key(figure: Figure, marks: list[Mark], scales: dict[str, RateScale]) -> None:
    """Colour bars, then what the marks are."""
    left = _MAP.left
    for name, scale in scales.items():
        draw_rate_bar(figure, left, _KEY_TOP, _BAR_WIDTH, name, scale)
        left += _BAR_WIDTH + 44
    for row, mark in enumerate(marks):
        y = _KEY_TOP + 8 + 17 * row
        write(figure, left, y, mark.sign, color=mark.colour, weight="bold", size=style.SMALL_PT)
        write(figure, left + 30, y, mark.text, size=style.SMALL_PT, color=style.MUTED)
