"""Curves over the places of a sweep, side by side: means with their confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import text_width_px
from satllm_env.figures.policy_result import mean_ci95
from satllm_env.problem.instance import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)
MARKERS = "osD^vP"
_LOG_SPREAD = 12.0
"""Largest over smallest mean from which an axis is logarithmic."""
_PANEL_IN, _LEAST_IN = 3.7, 7.2
_APART = 0.035
"""Of the curves of a panel, sideways, so that whiskers do not lie on each other."""
_HANDLE_PX = 62.0
"""Of a legend's mark, and the room around it."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve of a panel.

    Curves of one name look alike in every panel.
    """

    name: str
    values: Sequence[Floats]
    """Per place, what was found there, of which the mean is drawn; none where nothing was."""
    like: str | None = None
    """Name of the curve whose colour this one takes, broken instead of solid."""


@dataclass(frozen=True, eq=False)
class CurvePanel:
    """One panel."""

    heading: str
    places: tuple[str, ...]
    """Of the sweep, evenly apart whatever their values."""
    across: str
    """What the places are."""
    up: str
    """What the values are, and their unit."""
    curves: tuple[Curve, ...]


@style.styled
def curve_panels(panels: Sequence[CurvePanel], *, title: str) -> Figure:
    """Panels side by side with one legend; whiskers are 95 % confidence intervals (Student's t)."""
    from matplotlib.figure import Figure

    width_in = max(_LEAST_IN, _PANEL_IN * len(panels))
    figure = Figure(figsize=(width_in, 4.1), dpi=style.DPI, layout="constrained")
    looks = _looks(panels)
    handles: dict[str, Any] = {}
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for place, curve in enumerate(panel.curves):
            shift = _APART * (place - (len(panel.curves) - 1) / 2)
            handles.setdefault(curve.name, _draw(axes, curve, shift, looks[curve.name]))
        _dress(axes, panel)
    figure.suptitle(title, x=0.01, ha="left", fontsize=style.TITLE_PT, fontweight="bold")
    draw_legend(figure, handles)
    return figure


def draw_legend(figure: Figure, handles: dict[str, Any]) -> None:
    """Draw a legend below the panels, in as many columns as there is room for."""
    room = figure.get_size_inches()[0] * style.DPI
    needed = max(text_width_px(name, style.SMALL_PT) for name in handles) + _HANDLE_PX
    rows = -(-len(handles) // max(1, int(room / needed)))
    columns = -(-len(handles) // rows)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=columns)


def _looks(panels: Sequence[CurvePanel]) -> dict[str, dict[str, Any]]:
    """Colour, marker and line of every curve, in the order in which names appear."""
    curves = {curve.name: curve.like for panel in panels for curve in panel.curves}
    own = [name for name, like in curves.items() if like is None]
    looks: dict[str, dict[str, Any]] = {}
    for name, like in curves.items():
        place = own.index(like or name)
        looks[name] = {
            "color": COLOURS[place % len(COLOURS)],
            "marker": MARKERS[place % len(MARKERS)],
            "linestyle": "-" if like is None else "--",
            "markerfacecolor": COLOURS[place % len(COLOURS)] if like is None else style.PAPER,
        }
    return looks


def _draw(axes: Axes, curve: Curve, shift: float, look: dict[str, Any]) -> Any:
    shown = [(x, *mean_ci95(values)) for x, values in enumerate(curve.values) if len(values)]
    places, means, halves = np.array(shown, float).reshape(-1, 3).T
    return axes.errorbar(
        places + shift, means, halves, markersize=4.5, linewidth=1.4, capsize=2.5, elinewidth=0.9, **look
    )


def _dress(axes: Axes, panel: CurvePanel) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    means = [float(np.mean(values)) for curve in panel.curves for values in curve.values if len(values)]
    if means and min(means) > 0 and max(means) > _LOG_SPREAD * min(means):
        axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(min(means) / 1.5, max(means) * 1.5)
        axes.yaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel(f"{panel.up}, logarithmic")
    else:
        axes.set_ylim(0, axes.get_ylim()[1])
        axes.set_ylabel(panel.up)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.4g}"))
    axes.set_xticks(range(len(panel.places)), panel.places)
    axes.set_xlim(-0.3, len(panel.places) - 0.7)
    axes.set_xlabel(panel.across)
    axes.set_title(panel.heading, fontsize=style.TEXT_PT)
    axes.grid(axis="y")
