"""Angles on a circle: their mean, how closely they agree, and groups that gaps set apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def wrapped(angle: ArrayLike, period: float = 360.0) -> NDArray[np.float64]:
    """The angle's equal from −period/2 up to period/2, any shape."""
    return np.asarray((np.asarray(angle, dtype=np.float64) + period / 2) % period - period / 2)


def resultant(angle: NDArray[np.float64], period: float = 360.0) -> complex:
    """Mean of the unit vectors of at least one angle: its length is 1 where all agree, near 0 where they
    are spread evenly, and its direction is their mean.
    """
    return complex(np.exp(2j * np.pi / period * angle).mean())


def circular_mean(angle: NDArray[np.float64], period: float = 360.0) -> float:
    """Direction of the resultant, 0 to `period`."""
    return float(np.angle(resultant(angle, period)) * period / (2 * np.pi) % period)


def gap_groups(
    values: NDArray[np.float64], least_gap: float, period: float | None = None
) -> NDArray[np.int64]:
    """Number groups of values that are farther than `least_gap` apart from each other.

    Args:
        values: at least one, shape (N,).
        least_gap: neighbours in order that are this near belong together.
        period: values are on a circle of this circumference, from 0 up; None is a line.

    Returns:
        group of each value, from 0, shape (N,).
    """
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    in_order = np.concatenate([[0], np.cumsum(np.diff(ascending) > least_gap)])
    if period is not None and ascending[0] + period - ascending[-1] <= least_gap:
        in_order[in_order == in_order[-1]] = 0
    groups = np.empty(len(values), dtype=np.int64)
    groups[order] = in_order
    return groups
