"""A pipeline as it ran beside the pipeline as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, drawable, new_figure, text_width_px, write
from satllm_env.figures.gantt import MAX_ROWS, longest_rows
from satllm_env.figures.quantities import format_s, time_unit
from satllm_env.figures.route import resource_text
from satllm_env.figures.schedule import schedule
from satllm_env.problem.instance import Floats
from satllm_env.problem.plan import Plan, Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_PX, _BAR = 40, 0.36
_TOP_PX, _BOTTOM_PX = 78, 52


@style.styled
def measured_gantt(
    plan: Plan, start_s: Floats, end_s: Floats, *, measured_s: float, title: str | None = None
) -> Figure:
    """Draw a plan's pipeline twice in each row: above as predicted, pale, below as measured.

    Args:
        plan: the plan.
        start_s: (R, M) [s] measured starts of busy times, by the plan's resources.
        end_s: (R, M) [s] measured ends.
        measured_s: [s] the measured delay.
        title: replaces the usual one.
    """
    rows = longest_rows(plan.resources, MAX_ROWS)
    height = _TOP_PX + _ROW_PX * len(rows) + _BOTTOM_PX
    figure = new_figure(1320, height)
    write(
        figure, 16, 26, title or "Predicted and measured pipeline", 1288, size=style.TITLE_PT, weight="bold"
    )
    off = 100 * (measured_s / plan.delay_s - 1)
    note = f"delay predicted {format_s(plan.delay_s)}, measured {format_s(measured_s)} ({off:+.2f} %)"
    note += "     in each row: above, pale, as predicted; below as measured"
    write(figure, 16, 50, note, color=style.MUTED)
    labels = [drawable(resource_text(plan.instance, plan.resources[r], 16)) for r in rows]
    label_px = 28 + max(text_width_px(label, style.SMALL_PT) for label in labels)
    box = Box(label_px, _TOP_PX, 1320 - label_px - 24, _ROW_PX * len(rows))
    axes = axes_in(figure, box)
    _bars(axes, plan, rows, start_s, end_s)
    _axes(axes, plan, labels, max(measured_s, plan.delay_s), measured_s)
    _, unit = time_unit(max(measured_s, plan.delay_s))
    write(figure, box.left + box.width / 2, height - 10, f"time [{unit}]")
    return figure


def _bars(axes: Axes, plan: Plan, rows: list[int], start_s: Floats, end_s: Floats) -> None:
    promised = schedule(plan)
    for y, r in enumerate(rows):
        colour = _colour(plan, r)
        for begin, end, top, alpha in (
            (promised.start_s[r], promised.end_s[r], y - 0.42, 0.4),
            (start_s[r], end_s[r], y + 0.04, 1.0),
        ):
            sliver = (end - begin).max(initial=0.0) < 0.002 * promised.makespan_s
            edge = colour if sliver else style.PAPER  # its outline keeps it in sight
            bars = list(zip(begin.tolist(), (end - begin).tolist(), strict=True))
            axes.broken_barh(
                bars, (top, _BAR), facecolors=colour, alpha=alpha, edgecolors=edge, linewidth=0.5
            )


def _colour(plan: Plan, r: int) -> str:
    resource = plan.resources[r]
    if isinstance(resource, Stage):
        return style.COMPUTE
    return style.DOWNLINK if plan.instance.is_downlink[resource.link] else style.ISL


def _axes(axes: Axes, plan: Plan, labels: list[str], end_s: float, measured_s: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    unit_s, _ = time_unit(end_s)
    axes.set_xlim(0, end_s * 1.01 if end_s > 0 else 1.0)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), labels, size=style.SMALL_PT)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / unit_s:,.6g}"))
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    axes.axvline(plan.delay_s, color=style.MUTED, linewidth=1.0, linestyle=":")
    axes.axvline(measured_s, color=style.INK, linewidth=1.0, linestyle="--")
