"""What compression costs, drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from satllm_env.figures import to_png
from satllm_env.figures.compression import loss_against_ratio
from tests.unit.figures.inspection import assert_readable, words


@dataclass(frozen=True)
class Row:
    """One method at one setting."""

    method: str
    ratio: float
    loss: float
    loss_half_width: float = 0.2
    kl_nat: float = 0.01
    kl_half_width: float = 0.002


ROWS = [
    Row("klt", 60, 0.4, kl_nat=0.02),
    Row("klt", 12, -0.1, kl_nat=0.004),
    Row("klt", 30, 0.1, kl_nat=0.005),
    Row("top-k, 8 bits", 8, 0.6, kl_nat=0.01),
    Row("top-k, 8 bits", 25, 14.0, 0.9, kl_nat=0.9),
]


def test_points_and_whiskers_are_the_rows() -> None:
    """By ascending ratio within a method; losses to the left, divergences to the right."""
    left, right = loss_against_ratio(ROWS, title="t").axes
    for axes, value, width in ((left, "loss", "loss_half_width"), (right, "kl_nat", "kl_half_width")):
        assert [container.get_label() for container in axes.containers] == ["klt", "top-k, 8 bits"]
        for container in axes.containers:
            rows = sorted((r for r in ROWS if r.method == container.get_label()), key=lambda r: r.ratio)
            line, _, (whiskers,) = container.lines
            np.testing.assert_allclose(np.asarray(line.get_xdata(), float), [row.ratio for row in rows])
            np.testing.assert_allclose(
                np.asarray(line.get_ydata(), float), [getattr(row, value) for row in rows]
            )
            ends = [
                (getattr(r, value) - getattr(r, width), getattr(r, value) + getattr(r, width)) for r in rows
            ]
            found = [[float(end) for end in segment[:, 1]] for segment in whiskers.get_segments()]
            np.testing.assert_allclose(found, ends, atol=1e-12)


def test_words_are_readable_and_name_quantities() -> None:
    """No text covers another, and axes have their units."""
    figure = loss_against_ratio(ROWS, title="tiny, cut after blocks 1 and 2: what smaller activations cost")
    assert_readable(figure)
    said = words(figure)
    for word in ("klt", "top-k, 8 bits", "accuracy lost [percentage points]", "10×"):
        assert word in said
    assert "KL divergence of the output [nat]" in said
    assert to_png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("loss", [-6.0, 0.0, 60.0])
def test_every_loss_is_in_sight(loss: float) -> None:
    """Gains beyond a point too, as few inputs give them."""
    (left, _) = loss_against_ratio([Row("klt", 20, loss, 1.5), Row("klt", 40, 0.2)], title="t").axes
    low, high = left.get_ylim()
    assert low <= loss - 1.5 and loss + 1.5 <= high


def test_methods_look_different() -> None:
    """Six of them: colour or marker tells any two apart."""
    rows = [Row(f"method {number}", 10 + number, 0.1) for number in range(6)]
    (left, _) = loss_against_ratio(rows, title="t").axes
    looks = {(c.lines[0].get_color(), c.lines[0].get_marker()) for c in left.containers}
    assert len(looks) == 6
