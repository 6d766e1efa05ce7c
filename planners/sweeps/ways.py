"""A way on: sends to the destination that have not been made yet."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.problem.instance import Floats, Ints

MAX_SENDS = 192
"""Longer ways are not kept."""


class Way(NamedTuple):
    """Sends and what the walk that makes them amounts to; written in place."""

    sends: Ints  # (MAX_SENDS, 4) first layer of the stage before it (−1 for a relay), boundary, link, level
    length: Ints  # (1,) how many, 0 for no way
    values_s: Floats  # (2,) [s] delay and bottleneck of the walk


@numba.njit(cache=True, nogil=True)
def make_way() -> Way:
    """No way."""
    return Way(np.zeros((MAX_SENDS, 4), np.int64), np.zeros(1, np.int64), np.full(2, np.inf))


@numba.njit(cache=True, nogil=True)
def copy_way(way: Way, to: Way) -> None:
    """Write a way over another."""
    length = way.length[0]
    to.sends[:length] = way.sends[:length]
    to.length[0] = length
    to.values_s[:] = way.values_s
