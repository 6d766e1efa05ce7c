"""Who holds which layers, as a bar with a list below it, and the accuracy budget left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, drawable, text_width_px, write
from satllm_env.figures.captions import budget_text
from satllm_env.figures.quantities import format_s
from satllm_env.figures.route import Route, layers_text, node_name
from satllm_env.problem.plan import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR_PX, _LINE_PX, _BUDGET_PX = 24.0, 18.0, 44.0
_EMPTY = "#ececec"


def draw_layers_panel(figure: Figure, box: Box, route: Route) -> None:
    """Draw the panel into a box."""
    axes = axes_in(figure, box)
    axes.set(xlim=(0, box.width), ylim=(box.height, 0))  # pixels of the box
    axes.set_axis_off()
    _layers_bar(figure, axes, box, route)
    lines = int((box.height - 30 - _BAR_PX - _BUDGET_PX - 8) // _LINE_PX)
    _stage_list(figure, box, route, lines)
    _budget_bar(figure, axes, box, route)


def _layers_bar(figure: Figure, axes: Axes, box: Box, route: Route) -> None:
    layers = route.instance.tables.num_layers
    done = f"{route.layers_done} of {layers} layers done"
    write(figure, box.left, box.top + 14, done, weight="bold")
    axes.broken_barh([(0, box.width)], (22, _BAR_PX), facecolors=_EMPTY)
    for k, stage in enumerate(route.stages):
        begin, end = (box.width * layer / layers for layer in (stage.first_layer, stage.end_layer))
        axes.broken_barh(
            [(begin, end - begin)],
            (22, _BAR_PX),
            facecolors=style.stage_colour(k),
            edgecolors=style.PAPER,
            linewidth=0.8,
        )
        name = drawable(node_name(route.instance, stage.node, 14))
        if text_width_px(name, style.SMALL_PT) + 8 < end - begin:
            middle = (begin + end) / 2
            axes.text(
                middle,
                22 + _BAR_PX / 2,
                name,
                size=style.SMALL_PT,
                color=style.INK,
                ha="center",
                va="center_baseline",
            )


def _stage_list(figure: Figure, box: Box, route: Route, lines: int) -> None:
    """The last stages, as many as there is room for."""
    stages = list(enumerate(route.stages))
    y = box.top + 22 + _BAR_PX + _LINE_PX
    if len(stages) > lines:
        hidden = len(stages) - (lines - 1)
        write(figure, box.left, y, f"{hidden} earlier stages", size=style.SMALL_PT, color=style.MUTED)
        stages, y = stages[hidden:], y + _LINE_PX
    for k, stage in stages:
        _stage_line(figure, box, y, route, stage, style.stage_colour(k))
        y += _LINE_PX


def _stage_line(figure: Figure, box: Box, y: float, route: Route, stage: Stage, colour: str) -> None:
    small = {"size": style.SMALL_PT}
    write(figure, box.left, y, "■", color=colour)
    write(figure, box.left + 16, y, node_name(route.instance, stage.node), 0.42 * box.width, **small)
    layers = layers_text(stage.first_layer, stage.end_layer)
    write(figure, box.left + 0.5 * box.width, y, layers, 0.3 * box.width, **small)
    write(figure, box.left + box.width, y, format_s(stage.busy_s), ha="right", **small)


def _budget_bar(figure: Figure, axes: Axes, box: Box, route: Route) -> None:
    budget = route.instance.problem.accuracy_budget
    left = max(0.0, 1 - route.accuracy_loss / budget) if budget > 0 else 0.0
    top = box.height - 12
    write(figure, box.left, box.top + top - 8, budget_text(route), box.width, weight="bold")
    axes.broken_barh([(0, box.width)], (top, 10), facecolors=_EMPTY)
    axes.broken_barh([(0, box.width * left)], (top, 10), facecolors=style.GREEN)
