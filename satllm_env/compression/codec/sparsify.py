"""Which values of a payload are kept: the largest of them, or those a trained mask keeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Kept = NDArray[np.bool_]


def largest(values: NDArray[np.float32], keep: float, per: str) -> Kept:
    """Tell the largest magnitudes; of equal ones the first are kept.

    Args:
        values: shape (N, W).
        keep: [1] share of the values, rounded to the nearest whole number of them.
        per: "token" to keep that share of every row, "tensor" of all values together.
    """
    magnitudes = np.abs(values if per == "token" else values.reshape(1, -1))
    count = round(keep * magnitudes.shape[1])
    if not count:
        return np.zeros(values.shape, dtype=np.bool_)
    least = np.partition(magnitudes, -count, axis=1)[:, -count, None]
    kept, equal = magnitudes > least, magnitudes == least
    free = count - kept.sum(axis=1, keepdims=True)
    kept |= equal & (np.cumsum(equal, axis=1) <= free)
    return kept.reshape(values.shape)


def decide(logits: NDArray[np.float32]) -> Kept:
    """Decisions of a trained Gumbel mask: keep where the odds of keeping are better than even."""
    return np.asarray(logits > 0)
