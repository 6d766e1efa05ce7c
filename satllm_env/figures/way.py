"""A route drawn over a map or a graph: its hops as arrows, its nodes marked and labelled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.labels import Label, Pane
from satllm_env.figures.route import Route, layer_range, node_name
from satllm_env.problem.instance import Floats

_MANY_NODES = 14
"""Nodes of a route; where there are more, relays stay without names."""


def draw_way(
    pane: Pane, route: Route, places: dict[int, Floats], line: Callable[[int, int], list[Floats]]
) -> Floats:
    """Draw a route's hops and nodes.

    Args:
        pane: where to draw.
        route: the route.
        places: (2,) place of each node of the route on the axes, by index.
        line: polylines, each (K, 2), from one node to another.

    Returns:
        (P, 2) points along the hops [px], for labels to keep clear of.
    """
    hops = route.hops
    drawn = [np.zeros((0, 2))]
    for number, (source, target) in enumerate(hops, start=1):
        newest = number == len(hops) and not route.finished
        bow_px = 7.0 if (target, source) in hops else 0.0
        pieces = [_bowed(pane, piece, bow_px) for piece in line(source, target)]
        _draw_hop(pane, pieces, width=3.2 if newest else 2.0)
        drawn += [_dense(pane, piece) for piece in pieces]
    _draw_nodes(pane, route, places)
    return np.concatenate(drawn)


def nodes_of(route: Route) -> list[int]:
    """Nodes that the route touches, its ends included, in the order it meets them."""
    tables = route.instance.tables
    met = [tables.source, *(target for _, target in route.hops), tables.destination]
    return list(dict.fromkeys(met))


def _bowed(pane: Pane, line: Floats, bow_px: float) -> Floats:
    """Bend a line to its right, so that a hop and its way back stay apart."""
    if bow_px == 0.0:
        return line
    share = np.linspace(0.0, 1.0, 17)
    position = np.interp(share, np.linspace(0.0, 1.0, len(line)), np.arange(len(line)))
    points = pane.to_px(
        np.stack([np.interp(position, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], axis=1)
    )
    along = points[-1] - points[0]
    length = float(np.hypot(*along)) or 1.0
    right = np.array([-along[1], along[0]]) / length  # pixels count downwards
    return pane.from_px(points + np.sin(np.pi * share)[:, None] * bow_px * right)


def _draw_hop(pane: Pane, pieces: list[Floats], width: float) -> None:
    for piece in pieces:
        pane.axes.plot(
            piece[:, 0], piece[:, 1], color=style.WAY, linewidth=width, zorder=4, solid_capstyle="round"
        )
    longest = max(pieces, key=lambda piece: float(np.hypot(*np.ptp(pane.to_px(piece), axis=0))))
    points = pane.to_px(longest)
    walked = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))))
    if walked[-1] < 24.0:
        return
    at = [
        np.interp((0.56 * walked[-1] + shift), walked, points[:, axis])
        for shift in (-1, 1)
        for axis in (0, 1)
    ]
    tail, head = pane.from_px(np.array(at).reshape(2, 2))
    arrow = {"arrowstyle": "-|>", "color": style.WAY, "mutation_scale": 13, "shrinkA": 0, "shrinkB": 0}
    pane.axes.annotate("", head, tail, arrowprops=arrow, zorder=4)


def _dense(pane: Pane, line: Floats) -> Floats:
    """(K, 2) pixels along a line, near enough to each other that no label slips between."""
    points = pane.to_px(line)
    walked = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))))
    at = np.arange(0.0, walked[-1], 8.0)
    return np.stack([np.interp(at, walked, points[:, axis]) for axis in (0, 1)], axis=1)


def _draw_nodes(pane: Pane, route: Route, places: dict[int, Floats]) -> None:
    """In its stage's colour where layers are computed, white elsewhere; ends and payload marked."""
    tables = route.instance.tables
    computing = {stage.node: style.stage_colour(k) for k, stage in enumerate(route.stages)}
    shapes = {tables.source: ("D", 7.0), tables.destination: ("*", 14.0)}
    for node in nodes_of(route):
        marker, size = shapes.get(node, ("o", 7.5 if node in computing else 6.0))
        face = computing.get(node, style.PAPER)
        x, y = places[node]
        pane.axes.plot(
            [x],
            [y],
            marker=marker,
            markersize=size,
            color=face,
            markeredgecolor=style.INK,
            zorder=8,
            clip_on=False,
        )
    if not route.finished:
        x, y = places[route.node]
        pane.axes.plot(
            [x], [y], "o", markersize=13, color="none", mec=style.WAY, mew=2, zorder=8, clip_on=False
        )


def labels_of(route: Route, places: dict[int, Floats]) -> list[Label]:
    """Labels of a route's nodes, those that compute first; on a long route relays stay without names."""
    tables = route.instance.tables
    computing = {stage.node for stage in route.stages}
    ends = [tables.source, tables.destination, route.node]
    nodes = nodes_of(route)
    relays = nodes if len(nodes) <= _MANY_NODES else []
    chosen = dict.fromkeys((*(stage.node for stage in route.stages), *ends, *relays))
    return [Label(_label(route, node), places[node], bold=node in computing) for node in chosen]


def _label(route: Route, node: int) -> str:
    """``sat-3: 0–21``: a node's name and the layers that it computes."""
    tables = route.instance.tables
    text = node_name(route.instance, node, 18)
    blocks = [layer_range(stage.first_layer, stage.end_layer) for stage in route.stages if stage.node == node]
    text += f": {blocks[0]}" if blocks else ""
    if node == tables.source:
        return f"{text} (source)"
    return f"{text} (destination)" if node == tables.destination else text
