"""Covers that are lines through others: highways and rivers, and the small lanes and brooks like them."""

from __future__ import annotations

import numpy as np

from satllm_env.nets.landcover.bare import MUDDY, WATERS
from satllm_env.nets.landcover.draws import Draws, Floats
from satllm_env.nets.landcover.fields import SIZE_PX, Frame, fractal, mix, noise, smooth, turned
from satllm_env.nets.landcover.ground import Ground


def highway(draws: Draws, land: Ground, least_px: float) -> Ground:
    """A road with two carriageways, shoulders and cars; one in four has a junction.

    Args:
        draws: of the images.
        land: that it runs through.
        least_px: half width of the narrowest.
    """
    half_width_px = draws.scalar(least_px, 3.2)
    road = _road(draws, land, half_width_px)
    junctions = np.flatnonzero(draws.chance(0.25))
    if len(junctions):
        some, few = road.rows(junctions), draws.rows(junctions)
        road.put(junctions, _road(few, some, half_width_px[junctions] * few.scalar(0.6, 1.0)))
    return road


def river(draws: Draws, land: Ground, least_px: float) -> Ground:
    """A winding stream of changing width between banks.

    Args:
        draws: of the images.
        land: that it runs through.
        least_px: half width of the narrowest.
    """
    half_width_px = draws.scalar(least_px, 7.5)
    bend_px = draws.scalar(4, 13)
    far = _through_the_middle(draws, bow=0.3).v + bend_px * 2 * fractal(draws, (2, 4, 8), 0.4)
    far = np.abs(far) - half_width_px * (0.3 * fractal(draws, (3, 6)))
    water = mix(draws.colour(*WATERS, 0.2), draws.colour(*MUDDY), draws.scalar(0, 1))
    water = water * (0.92 + 0.16 * noise(draws, 16))[..., None]
    banks = draws.colour((0.10, 0.12, 0.06), (0.40, 0.35, 0.25))
    bank_px = half_width_px * draws.scalar(1.0, 1.5)
    colour = mix(land.colour, banks, draws.scalar(0.2, 0.9) * (1 - smooth(far, bank_px, bank_px + 1.5)))
    wet = 1 - smooth(far, half_width_px - 0.6, half_width_px + 0.6)
    return Ground(mix(colour, water, wet), land.relief_px * (1 - wet))


def lane(draws: Draws, land: Ground) -> Ground:
    """A country lane or, as often, a brook; some lands have none."""
    half_px = draws.scalar(0.4, 0.9)
    far = np.abs(_through_the_middle(draws, bow=0.5).v + 5 * fractal(draws, (2, 4)))
    wet = draws.chance(0.5)[..., None]
    water = mix(draws.colour(*WATERS, 0.2), draws.colour(*MUDDY), draws.scalar(0, 1))
    paved = draws.colour((0.20, 0.19, 0.17), (0.42, 0.38, 0.31))
    share = draws.chance(0.35) * (1 - smooth(far, half_px - 0.5, half_px + 0.5))
    return Ground(mix(land.colour, np.where(wet, water, paved), share), land.relief_px)


def _road(draws: Draws, land: Ground, half_width_px: Floats) -> Ground:
    place = _through_the_middle(draws, bow=0.45)
    far = np.abs(place.v)
    asphalt = draws.colour((0.13, 0.13, 0.14), (0.33, 0.32, 0.31))
    verge = draws.colour((0.12, 0.14, 0.07), (0.38, 0.34, 0.26))
    edge_px = half_width_px + draws.scalar(0.4, 1.6)
    colour = mix(land.colour, verge, draws.scalar(0.3, 0.9) * (1 - smooth(far, edge_px, edge_px + 1)))
    paved = 1 - smooth(far, half_width_px - 0.5, half_width_px + 0.5)
    colour = mix(colour, asphalt, paved)
    median = draws.chance(0.7) * (1 - smooth(far, 0.2, 0.7)) * smooth(half_width_px, 1.4, 2.0)
    colour = mix(colour, verge, draws.scalar(0.3, 1.0) * median)
    car = paved * (draws.uniform(shape=(SIZE_PX, SIZE_PX)) < draws.scalar(0, 0.1)) * (far > 0.6)
    colour = mix(colour, draws.colour((0.05, 0.05, 0.06), (0.75, 0.75, 0.75)), 0.8 * car)
    return Ground(colour, land.relief_px * (1 - paved))


def _through_the_middle(draws: Draws, bow: float) -> Frame:
    """A frame whose line v = 0 is a gentle bow that passes within 16 px of the middle."""
    place = turned(draws)
    bowed = draws.scalar(-bow, bow) * place.u * place.u / SIZE_PX
    return place._replace(v=place.v + draws.scalar(-16, 16) + bowed)
