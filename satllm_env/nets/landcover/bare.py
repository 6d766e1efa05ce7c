"""Covers without much growth: desert, mountain and snow, sea and lake."""

from __future__ import annotations

import numpy as np

from satllm_env.nets.landcover.draws import Draws
from satllm_env.nets.landcover.fields import fractal, frame, mix, noise, noise_along, smooth
from satllm_env.nets.landcover.ground import Ground, Sun

WATERS = ((0.015, 0.035, 0.055), (0.04, 0.075, 0.085))
MUDDY = ((0.07, 0.09, 0.07), (0.17, 0.16, 0.11))
"""Reflectance of clear and of silty water, darkest and lightest."""


def desert(draws: Draws, sun: Sun) -> Ground:
    """Sand in dunes or gravel plains with rock outcrops and dry beds."""
    place = frame(draws, warp_px=6)
    sand = draws.colour((0.36, 0.26, 0.16), (0.58, 0.46, 0.32))
    gravel = draws.colour((0.24, 0.19, 0.14), (0.38, 0.31, 0.24))
    cover = smooth(fractal(draws, (2, 4, 8, 16), 0.6), draws.scalar(-0.2, 0.5), 0.6)
    colour = mix(sand, gravel, cover) * (1 + 0.16 * fractal(draws, (8, 16, 32), 0.9))[..., None]
    width_px = draws.scalar(4, 11)
    ridges = 1 - np.abs(2 * noise_along(draws, place, 4 * width_px, width_px) - 1)
    dunes = draws.chance(0.65) * draws.scalar(0.8, 3.2) * ridges * (1 - cover)
    bed = smooth(np.abs(fractal(draws, (2, 4, 8))), 0.0, draws.scalar(0.02, 0.08))
    colour = colour * (1 - draws.scalar(0, 0.35) * (1 - bed))[..., None]
    return Ground(colour, dunes + draws.scalar(1, 9) * fractal(draws, (2, 4, 8, 16), 0.6))


def mountain(draws: Draws, sun: Sun) -> Ground:
    """Ridges and valleys in strong light and shade; rock, with grass below and snow above in most."""
    place = frame(draws, warp_px=7)
    size_px = draws.scalar(16, 30)
    broad = 1 - np.abs(2 * noise_along(draws, place, size_px, size_px) - 1)
    fine = 1 - np.abs(2 * noise_along(draws, place, size_px / 3, size_px / 3) - 1)
    height = 0.62 * broad + 0.26 * fine + 0.12 * noise(draws, 32)
    rock = draws.colour((0.15, 0.14, 0.13), (0.34, 0.29, 0.25)) * (0.8 + 0.4 * noise(draws, 32))[..., None]
    growth = draws.colour((0.06, 0.09, 0.04), (0.17, 0.18, 0.09))
    colour = mix(rock, growth, draws.chance(0.6) * (1 - smooth(height, 0.25, draws.scalar(0.35, 0.7))))
    snow_line = draws.scalar(0.45, 0.9)
    snow = draws.chance(0.65) * smooth(height + 0.15 * fractal(draws, (8, 16)), snow_line, snow_line + 0.12)
    colour = mix(colour, draws.colour((0.78, 0.80, 0.84), (0.92, 0.93, 0.95), 0.02), snow)
    return Ground(colour, draws.scalar(13, 30) * height)


def sea_lake(draws: Draws, sun: Sun) -> Ground:
    """Open water with swell, streaks of current and, at times, shallows or silt."""
    place = frame(draws, warp_px=2)
    deep, silty = draws.colour(*WATERS, 0.2), draws.colour(*MUDDY)
    share = draws.scalar(0, 0.9) * draws.chance(0.6) * smooth(fractal(draws, (2, 4, 8)), -0.3, 0.6)
    swell = noise_along(draws, place, draws.scalar(5, 12), draws.scalar(1.6, 4))
    colour = mix(deep, silty, share) * (1 + draws.scalar(0.02, 0.35) * (swell - np.float32(0.5)))[..., None]
    glint = draws.chance(0.25) * draws.scalar(0.01, 0.09) * smooth(fractal(draws, (1, 2)), -0.4, 0.6)
    return Ground(colour + glint[..., None], np.zeros_like(swell))
