"""Figures in pixels: an Agg canvas without pyplot, boxes on it, and how much room a text takes."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from satllm_env.figures.style import DPI, FONT, PAPER, TEXT_PT, styled
from satllm_env.optional import need

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Box(NamedTuple):
    """A rectangle of a figure in pixels, from its top left corner."""

    left: float
    top: float
    width: float
    height: float


def new_figure(width_px: float, height_px: float) -> Figure:
    """An empty figure of a size in pixels, on an Agg canvas.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    need("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # the canvas cuts fractions of a pixel off: stay above the whole number
    figure = Figure(((width_px + 0.01) / DPI, (height_px + 0.01) / DPI), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


@styled
def to_pixels(figure: Figure) -> NDArray[np.uint8]:
    """(H, W, 3) the figure drawn, at its own resolution."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)  # matplotlib leaves its Agg classes untyped
    canvas.draw()
    return np.array(canvas.buffer_rgba(), np.uint8)[:, :, :3].copy()


def axes_in(figure: Figure, box: Box) -> Axes:
    """Axes that fill a box of a figure; ticks and labels stand outside it."""
    width, height = figure.get_size_inches() * DPI
    bottom = height - box.top - box.height
    return figure.add_axes((box.left / width, bottom / height, box.width / width, box.height / height))


def write(figure: Figure, x: float, y: float, text: str, room_px: float = np.inf, **style: Any) -> float:
    """Write a line at a place in pixels from the figure's top left corner, its end cut to fit the room.

    Returns:
        [pixels] its width.
    """
    width, height = figure.get_size_inches() * DPI
    size, weight = style.setdefault("size", TEXT_PT), style.get("weight", "normal")
    line = fitted(drawable(text), room_px, size, weight)
    figure.text(x / width, 1 - y / height, line, **style)
    return text_width_px(line, size, weight)


def fitted(text: str, room_px: float, size_pt: float, weight: str = "normal") -> str:
    """Cut the end off a line that is too long."""
    line = text
    while len(line) > 1 and text_width_px(line, size_pt, weight) > room_px:
        line = line[:-2].rstrip() + "…"
    return line


@styled
def to_png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file, the same for the same figure."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


def drawable(text: str) -> str:
    """Replace characters that the font lacks by a box."""
    glyphs = _glyphs()
    return "".join(c if ord(c) in glyphs else "□" for c in text)


@functools.cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family=FONT))).get_charmap())


def text_width_px(text: str, size_pt: float, weight: str = "normal") -> float:
    """[pixels] that a line of text takes."""
    return _measure(text, size_pt, weight)


@functools.lru_cache(maxsize=4096)
def _measure(text: str, size_pt: float, weight: str) -> float:
    from matplotlib.font_manager import FontProperties

    properties = FontProperties(family=FONT, size=size_pt, weight=weight)
    width, _, _ = _renderer().get_text_width_height_descent(text, properties, ismath=False)
    return float(width)


@functools.cache
def _renderer() -> Any:
    from matplotlib.backends import backend_agg

    renderer: Any = backend_agg.RendererAgg
    return renderer(8, 8, DPI)
