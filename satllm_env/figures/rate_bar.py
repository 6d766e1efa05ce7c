"""Colour bars of link rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, write
from satllm_env.figures.quantities import rate_unit
from satllm_env.problem.instance import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from satllm_env.network.rate_colours import RateScale

_BAR_PX = 11.0
_TICKS = 6


def draw_rate_bar(figure: Figure, left: float, top: float, width: float, name: str, scale: RateScale) -> None:
    """Draw a horizontal colour bar with its heading above and its ticks below, 48 pixels high.

    Args:
        figure: where to draw.
        left: [pixels] of the bar.
        top: [pixels] of the heading.
        width: [pixels] of the bar.
        name: what has these rates.
        scale: the colours.
    """
    unit_bps, unit = rate_unit(scale.high_bps)
    kind = ", logarithmic" if scale.logarithmic else ""
    write(figure, left, top + 10, f"{name} [{unit}{kind}]", width, size=style.SMALL_PT)
    axes = axes_in(figure, Box(left, top + 18, width, _BAR_PX))
    shares = np.array([0.5]) if scale.flat else np.linspace(0.0, 1.0, 256)
    axes.imshow(scale.rgb_at(shares)[None], aspect="auto", extent=(0.0, 1.0, 0.0, 1.0))
    ticks = rate_ticks(scale)
    axes.set_yticks([])
    axes.set_xticks(scale.shares(ticks), [f"{tick / unit_bps:,.3g}" for tick in ticks.tolist()])
    axes.tick_params(length=3, pad=2, labelsize=style.SMALL_PT)
    axes.spines[:].set_visible(False)


def rate_ticks(scale: RateScale) -> Floats:
    """Round rates [bit/s] within a scale; the middle of a flat one."""
    from matplotlib.ticker import MaxNLocator

    low, high = scale.low_bps, scale.high_bps
    if scale.flat:
        return np.array([(low + high) / 2])
    if scale.logarithmic:
        ticks = _log_ticks(low, high)
    else:
        ticks = np.asarray(MaxNLocator(_TICKS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    return ticks[(low <= ticks) & (ticks <= high)]


def _log_ticks(low: float, high: float) -> Floats:
    """1, 2 and 5 times the powers of ten, or the powers alone, or every few of them."""
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    if len(powers) <= 4:
        return np.asarray((10.0 ** powers[:, None] * np.array([1.0, 2.0, 5.0])).ravel())
    return np.asarray(10.0 ** powers[:: -(-len(powers) // _TICKS)])
