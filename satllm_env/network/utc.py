"""Moments of a run as ISO 8601 text."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike

from satllm_env.network.epochs import after, timescale

_PLACES = 6


def utc_texts(epoch: datetime, times_s: ArrayLike) -> list[str]:
    """UTC of [s] elapsed after an epoch, leap seconds between them counted.

    Args:
        epoch: UTC.
        times_s: [s] SI seconds after the epoch, shape (T,).

    Returns:
        T texts such as ``2025-01-01T00:10:00Z``, with a fraction only where there is one, to the
        microsecond.
    """
    elapsed_s = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
    moments = after(timescale().from_datetime(epoch), elapsed_s)
    return [_without_zeros(text) for text in moments.utc_iso(places=_PLACES)]


def _without_zeros(text: str) -> str:
    return text.removesuffix("Z").rstrip("0").removesuffix(".") + "Z"
