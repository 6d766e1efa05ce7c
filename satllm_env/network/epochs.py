"""Epochs: ISO 8601 text, Julian dates, and the UT1 that turns the Earth."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import numpy as np
from numpy.typing import NDArray
from skyfield.api import load
from skyfield.timelib import Time, Timescale

from satllm_env.errors import InputError

DEFAULT_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)

_FIRST_EPOCH, _END_OF_EPOCHS = datetime(1972, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

_J2000_UTC_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
_J2000_MIDNIGHT_JD = 2_451_544.5
_DAY_S = 86_400.0


def parse_epoch(text: str, source: str = "epoch") -> datetime:
    """Read ISO 8601 as UTC; a time without an offset is UTC.

    Raises:
        InputError: not ISO 8601, or before 1972 (there was no UTC in whole seconds).
    """
    try:
        epoch = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            source, "", f"{text!r} is not an ISO 8601 time such as 2025-01-01T00:00:00Z"
        ) from None
    return check_epoch(epoch if epoch.tzinfo else epoch.replace(tzinfo=UTC), source)


def check_epoch(epoch: datetime, source: str = "epoch") -> datetime:
    """Return an epoch as UTC.

    Raises:
        InputError: without a time zone, or before 1972.
    """
    if epoch.tzinfo is None:
        raise InputError(source, "", f"{epoch.isoformat()} has no time zone; give it UTC")
    if not _FIRST_EPOCH <= epoch < _END_OF_EPOCHS:
        raise InputError(source, "", f"must be from 1972 on, when UTC began (got {epoch.isoformat()})")
    return epoch.astimezone(UTC)


def julian_utc(epoch: datetime) -> tuple[float, float]:
    """Julian date of a UTC epoch as [d] midnight before it and [d] fraction since, exact to 0.01 µs."""
    since = epoch - _J2000_UTC_MIDNIGHT
    return _J2000_MIDNIGHT_JD + since.days, (since.seconds + since.microseconds * 1e-6) / _DAY_S


def julian_ut1(epoch: datetime, times_s: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Julian date in UT1 of [s] elapsed after a UTC epoch.

    The Earth's measured rotation comes with skyfield (IERS finals2000A inside the package, never
    downloaded); outside that table skyfield extrapolates.

    Args:
        epoch: UTC.
        times_s: [s] SI seconds after the epoch, shape (T,).

    Returns:
        [d] a whole part and [d] the rest, shape (T,).
    """
    start = timescale().from_datetime(epoch)
    return float(start.whole), np.asarray(after(start, times_s).ut1_fraction, dtype=np.float64)


def after(start: Time, times_s: NDArray[np.float64]) -> Time:
    """The moments [s] after a start, shape (T,), all with the start's whole day.

    Counted in terrestrial time, where no leap second interrupts the elapsed seconds. Skyfield's own
    ``start + days`` would count whole days on, and its fractions no longer be those since the start's.
    """
    return start.ts.tt_jd(start.whole, start.tt_fraction + times_s / _DAY_S)


@cache
def timescale() -> Timescale:
    """Skyfield's time scales, with the tables that come inside its package."""
    return load.timescale(builtin=True)
