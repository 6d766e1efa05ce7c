"""An equirectangular map of satellites, links and stations, with a plan's way over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, new_figure, write
from satllm_env.figures.captions import delay_text, request_text
from satllm_env.figures.geography import great_circle
from satllm_env.figures.labels import Label, Pane, draw_labels
from satllm_env.figures.map_layout import MapLayout
from satllm_env.figures.map_view import MapView, view_around, whole_earth
from satllm_env.figures.route import Route, route_of, shorten
from satllm_env.figures.way import draw_way, labels_of, nodes_of
from satllm_env.figures.world import view_pane
from satllm_env.problem.instance import Floats
from satllm_env.problem.plan import Plan
from satllm_env.problem.walk import Walk

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 16
"""Satellites or stations that are all named; of more only those of the route are."""


@style.styled
def ground_track_map(
    layout: MapLayout, way: Plan | Walk | None = None, *, title: str | None = None
) -> Figure:
    """Draw satellites at their subsatellite points, inter-satellite links as great circles, and a route.

    Args:
        layout: the snapshot; every node of the route stands in it.
        way: a plan or a walk, drawn with the layers that each of its satellites computes.
        title: replaces the request's description.

    Raises:
        InputError: the route has a node that the layout lacks.
    """
    route = None if way is None else route_of(way)
    figure = new_figure(1320, 720)
    counts = f"{len(layout.satellite_ids)} satellites, {len(layout.isls)} inter-satellite links"
    write(
        figure, 16, 26, title or (request_text(route, 28) if route else counts), 1288, size=10, weight="bold"
    )
    if route:
        note = f"{counts} · delay {delay_text(route)} · labels name the layers computed"
        write(figure, 16, 48, note, color=style.MUTED)
    box = Box(60, 62, 1236, 618)
    draw_map(figure, box, layout, route, whole_earth(_lat_limit_deg(layout, box)), ticks=True)
    return figure


def draw_map(
    figure: Figure, box: Box, layout: MapLayout, route: Route | None, view: MapView, *, ticks: bool
) -> None:
    """Draw a view of the Earth with a layout and a route into a box, as wide as fits."""
    layout = layout.turned(view.lon_deg)
    pane = view_pane(figure, box, view, ticks=ticks)
    _draw_links(pane.axes, layout)
    _draw_places(pane.axes, layout, view)
    places, labels, way_px = _draw_route(pane, layout, route)
    labels += [label for label in _bystanders(layout, places) if view.holds(label.place)]
    dots = np.array(list(layout.places_deg.values())).reshape(-1, 2)
    draw_labels(pane, labels, np.concatenate((pane.to_px(dots), way_px)))


def route_view(layout: MapLayout, route: Route, box: Box) -> MapView:
    """The part of the Earth with the route and every node that may compute.

    What a walk has not reached counts too, so that the view of an episode seldom moves.
    """
    nodes, tables = route.instance.problem.nodes, route.instance.tables
    computing = np.flatnonzero(np.isfinite(tables.layer_s[:, 0])).tolist()
    places = [layout.place_deg(nodes[node].id) for node in nodes_of(route)]
    places += [layout.places_deg[nodes[node].id] for node in computing if nodes[node].id in layout.places_deg]
    lon_deg, lat_deg = np.array(places).T
    return view_around(lon_deg, lat_deg, box.width / box.height)


def _lat_limit_deg(layout: MapLayout, box: Box) -> float:
    """What the box has room for, at least everything on the map, at most the poles."""
    lat = np.concatenate((layout.satellite_lat_deg, layout.station_lat_deg))
    needed = float(np.abs(lat).max(initial=0.0)) + 8.0
    return float(min(90.0, max(60.0, needed, 180.0 * box.height / box.width)))


def _draw_links(axes: Axes, layout: MapLayout) -> None:
    from matplotlib.collections import LineCollection

    places = [layout.places_deg[node] for node in layout.satellite_ids]
    arcs = [arc for a, b in np.asarray(layout.isls).tolist() for arc in great_circle(places[a], places[b])]
    axes.add_collection(LineCollection(arcs, colors="#b9b9b9", linewidths=0.7, zorder=1))


def _draw_places(axes: Axes, layout: MapLayout, view: MapView) -> None:
    """Every satellite as a dot and every station as a triangle."""
    near = min(2.0, 360.0 / view.width_deg)
    satellites = _stack(layout, layout.satellite_ids)
    stations = _stack(layout, layout.station_ids)
    axes.plot(*satellites.T, "o", markersize=2.2 + near, color=style.ISL, markeredgecolor="none", zorder=2)
    axes.plot(*stations.T, "^", markersize=6, color=style.DOWNLINK, markeredgecolor=style.PAPER, zorder=2)


def _stack(layout: MapLayout, ids: tuple[str, ...]) -> Floats:
    return np.array([layout.places_deg[node] for node in ids]).reshape(-1, 2)


def _draw_route(pane: Pane, layout: MapLayout, route: Route | None) -> tuple[set[str], list[Label], Floats]:
    """Names of the route's nodes, their labels, and points along the way [px]."""
    if route is None:
        return set(), [], np.zeros((0, 2))
    nodes = route.instance.problem.nodes
    places = {node: layout.place_deg(nodes[node].id) for node in nodes_of(route)}
    way_px = draw_way(pane, route, places, lambda a, b: great_circle(places[a], places[b]))
    return {nodes[node].id for node in places}, labels_of(route, places), way_px


def _bystanders(layout: MapLayout, labelled: set[str]) -> list[Label]:
    """Names of stations, and of satellites where there are few."""
    satellites = layout.satellite_ids if len(layout.satellite_ids) <= _FEW else ()
    stations = layout.station_ids if len(layout.station_ids) <= _FEW else ()
    return [
        Label(shorten(node, 18), layout.places_deg[node], colour=style.MUTED)
        for node in (*stations, *satellites)
        if node not in labelled
    ]
