"""Palette and fonts of every figure.

Colours are those of Okabe and Ito, Color Universal Design (2008), told apart with any colour vision.
Matplotlib is imported only when a figure is drawn.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

DPI = 120
FONT = "DejaVu Sans"
"""Comes with matplotlib, so that figures look alike everywhere."""
SMALL_PT, TEXT_PT, TITLE_PT = 7.5, 8.5, 10.0

INK, MUTED, FAINT, PAPER = "#1f1f1f", "#5f5f5f", "#d5d5d5", "#ffffff"
LAND, IDLE = "#eceae4", "#e6ebef"
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE, YELLOW = (
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#E69F00",
    "#D55E00",
    "#CC79A7",
    "#F0E442",
)

DECODE, COMPUTE, ENCODE = SKY, BLUE, ORANGE
ISL, DOWNLINK = "#7a7a7a", GREEN
BOTTLENECK, BOTTLENECK_BAND = VERMILION, "#fbe6d8"
WAY = VERMILION
STAGES = ("#44BB99", "#EEDD88", "#FFAABB", "#BBCC33", "#77AADD", "#EE8866", "#99DDFF", "#AAAA00")
"""Of a plan's stages in turn: the light scheme of Paul Tol, Colour Schemes (2021), made for black words on
it, and none of the colours above."""
KIND_COLOURS = {"planner": BLUE, "baseline": MUTED, "learned": VERMILION}
KIND_MARKERS = {"planner": "o", "baseline": "s", "learned": "D"}

_RC = {
    "font.family": FONT,
    "font.size": TEXT_PT,
    "axes.titlesize": TITLE_PT,
    "axes.titlelocation": "left",
    "axes.labelsize": TEXT_PT,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "text.parse_math": False,  # names come from files and may hold any character
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": TEXT_PT,
    "ytick.labelsize": TEXT_PT,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": SMALL_PT,
    "figure.dpi": DPI,
    "hatch.linewidth": 0.6,
}


def stage_colour(stage: int) -> str:
    """The colour of a plan's stage, by its number from 0."""
    return STAGES[stage % len(STAGES)]


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def styled(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Draw in the project's style whatever the user's matplotlib settings, and leave those as they are."""

    @functools.wraps(draw)
    def in_style(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        import matplotlib.style

        with matplotlib.style.context(["default", _RC]):
            return draw(*args, **kwargs)

    return in_style
