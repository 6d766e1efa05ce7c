"""The sweeps that are tried: thresholds, prices and whether short stages are, as numbered cells."""

from __future__ import annotations

import numba
import numpy as np

from planners.sweeps.scene import Scene

MULTIPLES = np.concatenate(
    (
        np.array([1.0, 1.02, 1.04, 1.07, 1.1, 1.14, 1.19, 1.25, 1.33, 1.44]),
        np.array([1.6, 1.8, 2.1, 2.5, 3.2, 4.5, 7.0, 12.0, 20.0, np.inf]),
    )
)
"""Of the scene's least threshold; close together where most optima lie, since polishing lowers the rest."""

PRICES = np.array([0.0, 0.05, 0.15, 0.5])
"""What spending the whole loss budget costs, as shares of a typical makespan."""

NUM_CELLS = 2 * len(MULTIPLES) * len(PRICES)


@numba.njit(cache=True, nogil=True)
def terms_of(cell: int, scene: Scene) -> tuple[float, float, bool]:
    """[s] threshold, price, and whether short stages are tried; nothing is pipelined with one micro-batch.

    Args:
        cell: 0 … `NUM_CELLS` − 1.
        scene: what is swept.
    """
    multiple = MULTIPLES[cell // 2 // len(PRICES)]
    threshold_s = np.inf
    if scene.tables.micro_batches > 1 and multiple < np.inf:
        threshold_s = scene.start_s * multiple
    return threshold_s, PRICES[cell // 2 % len(PRICES)], cell % 2 == 1


@numba.njit(cache=True, nogil=True)
def is_double(cell: int, scene: Scene) -> bool:
    """Whether a cell of a smaller number sweeps the same: thresholds mean nothing to one micro-batch."""
    return bool(scene.tables.micro_batches == 1 and cell >= 2 * len(PRICES))
