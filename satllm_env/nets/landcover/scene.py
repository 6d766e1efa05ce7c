"""Whole images: covers side by side, lines through them, light and air on top."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from satllm_env.nets.landcover.bare import desert, mountain, sea_lake
from satllm_env.nets.landcover.built import industrial, residential
from satllm_env.nets.landcover.difficulty import Difficulty
from satllm_env.nets.landcover.draws import Draws, Floats, Ints
from satllm_env.nets.landcover.fields import SIZE_PX, direction, fractal, smooth, turned
from satllm_env.nets.landcover.ground import Ground, Sun
from satllm_env.nets.landcover.lines import highway, lane, river
from satllm_env.nets.landcover.sky import photograph
from satllm_env.nets.landcover.vegetation import annual_crop, forest, pasture

AREAS: dict[str, Callable[[Draws, Sun], Ground]] = {
    "annual-crop": annual_crop,
    "desert": desert,
    "forest": forest,
    "industrial": industrial,
    "mountain": mountain,
    "pasture": pasture,
    "residential": residential,
    "sea-lake": sea_lake,
}
CLASSES = tuple(sorted((*AREAS, "highway", "river")))
"""Names of the classes, in the order of their labels."""

AREA_NAMES = tuple(AREAS)
LANDS = ("annual-crop", "desert", "forest", "pasture", "residential")
"""What highways and rivers run through, and what lanes and brooks may."""


def render(draws: Draws, labels: Ints, difficulty: Difficulty) -> NDArray[np.uint8]:
    """Make one image per label.

    Args:
        draws: of B images, untouched so far.
        labels: (B,) places in `CLASSES`.
        difficulty: of the data set.

    Returns:
        (B, 64, 64, 3) red, green and blue.
    """
    sun = Sun(*direction(draws.scalar()))
    names = np.array(CLASSES)[labels]
    lands = np.array(LANDS)[draws.pick(len(LANDS))]
    ground = _two_covers(draws, np.where(np.isin(names, AREA_NAMES), names, lands), sun, difficulty)
    lines: tuple[tuple[tuple[str, ...], Callable[[Draws, Ground], Ground]], ...] = (
        (("highway",), partial(highway, least_px=difficulty.highway_px)),
        (("river",), partial(river, least_px=difficulty.river_px)),
        (LANDS, lane),
    )
    for classes, draw in lines:
        rows = np.flatnonzero(np.isin(names, classes))
        if len(rows):
            ground.put(rows, draw(draws.rows(rows), ground.rows(rows)))
    return photograph(draws, ground, sun, difficulty)


def _two_covers(draws: Draws, names: NDArray[np.str_], sun: Sun, difficulty: Difficulty) -> Ground:
    """A cover in each image and, in some, another one beside it."""
    ground = _covers(draws, names, sun)
    mixed = np.flatnonzero(draws.chance(difficulty.mixed))
    if len(mixed):
        few = draws.rows(mixed)
        others = np.array(AREA_NAMES)[few.pick(len(AREA_NAMES))]
        side = _covers(few, others, Sun(sun.u[mixed], sun.v[mixed]))
        share = _beside(few, few.scalar(0.05, difficulty.largest_share))
        ground.put(mixed, ground.rows(mixed).under(side, share))
    return ground


def _covers(draws: Draws, names: NDArray[np.str_], sun: Sun) -> Ground:
    shape = (len(draws), SIZE_PX, SIZE_PX)
    ground = Ground(np.empty((*shape, 3), np.float32), np.empty(shape, np.float32))
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        ground.put(rows, AREAS[name](draws.rows(rows), Sun(sun.u[rows], sun.v[rows])))
    return ground


def _beside(draws: Draws, share: Floats) -> Floats:
    """(B, 64, 64) 1 in a part of each image, on one side behind a ragged border; 0 in the rest."""
    order = turned(draws).u / SIZE_PX + draws.scalar(0.1, 0.9) * fractal(draws, (2, 4, 8, 16))
    ranked = np.sort(order.reshape(len(draws), -1), axis=1)
    last = (share.reshape(-1, 1) * ranked.shape[1]).astype(np.intp)
    level = np.take_along_axis(ranked, last, axis=1)[..., None]
    return 1 - smooth(order, level - np.float32(0.012), level + np.float32(0.012))
