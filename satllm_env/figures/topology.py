"""A problem's nodes and links as a graph, for problems that say nothing of positions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, new_figure, write
from satllm_env.figures.captions import delay_text, request_text
from satllm_env.figures.labels import Label, Pane, draw_labels
from satllm_env.figures.route import Route, node_name, route_of
from satllm_env.figures.way import draw_way, labels_of, nodes_of
from satllm_env.problem.instance import Floats, Instance
from satllm_env.problem.plan import Plan
from satllm_env.problem.walk import Walk

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 16
"""Nodes that are all named; of more only those of the route are."""
_ROW = 10
"""Satellites of a chain in one row."""
_SMALL, _LARGE = 60, 300
"""Nodes up to which the costly, tidy layout is taken, and beyond which springs take too long."""
_COLUMN_LIMIT = 16
"""Most times that the grid of a large graph may be taller than wide."""


@style.styled
def topology_graph(way: Plan | Walk, *, title: str | None = None) -> Figure:
    """Draw a problem's nodes and links with a route over them, laid out by their connections alone.

    Chains and rings are laid out as such, other graphs by Kamada and Kawai (1989), "An algorithm for
    drawing general undirected graphs", Information Processing Letters 31, or for more than 60 nodes by
    Fruchterman and Reingold's springs from a fixed start; more than 300 stand in columns in file order.

    Args:
        way: a plan, or a walk (a fresh one shows the problem alone).
        title: replaces the request's description.
    """
    route = route_of(way)
    height = 680 if np.ptp(graph_layout(route.instance)[:, 1]) > 0.6 else 400
    figure = new_figure(1200, height)
    write(figure, 16, 26, title or request_text(route, 28), 1168, size=style.TITLE_PT, weight="bold")
    note = f"delay {delay_text(route)} · labels name the layers computed"
    write(figure, 16, 48, note, color=style.MUTED)
    draw_graph(figure, Box(16, 62, 1168, height - 78), route)
    return figure


def draw_graph(figure: Figure, box: Box, route: Route) -> None:
    """Draw a route's problem as a graph into a box."""
    places = graph_layout(route.instance)
    axes = axes_in(figure, box)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    pane = Pane(axes, box, (0.0, 1.0), (0.0, 1.0))
    _draw_links(axes, route, places)
    ground = np.array([node.kind == "ground" for node in route.instance.problem.nodes])
    axes.plot(*places[~ground].T, "o", markersize=4.5, color=style.ISL, zorder=2)
    axes.plot(*places[ground].T, "^", markersize=7, color=style.DOWNLINK, zorder=2)
    on_way = {node: places[node] for node in nodes_of(route)}
    way_px = draw_way(pane, route, on_way, lambda a, b: [places[[a, b]]])
    labels = labels_of(route, on_way)
    if len(places) <= _FEW:
        rest = (node for node in range(len(places)) if node not in on_way)
        labels += [Label(node_name(route.instance, v, 18), places[v], colour=style.MUTED) for v in rest]
    draw_labels(pane, labels, np.concatenate((pane.to_px(places), way_px)))


def _draw_links(axes: Axes, route: Route, places: Floats) -> None:
    """Lines for links both ways, in a small graph arrows for links one way."""
    from matplotlib.collections import LineCollection

    pairs = set(route.instance.link_index)
    lines = [places[[a, b]] for a, b in sorted({(min(pair), max(pair)) for pair in pairs})]
    axes.add_collection(LineCollection(lines, colors="#c4c4c4", linewidths=0.9, zorder=1))
    if len(places) > _FEW:
        return
    arrow = {"arrowstyle": "-|>", "color": "#c4c4c4", "mutation_scale": 9, "shrinkA": 0, "shrinkB": 7}
    for a, b in sorted(pair for pair in pairs - set(route.hops) if pair[::-1] not in pairs):
        axes.annotate("", places[b], places[a], arrowprops=arrow, zorder=1)


def graph_layout(instance: Instance) -> Floats:
    """(N, 2) places of an instance's nodes in the unit square, the same at every call."""
    tables = instance.tables
    ends = np.stack((tables.link_source, tables.link_target), axis=1)
    edges = np.unique(np.sort(ends, axis=1), axis=0)
    ground = tuple(node.kind == "ground" for node in instance.problem.nodes)
    return _layout(ground, tuple(map(tuple, edges.tolist())))


@functools.lru_cache(maxsize=32)
def _layout(ground: tuple[bool, ...], edges: tuple[tuple[int, int], ...]) -> Floats:
    import networkx as nx

    graph = nx.Graph(edges)
    graph.add_nodes_from(range(len(ground)))
    satellites = graph.subgraph([node for node, on_ground in enumerate(ground) if not on_ground])
    places: dict[int, Any]
    if _is_chain(satellites):
        places = _chain(satellites)
    elif _is_ring(satellites):
        places = _ring(satellites)
    else:
        return _general(graph)
    _add_ground(graph, places)
    return np.array([places[node] for node in range(len(ground))])


def _is_chain(graph: Any) -> bool:
    import networkx as nx

    degrees = [degree for _, degree in graph.degree]
    return len(degrees) > 0 and nx.is_connected(graph) and nx.is_tree(graph) and max(degrees) <= 2


def _is_ring(graph: Any) -> bool:
    import networkx as nx

    return len(graph) >= 3 and nx.is_connected(graph) and all(degree == 2 for _, degree in graph.degree)


def _in_order(graph: Any) -> list[int]:
    """Nodes of a chain or ring from its first end or node on."""
    import networkx as nx

    ends = [node for node, degree in graph.degree if degree < 2]
    return list(nx.dfs_preorder_nodes(graph, min(ends or graph.nodes), sort_neighbors=sorted))


def _chain(satellites: Any) -> dict[int, Floats]:
    """Rows from the top, to and fro."""
    order = _in_order(satellites)
    rows = -(-len(order) // _ROW)
    columns = -(-len(order) // rows)
    places = {}
    for k, node in enumerate(order):
        row, column = divmod(k, columns)
        column = column if row % 2 == 0 else columns - 1 - column
        x = 0.1 + 0.8 * (column / (columns - 1) if columns > 1 else 0.5)
        places[node] = np.array([x, 0.6 if rows == 1 else 0.86 - 0.56 * row / (rows - 1)])
    return places


def _ring(satellites: Any) -> dict[int, Floats]:
    """Clockwise from the left."""
    order = _in_order(satellites)
    return {node: 0.5 + 0.35 * place for node, place in _circle(order).items()}


def _circle(nodes: list[int]) -> dict[int, Floats]:
    """(2,) places on the unit circle, clockwise from the left."""
    angle = np.pi - 2 * np.pi * np.arange(len(nodes)) / len(nodes)
    return dict(zip(nodes, np.stack((np.cos(angle), np.sin(angle)), axis=1), strict=True))


def _add_ground(graph: Any, places: dict[int, Floats]) -> None:
    """Ground nodes below a chain, outside a ring; in the middle of a ring that is linked all around."""
    satellites = dict(places)
    centre = np.mean(list(satellites.values()), axis=0)
    ring = np.ptp(np.array(list(satellites.values())), axis=0).min() > 0.5
    sites = [node for node in graph.nodes if node not in satellites]
    for k, node in enumerate(sorted(sites)):
        linked = [satellites[other] for other in graph[node] if other in satellites]
        near = np.mean(linked, axis=0) if linked else centre
        spread = (k - (len(sites) - 1) / 2) * 0.14
        if not ring:
            places[node] = np.array([np.clip(near[0] + spread, 0.05, 0.95), 0.14])
            continue
        out = near - centre
        reach = float(np.hypot(*out))
        outside = centre + out / reach * 0.47 if reach > 0.05 else centre
        places[node] = np.clip(outside + np.array([spread, 0.0]), 0.06, 0.94)


def _general(graph: Any) -> Floats:
    import networkx as nx

    if len(graph) > _LARGE:
        return _in_columns(graph)
    if len(graph) <= _SMALL and nx.is_connected(graph):
        found = nx.kamada_kawai_layout(graph, pos=_circle(sorted(graph.nodes)))
    else:
        found = nx.spring_layout(graph, seed=0, iterations=100)
    return _in_square(np.array([found[node] for node in sorted(graph.nodes)]))


def _in_columns(graph: Any) -> Floats:
    """Nodes in file order, in columns as long as the commonest step from a node to a linked one.

    Constellations are numbered plane by plane, so the columns are their planes.
    """
    steps = np.array([abs(a - b) for a, b in graph.edges if abs(a - b) > 1], np.int64)
    rows = int(np.bincount(steps).argmax()) if len(steps) else 1
    if rows * rows > len(graph) * _COLUMN_LIMIT or rows < 2:
        rows = int(np.ceil(np.sqrt(len(graph))))
    index = np.arange(len(graph))
    return _in_square(np.stack((index // rows, -(index % rows)), axis=1).astype(np.float64))


def _in_square(places: Floats) -> Floats:
    low, span = places.min(axis=0), np.ptp(places, axis=0)
    return np.asarray(0.08 + 0.84 * (places - low) / np.where(span > 0, span, 1.0))
