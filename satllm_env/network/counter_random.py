"""Random numbers by their place: the same numbers in any order, on any machine, for many keys at once.

NumPy's generators are streams with a costly start, so one per link and hour would take longer than all the
rest. Here a number is a hash of the words that name it (seed, link, time, purpose). The hash is the output
function of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014),
folded over the words; integers only, so every bit is the same everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Key = NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def seeded(seed: int) -> Key:
    """The key of a seed, 0 to 2⁶⁴ − 1, shape (1,)."""
    return _mix(np.array([seed], dtype=np.uint64) + _GAMMA)


def fold(key: Key, word: ArrayLike) -> Key:
    """The keys of `key` and one more word, in the shape to which the two broadcast.

    Args:
        key: at least one dimension.
        word: 64-bit integers, negative ones too.
    """
    words: NDArray[Any] = np.asarray(word, dtype=np.int64)
    return _mix((key + _GAMMA) ^ words.astype(np.uint64))


def uniform(key: Key) -> NDArray[np.float64]:
    """One number in [0, 1) for each key: a multiple of 2⁻⁵³ from its upper bits."""
    return (key >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(key: Key) -> Key:
    """SplitMix64's output function; arrays of integers wrap around silently."""
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))
