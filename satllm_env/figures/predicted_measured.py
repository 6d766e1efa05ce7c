"""Measured delays over predicted ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, new_figure, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


class Delays(NamedTuple):
    """One plan's delays."""

    stages: int
    predicted_s: float
    measured_s: tuple[float, ...]
    """[s] of every run."""
    median_s: float


@style.styled
def predicted_against_measured(plans: Sequence[Delays], *, title: str, within_pct: float) -> Figure:
    """Draw measured over predicted delays, and how far they are apart.

    Args:
        plans: predicted and measured delays.
        title: of the figure.
        within_pct: [percent] half the width of the band that is shaded.
    """
    figure = new_figure(1320, 560)
    write(figure, 16, 28, title, 1288, size=style.TITLE_PT, weight="bold")
    left = axes_in(figure, Box(90, 70, 480, 420))
    right = axes_in(figure, Box(700, 70, 590, 420))
    _delays(left, plans)
    _errors(right, plans, within_pct)
    write(figure, 200, 545, "predicted delay [s]")
    write(figure, 90, 60, "measured delay [s]", color=style.MUTED)
    write(figure, 900, 545, "predicted delay [s]")
    words = f"measured over predicted [%]; bars: all runs; shaded: ±{within_pct:g} %"
    write(figure, 700, 60, words, color=style.MUTED)
    return figure


def _delays(axes: Axes, plans: Sequence[Delays]) -> None:
    low = 0.8 * min(plan.predicted_s for plan in plans)
    high = 1.25 * max(plan.predicted_s for plan in plans)
    axes.plot([low, high], [low, high], color=style.MUTED, linewidth=1)
    for number, stages in enumerate(sorted({plan.stages for plan in plans})):
        some = [plan for plan in plans if plan.stages == stages]
        axes.plot(
            [plan.predicted_s for plan in some],
            [plan.median_s for plan in some],
            linestyle="none",
            marker="o",
            markersize=5.5,
            color=style.stage_colour(number),
            label=f"{stages} stages",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.grid(which="major")
    axes.legend(loc="upper left", frameon=False)
    _plain_ticks(axes.xaxis, axes.yaxis)


def _errors(axes: Axes, plans: Sequence[Delays], within_pct: float) -> None:
    numbers = {stages: number for number, stages in enumerate(sorted({plan.stages for plan in plans}))}
    axes.axhspan(-within_pct, within_pct, color=style.IDLE, alpha=0.5, linewidth=0)
    axes.axhline(0, color=style.MUTED, linewidth=1)
    for plan in plans:
        off = [100 * (seconds / plan.predicted_s - 1) for seconds in (*plan.measured_s, plan.median_s)]
        colour = style.stage_colour(numbers[plan.stages])
        axes.plot([plan.predicted_s] * 2, [min(off), max(off)], color=colour, linewidth=1.2, alpha=0.6)
        axes.plot(plan.predicted_s, off[-1], marker="o", markersize=5.5, color=colour)
    axes.set_xscale("log")
    axes.grid(which="major")
    _plain_ticks(axes.xaxis)


def _plain_ticks(*sides: Axis) -> None:
    """Numbers at tick marks as they are, not as powers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for side in sides:
        side.set_major_locator(LogLocator(subs=(1, 2, 5)))
        side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        side.set_minor_locator(NullLocator())
