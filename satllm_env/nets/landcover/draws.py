"""Random draws for a batch of images, each image from a generator of its own.

What an image draws depends on its generator alone, never on the batch it is made in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
"""Always float32; said more widely than that, for products with Python's numbers are typed so."""
Ints: TypeAlias = NDArray[np.intp]


class Draws:
    """Generators of B images that draw side by side.

    Args:
        generators: one per image.
    """

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self._generators = tuple(generators)

    @classmethod
    def of_images(cls, *key: int, indices: Iterable[int]) -> Draws:
        """Start the generators of some images: a pure function of the key and each index."""
        return cls([np.random.default_rng((*key, index)) for index in indices])

    def __len__(self) -> int:
        """B, the number of images."""
        return len(self._generators)

    def rows(self, rows: Iterable[int]) -> Draws:
        """The draws of some of the images; they go on where those images stand."""
        return Draws([self._generators[row] for row in rows])

    def uniform(self, low: float = 0.0, high: float = 1.0, shape: tuple[int, ...] = ()) -> Floats:
        """(B, …) values from `low` to `high`; exact on every machine."""
        drawn = np.stack([generator.random(shape, dtype=np.float32) for generator in self._generators])
        return np.float32(low) + np.float32(high - low) * drawn

    def scalar(self, low: float = 0.0, high: float = 1.0) -> Floats:
        """(B, 1, 1) one value per image, to go with fields."""
        return self.uniform(low, high, (1, 1))

    def chance(self, probability: float) -> NDArray[np.bool_]:
        """(B, 1, 1) whether something happens in each image."""
        return self.scalar() < probability

    def pick(self, count: int) -> Ints:
        """(B,) integers below `count`."""
        return (self.uniform() * count).astype(np.intp)

    def colour(self, dark: Sequence[float], light: Sequence[float], spread: float = 0.1) -> Floats:
        """(B, 1, 1, 3) reflectances between two colours, each channel off by up to `spread` of itself."""
        place = self.uniform(shape=(1, 1, 1))
        low, high = np.array(dark, np.float32), np.array(light, np.float32)
        return (low + (high - low) * place) * self.uniform(1 - spread, 1 + spread, (1, 1, 3))
