"""Panes with linear scales, and labels drawn on them beside what they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, drawable, text_width_px
from satllm_env.figures.placement import NEAR_PX, place_labels
from satllm_env.problem.instance import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT_PX = 19.0
_MARKER_PX = np.array([(x, y) for x in (-8.0, 0.0, 8.0) for y in (-8.0, 0.0, 8.0)])
"""Points of a marker around its place."""


@dataclass(frozen=True, eq=False)
class Pane:
    """Axes with linear scales over a box, and their limits."""

    axes: Axes
    box: Box
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def to_px(self, points: Floats) -> Floats:
        """(K, 2) points of the axes as pixels from the figure's top left corner."""
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        x = self.box.left + (points[:, 0] - x0) / (x1 - x0) * self.box.width
        y = self.box.top + (y1 - points[:, 1]) / (y1 - y0) * self.box.height
        return np.stack((x, y), axis=1)

    def from_px(self, points_px: Floats) -> Floats:
        """The inverse of `to_px`."""
        (x0, x1), (y0, y1) = self.x_range, self.y_range
        x = x0 + (points_px[:, 0] - self.box.left) / self.box.width * (x1 - x0)
        y = y1 - (points_px[:, 1] - self.box.top) / self.box.height * (y1 - y0)
        return np.stack((x, y), axis=1)


@dataclass(frozen=True, eq=False)
class Label:
    """A text beside a place of the axes."""

    text: str
    place: Floats
    """(2,)"""
    bold: bool = False
    colour: str = style.INK


def draw_labels(pane: Pane, labels: Sequence[Label], obstacles_px: Floats) -> None:
    """Draw labels where they cover neither each other nor, if possible, the obstacles.

    Args:
        pane: where to draw.
        labels: the labels; earlier ones choose their places first.
        obstacles_px: (P, 2) points to keep clear of; the labels' own places count among them anyway.
    """
    if not labels:
        return
    texts = [drawable(label.text) for label in labels]
    anchors = pane.to_px(np.array([label.place for label in labels]))
    sizes = np.array([(text_width_px(text, style.SMALL_PT, "bold") + 8, _HEIGHT_PX) for text in texts])
    markers = (anchors[:, None] + _MARKER_PX).reshape(-1, 2)
    centres = place_labels(anchors, sizes, np.concatenate((obstacles_px, markers)), pane.box)
    for label, text, anchor, centre, size in zip(labels, texts, anchors, centres, sizes, strict=True):
        _draw_label(pane, label, text, centre - anchor, size)


def _draw_label(pane: Pane, label: Label, text: str, offset_px: Floats, size_px: Floats) -> None:
    right, down = offset_px * 72 / style.DPI
    gap_px = float(np.hypot(*np.clip(np.abs(offset_px) - size_px / 2, 0, None)))
    leader = {"arrowstyle": "-", "color": style.MUTED, "linewidth": 0.7, "shrinkB": 5.5}
    pane.axes.annotate(
        text,
        (float(label.place[0]), float(label.place[1])),
        xytext=(right, -down),
        textcoords="offset points",
        ha="center",
        va="center",
        size=style.SMALL_PT,
        weight="bold" if label.bold else "normal",
        color=label.colour,
        zorder=7,
        bbox={"boxstyle": "round,pad=0.1", "facecolor": "#ffffffd0", "edgecolor": "none"},
        arrowprops=leader if gap_px > NEAR_PX + 1 else None,
    )
