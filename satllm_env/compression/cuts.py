"""Sets of cuts to train and to measure on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def draw_cuts(rng: np.random.Generator, boundaries: Sequence[int], most: int) -> tuple[int, ...]:
    """Draw one to `most` boundaries, each number as likely, each set of it too; ascending."""
    count = int(rng.integers(1, min(most, len(boundaries)) + 1))
    return tuple(sorted(int(boundary) for boundary in rng.choice(boundaries, count, replace=False)))
