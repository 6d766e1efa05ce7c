"""A walk as a picture: what ``render_mode="rgb_array"`` shows at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.figures import style
from satllm_env.figures.canvas import Box, new_figure, to_pixels, write
from satllm_env.figures.captions import delay_text, last_move_text, payload_place, request_text
from satllm_env.figures.constellation_map import draw_map, route_view
from satllm_env.figures.gantt import draw_gantt
from satllm_env.figures.layers_panel import draw_layers_panel
from satllm_env.figures.map_layout import MapLayout
from satllm_env.figures.quantities import format_s
from satllm_env.figures.route import Route, route_of
from satllm_env.figures.topology import draw_graph
from satllm_env.problem.plan import Plan
from satllm_env.problem.walk import Walk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_WIDTH_PX, MIN_HEIGHT_PX = 800, 560
_MARGIN, _HEADER = 16, 76


def walk_frame(
    walk: Walk | Plan,
    layout: MapLayout | None = None,
    *,
    failure: str | None = None,
    width_px: int = 1200,
    height_px: int = 720,
) -> NDArray[np.uint8]:
    """Draw a walk: its last move, map or graph, who holds which layers, accuracy budget, pipeline so far.

    Args:
        walk: a walk, finished or not, or a plan.
        layout: where the nodes stand; without it they are drawn as a graph.
        failure: why the walk has ended before the destination, if it has.
        width_px: [pixels] at least `MIN_WIDTH_PX`.
        height_px: [pixels] at least `MIN_HEIGHT_PX`.

    Returns:
        (height_px, width_px, 3) red, green and blue.

    Raises:
        InputError: the frame is too small to be read, or the layout lacks a node of the walk.
    """
    check_size(width_px, height_px)
    return to_pixels(_compose(walk, layout, width_px, height_px, failure))


def check_size(width_px: int, height_px: int) -> None:
    """Refuse frames too small to be read.

    Raises:
        InputError: naming the field.
    """
    sizes = (("width_px", width_px, MIN_WIDTH_PX), ("height_px", height_px, MIN_HEIGHT_PX))
    for field, value, least in sizes:
        if value < least:
            raise InputError("walk_frame", field, f"must be at least {least}, is {value}")


@style.styled
def _compose(
    walk: Walk | Plan, layout: MapLayout | None, width: int, height: int, failure: str | None = None
) -> Figure:
    route = route_of(walk)
    figure = new_figure(width, height)
    right = width - _MARGIN
    _header(figure, route, width, failure)
    upper = round(0.47 * (height - _HEADER))
    picture = Box(_MARGIN, _HEADER, round(0.56 * width), upper - 12)
    if layout is None:
        draw_graph(figure, picture, route)
    else:
        draw_map(figure, picture, layout, route, route_view(layout, route, picture), ticks=False)
    left = picture.left + picture.width + 2 * _MARGIN
    draw_layers_panel(figure, Box(left, _HEADER, right - left, upper - 12), route)
    top = _HEADER + upper
    lower = Box(_MARGIN, top, width - 2 * _MARGIN, height - top - 4)
    draw_gantt(figure, lower, route, fewest_rows=8, stages=True)
    return figure


def _header(figure: Figure, route: Route, width: int, failure: str | None) -> None:
    """Request and delay, where the payload is and how the delay adds up, and the last move."""
    right = width - _MARGIN
    bold: dict[str, Any] = {"size": style.TITLE_PT, "weight": "bold"}
    name = "delay" if route.finished else "delay so far"
    delay_px = write(figure, right, 26, f"{name} {format_s(route.delay_s)}", ha="right", **bold)
    write(figure, _MARGIN, 26, request_text(route, 20), width - 3 * _MARGIN - delay_px, **bold)
    sum_px = write(figure, right, 46, delay_text(route), size=style.SMALL_PT, color=style.MUTED, ha="right")
    write(figure, _MARGIN, 46, payload_place(route), width - 3 * _MARGIN - sum_px, color=style.MUTED)
    text = failure or last_move_text(route)
    looks = {"color": style.BOTTLENECK, "weight": "bold"} if failure else {"color": style.MUTED}
    write(figure, _MARGIN, 65, text[:1].upper() + text[1:], width - 2 * _MARGIN, **looks)
