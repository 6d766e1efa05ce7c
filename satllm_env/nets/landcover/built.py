"""Covers that are built: residential and industrial areas."""

from __future__ import annotations

import numpy as np

from satllm_env.nets.landcover.draws import Draws, Floats
from satllm_env.nets.landcover.fields import TABLE, Bricks, Frame, frame, look_up, mix, noise, smooth
from satllm_env.nets.landcover.ground import Ground, Sun

HOUSE_ROOFS: Floats = np.array(
    [(0.36, 0.17, 0.11), (0.30, 0.15, 0.11), (0.24, 0.20, 0.18), (0.33, 0.30, 0.28), (0.42, 0.26, 0.18)],
    np.float32,
)
HALL_ROOFS: Floats = np.array(
    [(0.62, 0.62, 0.62), (0.45, 0.46, 0.48), (0.30, 0.31, 0.33), (0.36, 0.44, 0.52), (0.70, 0.69, 0.66),
     (0.40, 0.27, 0.22)], np.float32,
)  # fmt: skip


class Buildings:
    """One rectangular building on most lots of a layout.

    Args:
        draws: of the images.
        lots: the layout.
        half: least and largest half size, as a share of the lot's.
        built: least share of the lots that are built on.
    """

    def __init__(self, draws: Draws, lots: Bricks, half: tuple[float, float], built: float) -> None:
        self._lots = lots
        table = (TABLE * TABLE,)
        taken = draws.uniform(shape=table) < draws.uniform(built, 1.0, (1,))
        self._across = np.where(taken, draws.uniform(*half, table), 0)
        self._along = np.where(taken, draws.uniform(*half, table), 0)

    def roof(self, place: Frame) -> Floats:
        """(B, 64, 64) share of each pixel under a roof; edges are one pixel soft."""
        cells = self._lots.at(place)
        across_px = look_up(self._across, cells.row, cells.column) * cells.height_px
        along_px = look_up(self._along, cells.row, cells.column) * cells.length_px
        inside_px = np.minimum(across_px - np.abs(cells.across_px), along_px - np.abs(cells.along_px))
        return np.clip(inside_px + np.float32(0.5), 0, 1) * (across_px > 0)

    def colour(self, draws: Draws, place: Frame, roofs: Floats) -> Floats:
        """(B, 64, 64, 3) reflectance of the roofs, each of one colour, with a lighter side."""
        cells = self._lots.at(place)
        kind = np.minimum((cells.value(draws) * len(roofs)).astype(np.intp), len(roofs) - 1)
        side = 1 + draws.scalar(0.05, 0.3) * np.sign(cells.across_px)
        return roofs[kind] * ((0.8 + 0.4 * cells.value(draws)) * side)[..., None]

    def stand_on(
        self,
        draws: Draws,
        ground: Ground,
        roofs: Floats,
        place: Frame,
        sun: Sun,
        height_px: float,
        free: Floats,
    ) -> Ground:
        """Put the buildings and their shadows on the ground, where `free` is 1."""
        reach_px = height_px * draws.scalar(0.5, 1.2)
        # a pixel lies in shadow where a building stands in the direction of the sun
        shadow = free * self.roof(place.moved(sun.u * reach_px, sun.v * reach_px))
        roof = free * self.roof(place)
        colour = mix(ground.colour * (1 - 0.6 * shadow)[..., None], self.colour(draws, place, roofs), roof)
        return Ground(colour, ground.relief_px * (1 - roof))


def residential(draws: Draws, sun: Sun) -> Ground:
    """Houses with gardens and trees along a bent grid of streets."""
    place = frame(draws, warp_px=5)
    lot_px = draws.scalar(4.5, 7.5)
    blocks = Bricks(draws, 2 * lot_px + 2.5, lot_px * draws.scalar(4, 8), shifted=False).at(place)
    garden = mix(
        draws.colour((0.10, 0.16, 0.06), (0.19, 0.24, 0.11)),
        draws.colour((0.22, 0.20, 0.14), (0.36, 0.33, 0.27)),
        smooth(noise(draws, 16), draws.scalar(0.2, 0.6), 0.8),
    )
    trees = smooth(noise(draws, 32), draws.scalar(0.55, 0.9), 0.95)
    colour = mix(garden, draws.colour((0.035, 0.06, 0.03), (0.07, 0.11, 0.04)), trees)
    street = 1 - smooth(blocks.edge_px, 0.9, 1.7)
    colour = mix(colour, draws.colour((0.18, 0.18, 0.18), (0.34, 0.33, 0.32)), street)
    lots = Bricks(draws, lot_px, lot_px * draws.scalar(0.8, 1.3))
    houses = Buildings(draws, lots, half=(0.25, 0.36), built=0.6)
    return houses.stand_on(draws, Ground(colour, 1.2 * trees), HOUSE_ROOFS, place, sun, 1.3, 1 - street)


def industrial(draws: Draws, sun: Sun) -> Ground:
    """Large flat roofs on asphalt and concrete, with parked rows and a little green between."""
    place = frame(draws)
    yard = mix(
        draws.colour((0.14, 0.14, 0.15), (0.26, 0.26, 0.26)),
        draws.colour((0.30, 0.29, 0.27), (0.46, 0.45, 0.42)),
        smooth(noise(draws, 8), 0.25, 0.75),
    )
    row = place.u / draws.scalar(2.0, 3.5)
    parked = (np.abs(row - np.floor(row) - np.float32(0.5)) < 0.3) * (draws.uniform(shape=(64, 64)) < 0.5)
    park = parked * smooth(noise(draws, 5), draws.scalar(0.5, 0.8), 0.85)
    colour = mix(yard, draws.colour((0.1, 0.1, 0.1), (0.6, 0.6, 0.62)), 0.8 * park)
    green = smooth(noise(draws, 6), draws.scalar(0.55, 0.95), 0.97)
    colour = mix(colour, draws.colour((0.08, 0.12, 0.05), (0.18, 0.21, 0.10)), green)
    lot_px = draws.scalar(9, 22)
    halls = Buildings(draws, Bricks(draws, lot_px, lot_px * draws.scalar(0.8, 2.2)), (0.24, 0.45), built=0.6)
    flat = np.zeros_like(green)
    return halls.stand_on(draws, Ground(colour, flat), HALL_ROOFS, place, sun, 2.2, flat + 1)
