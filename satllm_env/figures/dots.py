"""Dots with intervals, a row per case, a panel per quantity, and what was reported as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from satllm_env.figures import style
from satllm_env.figures.curves import COLOURS, MARKERS, draw_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Dot = tuple[float, float, float]
"""Value, and the ends of its interval."""

_ROW_IN, _PANEL_IN, _NAMES_IN, _LEAST_IN = 0.2, 2.4, 2.4, 7.2
_LINES = ("--", ":", "-.", (0, (1, 4)))


@dataclass(frozen=True, eq=False)
class DotPanel:
    """One panel: a dot per row and series."""

    heading: str
    across: str
    """What the values are, and their unit."""
    series: Mapping[str, Sequence[Dot | None]]
    """Per row of the figure; None where there is nothing to show."""
    lines: Mapping[str, float] = field(default_factory=dict)
    """Values to draw as lines across all rows, by name."""
    logarithmic: bool = False


@style.styled
def dot_panels(
    rows: Sequence[str], panels: Sequence[DotPanel], *, title: str, strong: Sequence[int] = ()
) -> Figure:
    """Panels side by side over the same rows.

    Args:
        rows: their names, from above.
        panels: what each panel shows.
        title: of the figure.
        strong: rows whose names are bold, with a line above them: the heads of groups.
    """
    from matplotlib.figure import Figure

    size = (max(_LEAST_IN, _PANEL_IN * len(panels) + _NAMES_IN), _ROW_IN * len(rows) + 1.6)
    figure = Figure(figsize=size, dpi=style.DPI, layout="constrained")
    every = list(dict.fromkeys(name for panel in panels for name in panel.series))
    handles: dict[str, Any] = {}
    drawn = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, panel in zip(drawn, panels, strict=True):
        for name, dots in panel.series.items():
            handles.setdefault(name, _draw(axes, every.index(name), len(every), dots))
        for look, (name, value) in zip(_LINES, panel.lines.items(), strict=False):
            line = axes.axvline(value, color=style.INK, linewidth=1.1, linestyle=look, zorder=1)
            handles.setdefault(name, line)
        _dress(axes, panel, strong)
    _name_rows(drawn[0], rows, strong)
    figure.suptitle(title, x=0.01, ha="left", fontsize=style.TITLE_PT, fontweight="bold")
    if len(handles) > 1:
        draw_legend(figure, handles)
    return figure


def _draw(axes: Axes, place: int, beside: int, dots: Sequence[Dot | None]) -> Any:
    """The dots of a series; the figure's series stand a little apart in each row."""
    shown = [(row, *dot) for row, dot in enumerate(dots) if dot is not None]
    apart = 0.0 if beside == 1 else 0.5 * (place / (beside - 1) - 0.5)
    xs = [value for _, value, _, _ in shown]
    ends = [[value - low for _, value, low, _ in shown], [high - value for _, value, _, high in shown]]
    return axes.errorbar(
        xs,
        [row + apart for row, *_ in shown],
        xerr=ends,
        color=COLOURS[place % len(COLOURS)],
        marker=MARKERS[place % len(MARKERS)],
        linestyle="none", markersize=4.5, capsize=2, elinewidth=1.0, zorder=3,
    )  # fmt: skip


def _dress(axes: Axes, panel: DotPanel, strong: Sequence[int]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if panel.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.4g}".replace("-", "−")))
    for row in strong:
        axes.axhline(row - 0.5, color=style.FAINT, linewidth=0.8, zorder=0)
    axes.set_title(panel.heading, fontsize=style.TEXT_PT)
    axes.set_xlabel(panel.across)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _name_rows(axes: Axes, rows: Sequence[str], strong: Sequence[int]) -> None:
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), rows)
    for row in strong:
        axes.get_yticklabels()[row].set_fontweight("bold")
