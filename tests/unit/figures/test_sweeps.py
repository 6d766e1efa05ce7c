"""Figures of sweeps: curves with intervals, dots with reported lines."""

import numpy as np
import pytest

from satllm_env.figures.curves import Curve, CurvePanel, curve_panels
from satllm_env.figures.dots import DotPanel, dot_panels

PLACES = ("240p", "480p", "1080p")


def _curve(name: str, means: list[float | None], like: str | None = None) -> Curve:
    values = [np.array([] if mean is None else [0.9 * mean, 1.1 * mean]) for mean in means]
    return Curve(name, values, like)


def test_curves_show_means_at_their_places() -> None:
    """A place where nothing was found is left out; a curve like another is broken in its colour."""
    curves = (_curve("a", [1.0, 2.0, 3.0]), _curve("b", [2.0, None, 4.0]), _curve("c", [1.5] * 3, like="a"))
    figure = curve_panels([CurvePanel("heading", PLACES, "resolution", "delay [s]", curves)], title="title")
    (axes,) = figure.axes
    lines = [container.lines[0] for container in axes.containers]
    assert [line.get_ydata().tolist() for line in lines] == [
        pytest.approx([1, 2, 3]),
        pytest.approx([2, 4]),
        pytest.approx([1.5, 1.5, 1.5]),
    ]
    assert np.rint(lines[1].get_xdata()).tolist() == [0, 2]
    assert lines[2].get_color() == lines[0].get_color() != lines[1].get_color()
    assert (lines[0].get_linestyle(), lines[2].get_linestyle()) == ("-", "--")
    assert [text.get_text() for text in axes.get_xticklabels()] == list(PLACES)


@pytest.mark.parametrize(("highest", "scale"), [(3.0, "linear"), (300.0, "log")])
def test_an_axis_is_logarithmic_where_values_spread(highest: float, scale: str) -> None:
    """And says so."""
    panel = CurvePanel("", PLACES, "resolution", "delay [s]", (_curve("a", [1.0, 2.0, highest]),))
    (axes,) = curve_panels([panel, panel], title="title").axes[:1]
    assert axes.get_yscale() == scale
    assert axes.get_ylabel().endswith("logarithmic") == (scale == "log")


def test_dots_stand_in_their_rows_beside_what_was_reported() -> None:
    """A row without a dot is left empty; heads are bold."""
    dots = [None, (1.0, 0.5, 2.0), (3.0, 3.0, 3.0)]
    panel = DotPanel("heading", "times", {"ours": dots}, {"reported": 2.03})
    figure = dot_panels(["head", "one", "three"], [panel], title="title", strong=[0])
    (axes,) = figure.axes
    line = axes.containers[0].lines[0]
    assert line.get_xdata().tolist() == [1.0, 3.0]
    assert line.get_ydata().tolist() == [1.0, 2.0]
    assert any(np.allclose(drawn.get_xdata(), 2.03) for drawn in axes.get_lines())
    weights = [label.get_fontweight() for label in axes.get_yticklabels()]
    assert weights == ["bold", "normal", "normal"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ours", "reported"]


def test_series_of_a_row_do_not_hide_each_other() -> None:
    """They stand a little apart."""
    dot = (1.0, 1.0, 1.0)
    panel = DotPanel("heading", "times", {"a": [dot], "b": [dot]}, logarithmic=True)
    (axes,) = dot_panels(["row"], [panel], title="title").axes
    heights = [container.lines[0].get_ydata()[0] for container in axes.containers]
    assert heights[0] != heights[1]
    assert axes.get_xscale() == "log"


def test_dots_stay_in_their_rows() -> None:
    """Though another panel has more series."""
    dot = (1.0, 1.0, 1.0)
    panels = [DotPanel("", "", {"a": [dot], "b": [dot]}), DotPanel("", "", {"a": [dot], "c": [dot]})]
    for axes in dot_panels(["row"], panels, title="title").axes:
        assert all(abs(container.lines[0].get_ydata()[0]) < 0.5 for container in axes.containers)
