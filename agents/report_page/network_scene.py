"""A plan's network as a scene: over the Earth where positions are known, else laid out as a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from agents.report_page.scene import Arrow, Line, Mark, Name, Rectangle, Scene, path_of
from agents.report_page.words import ends_text, link_tip, load_text, name_of, node_tip
from satllm_env.antimeridian import wrap_deg
from satllm_env.figures import MapLayout
from satllm_env.figures.canvas import Box
from satllm_env.figures.geography import great_circle, land
from satllm_env.figures.map_view import MapView, view_around
from satllm_env.figures.placement import place_labels
from satllm_env.figures.quantities import format_s
from satllm_env.figures.route import node_name
from satllm_env.figures.topology import graph_layout
from satllm_env.problem import Instance, Plan
from satllm_env.problem.instance import Floats
from satllm_env.problem.plan import Transfer

WIDTH_PX = 960.0
"""Width for which names are set beside their marks."""
ASPECT = 16 / 9
_STEP_DEG = 3.0
"""Between points of a great circle."""
_GRAPH_WIDTH = 160.0
_NAMED = 16
"""Nodes of which all are named; of more only the plan's."""
_TOLD = 1000
"""Links up to which each tells its rate and latency; more would swell the page."""
_CHARACTER_PX, _NAME_PX = 7.0, 16.0

Join = Callable[[Floats, Floats], list[Floats]]


def network_scene(instance: Instance, plan: Plan | None, layout: MapLayout | None) -> Scene:
    """The network with a plan's path.

    Args:
        instance: the problem.
        plan: its plan, None where there is none.
        layout: where its nodes stand, None where that is not known.
    """
    if layout is None or any(node.id not in layout.places_deg for node in instance.problem.nodes):
        places = graph_layout(instance) * np.array([_GRAPH_WIDTH, -_GRAPH_WIDTH / ASPECT])
        whole = (0.0, -_GRAPH_WIDTH / ASPECT, _GRAPH_WIDTH, _GRAPH_WIDTH / ASPECT)
        return _scene(instance, plan, places, whole, whole, _straight, "laid out by its links alone")
    view = _view(instance, plan, layout)
    layout = layout.turned(view.lon_deg)
    places = np.array([layout.place_deg(node.id) for node in instance.problem.nodes]) * (1, -1)
    shown = (view.x_range[0], -view.y_range[1], view.width_deg, view.height_deg)
    whole = (-180.0, -90.0, 360.0, 180.0)
    scene = _scene(instance, plan, places, shown, whole, _arc, "over the Earth")
    return _on_earth(scene, view.lon_deg)


def _view(instance: Instance, plan: Plan | None, layout: MapLayout) -> MapView:
    """The part of the Earth with the plan's nodes, or with all where there is no plan."""
    nodes = _path(instance, plan) or range(len(instance.problem.nodes))
    lon_deg, lat_deg = np.array([layout.place_deg(instance.problem.nodes[node].id) for node in nodes]).T
    return view_around(lon_deg, lat_deg, ASPECT)


def _path(instance: Instance, plan: Plan | None) -> list[int]:
    """Nodes that a plan touches, in order."""
    if plan is None:
        return []
    targets = instance.tables.link_target[[transfer.link for transfer in plan.transfers]].tolist()
    return list(dict.fromkeys((instance.tables.source, *targets)))


def _on_earth(scene: Scene, lon_deg: float) -> Scene:
    turns = [turn for turn in (-360.0, 0.0, 360.0) if abs(turn - lon_deg) < 360.0]
    outlines = [ring + np.array([turn - lon_deg, 0.0]) for turn in turns for ring in land()]
    inside = [ring for ring in outlines if ring[:, 0].min() < 180 and ring[:, 0].max() > -180]
    meridians = wrap_deg(np.arange(-180.0, 180.0, 30.0) - lon_deg)
    grid = [f"M{x:.2f} -90V90" for x in meridians.tolist()] + [f"M-180 {y}H180" for y in range(-60, 61, 30)]
    shapes = "".join(path_of(np.clip(ring, (-180, -90), (180, 90)) * (1, -1), closed=True) for ring in inside)
    return Scene(**{**vars(scene), "land": shapes, "grid": "".join(grid)})


def _scene(
    instance: Instance,
    plan: Plan | None,
    places: Floats,
    view: Rectangle,
    whole: Rectangle,
    join: Join,
    how: str,
) -> Scene:
    hops = _hops(instance, plan, places, join)
    return Scene(
        view=view,
        whole=whole,
        lines=(*_links(instance, places, join), *(_way(plan, hop) for hop in hops if plan)),
        arrows=tuple(_arrow(hop) for hop in hops),
        marks=tuple(_marks(instance, plan, places)),
        names=tuple(_names(instance, plan, places, view, hops)),
        text=_text(instance, plan, how),
    )


def _text(instance: Instance, plan: Plan | None, how: str) -> str:
    links = len(instance.problem.links)
    counts = f"{len(instance.problem.nodes)} nodes and {links} links {how}"
    if plan is None:
        return f"Network: {counts}."
    targets = instance.tables.link_target[[transfer.link for transfer in plan.transfers]].tolist()
    way = " → ".join(name_of(instance, node) for node in (instance.tables.source, *targets))
    return f"Network: {counts}. The plan's path: {way}."


def _straight(begin: Floats, end: Floats) -> list[Floats]:
    return [np.array([begin, end])]


def _arc(begin: Floats, end: Floats) -> list[Floats]:
    """The great circle between two places, y downwards, with a point every few degrees."""
    flip = np.array([1.0, -1.0])
    pieces = []
    for piece in great_circle(begin * flip, end * flip):
        count = int(np.ceil(np.abs(np.diff(piece, axis=0)).sum(axis=0).max() / _STEP_DEG)) + 1
        kept = np.unique(np.linspace(0, len(piece) - 1, min(max(count, 2), len(piece))).astype(int))
        pieces.append(piece[kept] * flip)
    return pieces


def _links(instance: Instance, places: Floats, join: Join) -> list[Line]:
    """Every pair of linked nodes as one line, with what either direction offers."""
    pairs = sorted({(min(pair), max(pair)) for pair in instance.link_index})
    lines = []
    for a, b in pairs:
        links = [instance.link_index[ends] for ends in ((a, b), (b, a)) if ends in instance.link_index]
        path = "".join(path_of(piece) for piece in join(places[a], places[b]))
        tip = "\n".join(link_tip(instance, link) for link in links)
        lines.append(Line(path, "downlink" if instance.is_downlink[links[0]] else "isl", tip))
    return lines if len(lines) <= _TOLD else _joined(lines)


def _joined(lines: list[Line]) -> list[Line]:
    """One line per kind, which tells nothing, in the place of very many."""
    kinds = dict.fromkeys(line.kind for line in lines)
    return [Line("".join(line.path for line in lines if line.kind == kind), kind, "") for kind in kinds]


class Hop(NamedTuple):
    """A send of the plan, drawn."""

    step: int
    transfer: Transfer
    pieces: list[Floats]


def _hops(instance: Instance, plan: Plan | None, places: Floats, join: Join) -> list[Hop]:
    sends = [
        (step, resource)
        for step, resource in enumerate(plan.resources if plan else (), start=1)
        if isinstance(resource, Transfer)
    ]
    ends = [_ends(instance, transfer.link) for _, transfer in sends]
    return [
        Hop(step, sent, [_bowed(piece) if (b, a) in ends else piece for piece in join(places[a], places[b])])
        for (step, sent), (a, b) in zip(sends, ends, strict=True)
    ]


def _way(plan: Plan, hop: Hop) -> Line:
    instance, sent = plan.instance, hop.transfer
    tip = (
        f"{hop.step}. {ends_text(instance, sent.link)}\n{load_text(instance, sent)}\n"
        f"busy {format_s(sent.busy_s)} per micro-batch\n{link_tip(instance, sent.link)}"
    )
    return Line("".join(path_of(piece) for piece in hop.pieces), "way", tip, hop.step)


def _ends(instance: Instance, link: int) -> tuple[int, int]:
    return int(instance.tables.link_source[link]), int(instance.tables.link_target[link])


def _bowed(line: Floats) -> Floats:
    """Bend a hop to its side, so that it and its way back stay apart."""
    share = np.linspace(0.0, 1.0, 13)
    at = np.interp(share, np.linspace(0.0, 1.0, len(line)), np.arange(len(line)))
    points = np.stack([np.interp(at, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], axis=1)
    along = line[-1] - line[0]
    return np.asarray(points + 0.06 * np.sin(np.pi * share)[:, None] * np.array([-along[1], along[0]]))


def _arrow(hop: Hop) -> Arrow:
    """Half-way along a hop's longest piece."""
    line = max(hop.pieces, key=lambda piece: float(np.hypot(*np.ptp(piece, axis=0))))
    walked = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))))
    middle = 0.55 * walked[-1]
    piece = int(np.clip(np.searchsorted(walked, middle) - 1, 0, len(line) - 2))
    x, y = (float(np.interp(middle, walked, line[:, axis])) for axis in (0, 1))
    dx, dy = (line[piece + 1] - line[piece]).tolist()
    return Arrow(x, y, float(np.degrees(np.arctan2(dy, dx))))


def _marks(instance: Instance, plan: Plan | None, places: Floats) -> list[Mark]:
    """Every node; the plan's last, so that they lie above the others."""
    on_path = _path(instance, plan)
    stages = plan.stages if plan else ()
    marks = []
    for node in [*(n for n in range(len(places)) if n not in on_path), *on_path]:
        kind = instance.problem.nodes[node].kind
        x, y = places[node].tolist()
        tip = node_tip(instance, node, plan)
        stage = next((k for k, entry in enumerate(stages) if entry.node == node), None)
        if plan is not None and stage is not None:
            step = plan.resources.index(stages[stage]) + 1
            marks.append(Mark(x, y, kind, "stage", f"{step}. {tip}", str(step), stage, step))
        else:
            marks.append(Mark(x, y, kind, "relay" if node in on_path else "idle", tip))
    return marks


def _names(
    instance: Instance, plan: Plan | None, places: Floats, view: Rectangle, hops: list[Hop]
) -> list[Name]:
    """Labels of the plan's nodes, and where there are few of all that are seen at first."""
    tables = instance.tables
    nodes = _path(instance, plan) or [tables.source, tables.destination]
    left, top, width, height = view
    if len(places) <= _NAMED:
        within = ((places >= (left, top)) & (places <= (left + width, top + height))).all(axis=1)
        nodes = [*nodes, *(node for node in np.flatnonzero(within).tolist() if node not in nodes)]
    scale = WIDTH_PX / width
    texts = [_name(instance, node) for node in nodes]
    pixels = (places - np.array([left, top])) * scale
    sizes = np.array([(_CHARACTER_PX * len(text) + 4, _NAME_PX) for text in texts])
    box = Box(0, 0, WIDTH_PX, height * scale)
    ways = [(_dense(piece) - np.array([left, top])) * scale for hop in hops for piece in hop.pieces]
    centres = place_labels(pixels[nodes], sizes, np.concatenate((pixels, *ways)), box)
    offsets = (centres - pixels[nodes]).tolist()
    return [
        Name(float(places[node, 0]), float(places[node, 1]), dx, dy, text)
        for node, text, (dx, dy) in zip(nodes, texts, offsets, strict=True)
    ]


def _name(instance: Instance, node: int) -> str:
    roles = {instance.tables.source: " (source)", instance.tables.destination: " (destination)"}
    return node_name(instance, node, 18) + roles.get(node, "")


def _dense(line: Floats) -> Floats:
    """(K, 2) points along a line, so many that no label slips between them."""
    at = np.linspace(0, len(line) - 1, 12 * (len(line) - 1) + 1)
    return np.stack([np.interp(at, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], axis=1)
