"""An empty equirectangular map: land, a grid of degrees, and a pane to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in
from satllm_env.figures.geography import land
from satllm_env.figures.labels import Pane

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def world_pane(figure: Figure, box: Box, lat_limit_deg: float, *, ticks: bool) -> Pane:
    """Draw land and grid into a box, centred, as wide as fits without distortion.

    Args:
        figure: where to draw.
        box: room for the map; tick labels stand outside it.
        lat_limit_deg: [deg] the map's northern and southern edge.
        ticks: whether the grid is labelled.
    """
    height = min(box.height, box.width * lat_limit_deg / 180)
    width = height * 180 / lat_limit_deg
    inner = Box(box.left + (box.width - width) / 2, box.top, width, height)
    pane = Pane(axes_in(figure, inner), inner, (-180, 180), (-lat_limit_deg, lat_limit_deg))
    _draw_earth(pane.axes, lat_limit_deg, ticks)
    return pane


def _draw_earth(axes: Axes, lat_limit: float, ticks: bool) -> None:
    from matplotlib.collections import PolyCollection

    axes.add_collection(PolyCollection(list(land()), facecolors=style.LAND, edgecolors="none", zorder=0))
    axes.set(xlim=(-180, 180), ylim=(-lat_limit, lat_limit))
    lons, lats = range(-180, 181, 30), range(-60, 61, 30)
    axes.set_xticks(lons[::2], [_degrees(lon, "EW") for lon in lons[::2]])
    axes.set_yticks(lats, [_degrees(lat, "NS") for lat in lats])
    axes.vlines(lons, -90, 90, colors=style.FAINT, linewidth=0.5, zorder=0.5)
    axes.hlines(lats, -180, 180, colors=style.FAINT, linewidth=0.5, zorder=0.5)
    axes.tick_params(length=0, labelbottom=ticks, labelleft=ticks, labelcolor=style.MUTED)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(style.FAINT)


def _degrees(value: int, sides: str) -> str:
    """``60° W``."""
    return f"{abs(value)}°" + ("" if value in (0, 180, -180) else f" {sides[0 if value > 0 else 1]}")
