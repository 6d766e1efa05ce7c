"""Rates as colours."""

import numpy as np
import pytest

from satllm_env.network.rate_colours import (
    DOWNLINK_ON_GLOBE,
    DOWNLINK_ON_MAP,
    ISL_ON_GLOBE,
    ISL_ON_MAP,
    RateScale,
    rate_scale,
)

PALETTES = [ISL_ON_MAP, DOWNLINK_ON_MAP, ISL_ON_GLOBE, DOWNLINK_ON_GLOBE]


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB colours (WCAG 2.2)."""
    linear = rgb / 255.0
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("palette", PALETTES)
def test_higher_rates_are_lighter(palette):
    """Rates can be told apart by lightness alone, whatever the colour vision."""
    scale = RateScale(1e9, 5e9, palette)
    light = luminance(scale.rgb(np.linspace(1e9, 5e9, 30)))
    assert (np.diff(light) > 0).all()


@pytest.mark.parametrize("palette", [ISL_ON_MAP, DOWNLINK_ON_MAP])
def test_colours_on_maps_stand_out_from_paper(palette):
    """The contrast with white is 1.5 at least; black on white is 21."""
    assert (1.05 / (luminance(RateScale(1.0, 2.0, palette).rgb(np.linspace(1, 2, 30))) + 0.05) > 1.5).all()


@pytest.mark.parametrize("palette", [ISL_ON_GLOBE, DOWNLINK_ON_GLOBE])
def test_colours_on_globes_stand_out_from_the_night(palette):
    """The contrast with black is 3 at least, as WCAG asks of graphics."""
    assert ((luminance(RateScale(1.0, 2.0, palette).rgb(np.linspace(1, 2, 30))) + 0.05) / 0.05 > 3).all()


def test_scales_span_all_rates_above_zero():
    """Unusable links do not stretch the scale, and without usable ones there is none."""
    scale = rate_scale([np.array([0.0, 3e9]), np.array([]), np.array([2e9])], ISL_ON_MAP)
    assert scale == RateScale(2e9, 3e9, ISL_ON_MAP)
    assert scale.shares([2e9, 2.5e9, 3e9]) == pytest.approx([0, 0.5, 1])
    assert rate_scale([np.zeros(3)], ISL_ON_MAP) is None
    assert rate_scale([], ISL_ON_MAP) is None


def test_wide_scales_are_logarithmic():
    """Over more than a factor of 20 equal ratios are equal steps."""
    wide = RateScale(1e6, 1e10, DOWNLINK_ON_MAP)
    assert wide.logarithmic and not RateScale(1e9, 20e9, DOWNLINK_ON_MAP).logarithmic
    assert wide.shares([1e6, 1e8, 1e10]) == pytest.approx([0, 0.5, 1])


def test_nearly_equal_rates_have_one_colour():
    """A difference of less than two per cent is not blown up to the full range of colours."""
    assert len(set(RateScale(46.2e9, 46.4e9, ISL_ON_MAP).hex([46.2e9, 46.3e9, 46.4e9]))) == 1
    assert len(set(RateScale(46.2e9, 48.4e9, ISL_ON_MAP).hex([46.2e9, 46.3e9, 46.4e9]))) == 3
