"""A walk as a picture: what ``render_mode="rgb_array"`` shows at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.figures import style
from satllm_env.figures.canvas import Box, new_figure, to_pixels, write
from satllm_env.figures.captions import delay_text, payload_place, request_text
from satllm_env.figures.constellation_map import draw_map
from satllm_env.figures.gantt import draw_gantt
from satllm_env.figures.layers_panel import draw_layers_panel
from satllm_env.figures.map_layout import MapLayout
from satllm_env.figures.quantities import format_s
from satllm_env.figures.route import route_of
from satllm_env.figures.topology import draw_graph
from satllm_env.problem.plan import Plan
from satllm_env.problem.walk import Walk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_WIDTH_PX, MIN_HEIGHT_PX = 800, 560
_MARGIN, _HEADER = 16, 58


def walk_frame(
    walk: Walk | Plan, layout: MapLayout | None = None, *, width_px: int = 1200, height_px: int = 720
) -> NDArray[np.uint8]:
    """Draw a walk: map or graph, who holds which layers, accuracy budget and pipeline so far.

    Args:
        walk: a walk, finished or not, or a plan.
        layout: where the nodes stand; without it they are drawn as a graph.
        width_px: [pixels] at least `MIN_WIDTH_PX`.
        height_px: [pixels] at least `MIN_HEIGHT_PX`.

    Returns:
        (height_px, width_px, 3) red, green and blue.

    Raises:
        InputError: the frame is too small to be read, or the layout lacks a node of the walk.
    """
    for field, value, least in (
        ("width_px", width_px, MIN_WIDTH_PX),
        ("height_px", height_px, MIN_HEIGHT_PX),
    ):
        if value < least:
            raise InputError("walk_frame", field, f"must be at least {least}, is {value}")
    return to_pixels(_compose(walk, layout, width_px, height_px))


@style.styled
def _compose(walk: Walk | Plan, layout: MapLayout | None, width: int, height: int) -> Figure:
    route = route_of(walk)
    figure = new_figure(width, height)
    right = width - _MARGIN
    name = "delay" if route.finished else "delay so far"
    delay_px = write(
        figure, right, 26, f"{name} {format_s(route.delay_s)}", size=style.TITLE_PT, weight="bold", ha="right"
    )
    room = width - 3 * _MARGIN - delay_px
    write(figure, _MARGIN, 26, request_text(route, 20), room, size=style.TITLE_PT, weight="bold")
    sum_px = write(figure, right, 46, delay_text(route), size=style.SMALL_PT, color=style.MUTED, ha="right")
    write(figure, _MARGIN, 46, payload_place(route), width - 3 * _MARGIN - sum_px, color=style.MUTED)

    upper = round(0.47 * (height - _HEADER))
    picture = Box(_MARGIN, _HEADER, round(0.56 * width), upper - 12)
    if layout is None:
        draw_graph(figure, picture, route)
    else:
        draw_map(figure, picture, layout, route, ticks=False)
    left = picture.left + picture.width + 2 * _MARGIN
    draw_layers_panel(figure, Box(left, _HEADER, right - left, upper - 12), route)
    top = _HEADER + upper
    draw_gantt(figure, Box(_MARGIN, top, width - 2 * _MARGIN, height - top - 4), route, fewest_rows=8)
    return figure
