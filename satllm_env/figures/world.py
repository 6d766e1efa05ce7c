"""An empty equirectangular map: land, a grid of degrees, and a pane to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in
from satllm_env.figures.geography import land
from satllm_env.figures.labels import Pane
from satllm_env.figures.map_view import MapView, whole_earth

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def world_pane(figure: Figure, box: Box, lat_limit_deg: float, *, ticks: bool) -> Pane:
    """Draw land and grid of the whole Earth into a box; see `view_pane`.

    Args:
        figure: where to draw.
        box: room for the map; tick labels stand outside it.
        lat_limit_deg: [deg] the map's northern and southern edge.
        ticks: whether the grid is labelled.
    """
    return view_pane(figure, box, whole_earth(lat_limit_deg), ticks=ticks)


def view_pane(figure: Figure, box: Box, view: MapView, *, ticks: bool) -> Pane:
    """Draw land and grid of a part of the Earth into a box, centred, as wide as fits without distortion.

    The pane's x is degrees east of the view's centre, its y is latitude.
    """
    height = min(box.height, box.width * view.height_deg / view.width_deg)
    width = height * view.width_deg / view.height_deg
    inner = Box(box.left + (box.width - width) / 2, box.top, width, height)
    pane = Pane(axes_in(figure, inner), inner, view.x_range, view.y_range)
    _draw_earth(pane.axes, view, ticks)
    return pane


def _draw_earth(axes: Axes, view: MapView, ticks: bool) -> None:
    from matplotlib.collections import PolyCollection

    (west, east), (south, north) = view.x_range, view.y_range
    turns = [turn for turn in (-360.0, 0.0, 360.0) if abs(turn - view.lon_deg) < 180 + view.width_deg / 2]
    outlines = [ring + np.array([turn - view.lon_deg, 0.0]) for turn in turns for ring in land()]
    axes.add_collection(PolyCollection(outlines, facecolors=style.LAND, edgecolors="none", zorder=0))
    axes.set(xlim=(west, east), ylim=(south, north))
    lons = np.arange(-360, 361, 30)
    lons = lons[(west <= lons - view.lon_deg) & (lons - view.lon_deg <= east)]
    lats = np.arange(-60, 61, 30)
    lats = lats[(south <= lats) & (lats <= north)]
    axes.vlines(lons - view.lon_deg, south, north, colors=style.FAINT, linewidth=0.5, zorder=0.5)
    axes.hlines(lats, west, east, colors=style.FAINT, linewidth=0.5, zorder=0.5)
    named = lons[lons % 60 == 0]
    axes.set_xticks(named - view.lon_deg if ticks else [], _degrees(named, "EW") if ticks else None)
    axes.set_yticks(lats if ticks else [], _degrees(lats, "NS") if ticks else None)
    axes.tick_params(length=0, labelcolor=style.MUTED)
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color(style.FAINT)


def _degrees(values: np.ndarray, sides: str) -> list[str]:
    """``60° W``."""
    wrapped = [(value + 180) % 360 - 180 for value in values.tolist()]
    return [f"{abs(v)}°" + ("" if v in (0, -180) else f" {sides[0 if v > 0 else 1]}") for v in wrapped]
