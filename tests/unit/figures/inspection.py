"""What a drawn figure says, and where its words stand."""

from __future__ import annotations

from itertools import combinations
from unittest import mock

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from satllm_env.figures import to_pixels


def texts(figure: Figure) -> list[Text]:
    """Every text that reaches the canvas when the figure is drawn."""
    drawn: dict[int, Text] = {}
    original = RendererAgg.draw_text

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if s.strip():
            drawn[id(mtext)] = mtext
        original(self, gc, x, y, s, prop, angle, ismath, mtext)

    with mock.patch.object(RendererAgg, "draw_text", draw_text):
        to_pixels(figure)
    return list(drawn.values())


def words(figure: Figure) -> list[str]:
    """The texts of a figure."""
    return [text.get_text() for text in texts(figure)]


def assert_readable(figure: Figure, tolerance_px: float = 1.5) -> None:
    """Every text lies within the figure, and no two cover each other."""
    boxes: list[tuple[str, Bbox]] = [
        (text.get_text(), Text.get_window_extent(text)) for text in texts(figure)
    ]
    assert boxes
    for text, box in boxes:
        across = box.x0 >= -tolerance_px and box.x1 <= figure.bbox.x1 + tolerance_px
        assert across and box.y0 >= -tolerance_px and box.y1 <= figure.bbox.y1 + tolerance_px, text
    for (text, box), (other, second) in combinations(boxes, 2):
        wide = min(box.x1, second.x1) - max(box.x0, second.x0)
        high = min(box.y1, second.y1) - max(box.y0, second.y0)
        assert wide <= tolerance_px or high <= tolerance_px, f"{text!r} covers {other!r}"
