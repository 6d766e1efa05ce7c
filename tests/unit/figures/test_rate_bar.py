"""Colour bars of rates."""

import numpy as np
import pytest

from satllm_env.figures.canvas import new_figure
from satllm_env.figures.rate_bar import draw_rate_bar, rate_ticks
from satllm_env.network.rate_colours import ISL_ON_MAP, RateScale
from tests.unit.figures.inspection import assert_readable, words


@pytest.mark.parametrize(
    ("low_bps", "high_bps", "texts"),
    [
        (45e9, 93e9, ["links [Gbit/s]", "50", "60", "70", "80", "90"]),
        (0.4e9, 1.9e9, ["links [Gbit/s]", "0.5", "0.75", "1", "1.25", "1.5", "1.75"]),
        (3e5, 4e7, ["links [Mbit/s, logarithmic]", "0.5", "1", "2", "5", "10", "20"]),
        (1e3, 5e11, ["links [Gbit/s, logarithmic]", "1e-06", "0.0001", "0.01", "1", "100"]),
        (5e8, 5e8, ["links [Mbit/s]", "500"]),
        (46.2e9, 46.4e9, ["links [Gbit/s]", "46.3"]),
        (0.5, 0.5, ["links [bit/s]", "0.5"]),
        (2e12, 3e12, ["links [Tbit/s]", "2", "2.2", "2.4", "2.6", "2.8", "3"]),
    ],
)
def test_ticks_are_round_and_readable(low_bps: float, high_bps: float, texts: list[str]):
    """The unit fits the highest rate, ticks are round numbers and stand apart."""
    figure = new_figure(400, 80)
    draw_rate_bar(figure, 30, 10, 330, "links", RateScale(low_bps, high_bps, ISL_ON_MAP))
    heading, *ticks = texts
    assert words(figure) == [*ticks, heading]
    assert_readable(figure)


def test_ticks_stand_at_their_colours():
    """A tick's place along the bar is its share of the scale."""
    scale = RateScale(1e9, 2e9, ISL_ON_MAP)
    figure = new_figure(400, 80)
    draw_rate_bar(figure, 30, 10, 330, "links", scale)
    (axes,) = figure.axes
    assert axes.get_xticks() == pytest.approx((rate_ticks(scale) - 1e9) / 1e9)
    (image,) = axes.images
    assert np.array_equal(image.get_array()[0, [0, -1]], scale.rgb([1e9, 2e9]))
