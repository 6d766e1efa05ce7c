"""Procedural land-cover images: what an Earth-observation satellite photographs, without photographs.

Ten classes of 64×64 RGB images at some 5 to 10 m per pixel. `images` makes any of them: image i of a
split is a pure function of (data set, seed, split, i), to the last bit on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.nets.landcover.difficulty import DIFFICULTIES, difficulty
from satllm_env.nets.landcover.draws import Draws
from satllm_env.nets.landcover.scene import CLASSES, render

__all__ = ["CLASSES", "DIFFICULTIES", "SPLITS", "images"]

SPLITS = ("train", "calibration", "validation", "test")
"""Names of the splits; no generator serves two of them."""

BATCH = 100
"""Images made at once; more would not fit a cache."""


def images(
    name: str, split: str, indices: Sequence[int], seed: int = 0, step: Callable[[int], None] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Make images of a split; it has as many as one asks for.

    Args:
        name: of the data set, one of `DIFFICULTIES`.
        split: one of `SPLITS`.
        indices: of the images, 0 or more; every ten that follow each other hold each class once.
        seed: of the whole data set.
        step: told how many images have been added, for a progress bar.

    Returns:
        (B, 64, 64, 3) red, green and blue, and (B,) labels, places in `CLASSES`.

    Raises:
        InputError: no such data set or split.
    """
    wanted = difficulty(name)
    if split not in SPLITS:
        raise InputError("split", split, f"unknown; known are {', '.join(SPLITS)}")
    labels = np.asarray(indices, np.int64) % len(CLASSES)
    made = np.empty((len(labels), 64, 64, 3), np.uint8)
    for first in range(0, len(labels), BATCH):
        part = slice(first, first + BATCH)
        draws = Draws.of_images(seed, SPLITS.index(split), indices=indices[part])
        made[part] = render(draws, labels[part], wanted)
        if step:
            step(len(draws))
    return made, labels
