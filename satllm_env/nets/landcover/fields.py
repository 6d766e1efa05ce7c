"""Fields over the pixels of a batch of images: coordinates, noise, cells.

Only sums, products, quotients, square roots, comparisons and rounding are used: IEEE 754 defines their
results to the last bit, so that images are the same on every machine. Sines, powers and sums over many
elements are not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satllm_env.nets.landcover.draws import Draws, Floats, Ints

SIZE_PX = 64
"""[px] edge of an image."""
TABLE = 16
"""Cells after which random values on a lattice come round again."""


class Frame(NamedTuple):
    """(B, 64, 64) coordinates [px] of every pixel, turned and shifted."""

    u: Floats
    v: Floats
    cosine: Floats
    sine: Floats
    """(B, 1, 1) of the angle that the frame is turned by."""

    def moved(self, x_px: Floats, y_px: Floats) -> Frame:
        """The coordinates of the points that lie (`x_px`, `y_px`) from each pixel in the image."""
        u = self.u + (self.cosine * x_px + self.sine * y_px)
        v = self.v + (self.cosine * y_px - self.sine * x_px)
        return self._replace(u=u, v=v)


def direction(turn: Floats) -> tuple[Floats, Floats]:
    """Unit vectors (cosine, sine) near an angle of `turn` turns.

    A parabola stands in for the cosine: off by at most 0.06, which turns the angle a little, but the
    length is one to rounding.
    """
    x, y = _wave(turn), _wave(turn - np.float32(0.25))
    length = np.sqrt(x * x + y * y)
    return x / length, y / length


def _wave(turn: Floats) -> Floats:
    """A cosine of `turn` turns, by parabolas."""
    place = np.abs(2 * (turn - np.floor(turn)) - 1)  # 1 at full turns, 0 at half ones
    near = 2 * place - 1
    wave: Floats = near * (2 - np.abs(near))
    return wave


def turned(draws: Draws) -> Frame:
    """Coordinates from the middle of the image, turned at random."""
    steps = np.arange(SIZE_PX, dtype=np.float32) - np.float32((SIZE_PX - 1) / 2)
    x, y = steps[None, None, :], steps[None, :, None]
    cosine, sine = direction(draws.scalar())
    return Frame(cosine * x + sine * y, cosine * y - sine * x, cosine, sine)


def frame(draws: Draws, warp_px: float = 0.0) -> Frame:
    """Coordinates turned and shifted at random, bent by up to about `warp_px`."""
    straight = turned(draws)
    u, v = straight.u + draws.scalar(0, SIZE_PX), straight.v + draws.scalar(0, SIZE_PX)
    if warp_px:
        u, v = u + warp_px * fractal(draws, (2, 4, 8)), v + warp_px * fractal(draws, (2, 4, 8))
    return straight._replace(u=u, v=v)


def smooth(x: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t: Floats = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(draws: Draws, cells: int) -> Floats:
    """(B, 64, 64) smooth noise from 0 to 1: a lattice of `cells` per edge, interpolated."""
    lattice = draws.uniform(shape=(cells + 1, cells + 1))
    place = (np.arange(SIZE_PX, dtype=np.float32) + np.float32(0.5)) * np.float32(cells / SIZE_PX)
    before = np.floor(place).astype(np.intp)
    t = smooth(place - np.floor(place), 0.0, 1.0)
    rows = lattice[:, before] + (lattice[:, before + 1] - lattice[:, before]) * t[:, None]
    return rows[:, :, before] + (rows[:, :, before + 1] - rows[:, :, before]) * t


def fractal(draws: Draws, cells: tuple[int, ...], gain: float = 0.5) -> Floats:
    """(B, 64, 64) sum of noises about 0, within ±1; each finer one `gain` times the one before."""
    weights = [gain**octave for octave in range(len(cells))]
    total = np.zeros((len(draws), SIZE_PX, SIZE_PX), np.float32)
    for weight, count in zip(weights, cells, strict=True):
        total += np.float32(2 * weight / sum(weights)) * (noise(draws, count) - np.float32(0.5))
    return total


def noise_along(draws: Draws, at: Frame, length_px: Floats | float, width_px: Floats | float) -> Floats:
    """(B, 64, 64) smooth noise from 0 to 1 in a frame, its grains as long and as wide as said."""
    return noise_of(draws.uniform(shape=(TABLE * TABLE,)), at, length_px, width_px)


def noise_of(table: Floats, at: Frame, length_px: Floats | float, width_px: Floats | float) -> Floats:
    """(B, 64, 64) the same from a given (B, 256) table of values at its lattice."""
    u, v = at.u / length_px, at.v / width_px
    i, j = np.floor(u), np.floor(v)
    tu, tv = smooth(u - i, 0.0, 1.0), smooth(v - j, 0.0, 1.0)
    a, b = i.astype(np.intp), j.astype(np.intp)
    low = look_up(table, a, b) + (look_up(table, a + 1, b) - look_up(table, a, b)) * tu
    high = look_up(table, a, b + 1) + (look_up(table, a + 1, b + 1) - look_up(table, a, b + 1)) * tu
    return low + (high - low) * tv


def look_up(table: Floats, i: Ints, j: Ints) -> Floats:
    """(B, 64, 64) values of a (B, 256) table at cells (i, j), which come round every 16."""
    first = np.arange(len(table))[:, None, None] * (TABLE * TABLE)
    return np.take(table, first + (i % TABLE) * TABLE + j % TABLE)


class Cells(NamedTuple):
    """The rectangle of a layout that each pixel lies in; every field is (B, 64, 64) or (B, 1, 1)."""

    row: Ints
    column: Ints
    height_px: Floats
    length_px: Floats
    across_px: Floats
    """From the middle of the rectangle, across the rows."""
    along_px: Floats
    """From the middle of the rectangle, along its row."""

    @property
    def edge_px(self) -> Floats:
        """(B, 64, 64) distance to the nearest edge."""
        across_px = self.height_px / 2 - np.abs(self.across_px)
        return np.minimum(across_px, self.length_px / 2 - np.abs(self.along_px))

    def value(self, draws: Draws) -> Floats:
        """A random value from 0 to 1 per rectangle."""
        return look_up(draws.uniform(shape=(TABLE * TABLE,)), self.row, self.column)


class Bricks:
    """A random layout of rectangles in rows, like bricks in a wall, that can be asked about any frame.

    Args:
        draws: of the images.
        height_px: (B, 1, 1) of the rows.
        length_px: (B, 1, 1) mean length of a rectangle; each row has its own, within a third.
        shifted: whether rows begin at random places; a grid of streets has none of it.
    """

    def __init__(self, draws: Draws, height_px: Floats, length_px: Floats, shifted: bool = True) -> None:
        self._height_px, self._length_px = height_px, length_px
        shape = (TABLE * TABLE,)
        self._stretch = draws.uniform(0.67, 1.33, shape) if shifted else np.ones((len(draws), *shape), "f4")
        self._shift = draws.uniform(0, 1 if shifted else 0, shape)

    def at(self, place: Frame) -> Cells:
        """The rectangle that each pixel lies in."""
        v = place.v / self._height_px
        row = np.floor(v)
        cell = row.astype(np.intp)
        length_px = self._length_px * look_up(self._stretch, cell, np.zeros_like(cell))
        u = place.u / length_px + look_up(self._shift, cell, np.zeros_like(cell))
        column = np.floor(u)
        across_px = (v - row - np.float32(0.5)) * self._height_px
        along_px = (u - column - np.float32(0.5)) * length_px
        return Cells(cell, column.astype(np.intp), self._height_px, length_px, across_px, along_px)


def mix(first: Floats, second: Floats, share: Floats | NDArray[np.bool_]) -> Floats:
    """Blend two (…, 3) colours by a (B, 64, 64) share of the second."""
    return first + (second - first) * share[..., None].astype(np.float32)


def shade(relief_px: Floats, sun: tuple[Floats, Floats]) -> Floats:
    """(B, 64, 64) brightness of a relief lit from a direction, 1 where it is flat.

    Args:
        relief_px: (B, 64, 64) heights.
        sun: (B, 1, 1) components of the horizontal direction towards the sun, times a strength.
    """
    across, down = np.zeros_like(relief_px), np.zeros_like(relief_px)
    across[:, :, 1:-1] = relief_px[:, :, 2:] - relief_px[:, :, :-2]
    down[:, 1:-1, :] = relief_px[:, 2:, :] - relief_px[:, :-2, :]
    across[:, :, 0], across[:, :, -1] = across[:, :, 1], across[:, :, -2]
    down[:, 0], down[:, -1] = down[:, 1], down[:, -2]
    return np.clip(1 - across * sun[0] - down * sun[1], 0.25, 1.9)
