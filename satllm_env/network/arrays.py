"""The kinds of arrays that heights, passes and timelines are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]
"""Whole numbers: of satellites, stations, links and moments."""
Flags = NDArray[np.bool_]
