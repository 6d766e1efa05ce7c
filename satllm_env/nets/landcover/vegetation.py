"""Covers that grow: forest, annual crop, pasture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satllm_env.nets.landcover.draws import Draws, Floats
from satllm_env.nets.landcover.fields import (
    Bricks,
    Frame,
    fractal,
    frame,
    mix,
    noise,
    noise_along,
    smooth,
)
from satllm_env.nets.landcover.ground import Ground, Sun

FIELD_COLOURS: Floats = np.array(
    [(0.30, 0.23, 0.15), (0.22, 0.16, 0.10), (0.13, 0.22, 0.07), (0.18, 0.27, 0.09), (0.36, 0.32, 0.16),
     (0.42, 0.36, 0.22), (0.24, 0.26, 0.11), (0.09, 0.17, 0.06)], np.float32,
)  # fmt: skip
"""Reflectance of bare soil, young and ripe crops, stubble; the first and the last are far apart."""


def forest(draws: Draws, sun: Sun) -> Ground:
    """Crowns with shadows between, in stands of darker and lighter trees, with clearings."""
    conifer = draws.colour((0.030, 0.060, 0.030), (0.050, 0.085, 0.040))
    broadleaf = draws.colour((0.060, 0.110, 0.035), (0.110, 0.160, 0.055))
    stands = smooth(fractal(draws, (2, 4, 8)), draws.scalar(-0.4, 0.1), 0.3)
    crowns = 0.55 * noise(draws, 32) + 0.45 * draws.uniform(shape=(64, 64))
    colour: Floats = mix(conifer, broadleaf, stands) * (0.62 + 0.76 * crowns)[..., None]
    clearing = smooth(fractal(draws, (3, 6, 12)), draws.scalar(0.22, 0.6), 0.65)
    colour = mix(colour, draws.colour((0.10, 0.13, 0.05), (0.20, 0.19, 0.10)), 0.8 * clearing)
    return Ground(colour, draws.scalar(0.3, 1.0) * crowns * (1 - clearing) + 4 * fractal(draws, (2, 4)))


def annual_crop(draws: Draws, sun: Sun) -> Ground:
    """Fields in rows, each with one crop or bare soil and tilled along or across."""
    place = frame(draws, warp_px=1.5)
    fields = Bricks(draws, draws.scalar(9, 26), draws.scalar(16, 48)).at(place)
    season, range_ = draws.scalar(0, 1), draws.scalar(0.35, 1.0)
    colour: Floats = _field_colour((season + range_ * fields.value(draws)) % 1)
    colour = colour * (0.85 + 0.3 * fields.value(draws))[..., None]
    colour = colour * _tilled(draws, place, fields.value(draws) < 0.5)[..., None]
    colour = colour * (1 + 0.25 * fractal(draws, (4, 8, 16, 32), 0.7))[..., None]
    track = draws.chance(0.7) * (1 - smooth(fields.edge_px, draws.scalar(0, 0.5), draws.scalar(0.6, 1.2)))
    colour = mix(colour, draws.colour((0.08, 0.11, 0.05), (0.42, 0.37, 0.27)), 0.7 * track)
    return Ground(colour, 2 * fractal(draws, (2, 4)))


def _field_colour(place: Floats) -> Floats:
    """(B, 64, 64, 3) colour of fields by a value from 0 to 1, between the neighbours in the list."""
    at = place * (len(FIELD_COLOURS) - 1)
    before = np.minimum(at.astype(np.intp), len(FIELD_COLOURS) - 2)
    return mix(FIELD_COLOURS[before], FIELD_COLOURS[before + 1], at - before)


def _tilled(draws: Draws, place: Frame, along: NDArray[np.bool_]) -> Floats:
    """(B, 64, 64) brightness of furrows, along or across each field."""
    period_px = draws.scalar(2.2, 5)
    phase = np.where(along, place.v, place.u) / period_px
    wave = np.abs(2 * (phase - np.floor(phase)) - 1)
    return 1 + draws.scalar(0.0, 0.22) * (wave - np.float32(0.5))


def pasture(draws: Draws, sun: Sun) -> Ground:
    """Grass, lusher and drier in patches, with hedges between paddocks and scattered trees."""
    place = frame(draws, warp_px=4)
    paddocks = Bricks(draws, draws.scalar(20, 44), draws.scalar(26, 60)).at(place)
    lush = draws.colour((0.11, 0.18, 0.06), (0.17, 0.26, 0.09))
    dry = draws.colour((0.20, 0.22, 0.09), (0.30, 0.29, 0.15))
    patches = smooth(fractal(draws, (2, 4, 8, 16), 0.7), -0.35, 0.35)
    share = draws.scalar(0, 0.5) + draws.scalar(0.2, 0.6) * patches
    share = share + draws.scalar(0, 0.3) * (paddocks.value(draws) - np.float32(0.5))
    colour = mix(lush, dry, np.clip(share, 0, 1)) * (0.92 + 0.16 * noise(draws, 32))[..., None]
    hedge = draws.chance(0.65) * (paddocks.value(draws) < 0.7) * (1 - smooth(paddocks.edge_px, 0.5, 1.4))
    trees = smooth(noise(draws, 32), draws.scalar(0.80, 0.95), 0.97)
    wood = np.maximum(hedge * (0.4 + 0.6 * noise(draws, 32)), trees)
    colour = mix(colour, draws.colour((0.04, 0.07, 0.03), (0.08, 0.12, 0.05)), wood)
    rolling = 5 * noise_along(draws, place, 24, 24)
    return Ground(colour, rolling + 1.2 * wood)
