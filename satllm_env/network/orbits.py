"""Constellations and where their satellites are."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sgp4.api import SGP4_ERRORS, SatrecArray

from satllm_env.errors import InputError
from satllm_env.network.elements import SGP4_DAY_ZERO_JD, MeanElements, walker_elements
from satllm_env.network.epochs import DEFAULT_EPOCH, check_epoch, julian_utc
from satllm_env.network.frames import earth_rotation_rad, teme_to_itrs
from satllm_env.network.walker import Walker

MAX_TIME_S = 1e10
"""[s] some 300 years: far beyond any use of SGP4, near enough for exact arithmetic."""


class StaleElementsWarning(UserWarning):
    """Satellites are propagated so far from their element sets' epochs that positions mean little."""


@dataclass(frozen=True, eq=False)
class Ephemeris:
    """Positions of S satellites at T times."""

    times_s: NDArray[np.float64]
    """[s] after the constellation's epoch, shape (T,)."""
    teme_km: NDArray[np.float64]
    """[km] inertial (true equator, mean equinox), shape (S, T, 3)."""
    itrs_km: NDArray[np.float64]
    """[km] fixed to the Earth, shape (S, T, 3)."""


@dataclass(frozen=True, eq=False)
class Constellation:
    """Satellites with mean elements, propagated together by SGP4 (WGS72).

    Args:
        names: one per satellite.
        elements: mean elements, one entry per satellite; their epochs may differ.
        epoch: UTC time at which ``t = 0``.
        planes: orbital plane of each satellite, −1 outside of all planes, shape (S,), where known.
        slots: place of each satellite in its plane, −1 off station, shape (S,), where known.
        stale_after_days: [d] propagating farther than this from an element set's epoch, either way,
            warns; None never does, as fits generated orbits, which no real satellite can differ from.

    Raises:
        InputError: lengths that differ, a name that comes twice, or an epoch without a time zone.
    """

    names: tuple[str, ...]
    elements: MeanElements
    epoch: datetime
    planes: NDArray[np.int64] | None = None
    slots: NDArray[np.int64] | None = None
    stale_after_days: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        object.__setattr__(self, "epoch", check_epoch(self.epoch, "constellation: epoch"))
        for field in ("elements", "planes", "slots"):
            value = getattr(self, field)
            if value is not None and len(value) != len(self.names):
                raise InputError(
                    "constellation", field, f"has {len(value)} entries for {len(self.names)} names"
                )
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise InputError("constellation", "names", f"{twice!r} comes twice")

    def __len__(self) -> int:
        """Number of satellites."""
        return len(self.names)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without SGP4's own arrays, which do not; they are built again from the elements."""
        return Constellation, tuple(getattr(self, field.name) for field in fields(self))

    @cached_property
    def satrecs(self) -> SatrecArray:
        """SGP4 propagators of all satellites, built once."""
        return SatrecArray(self.elements.satrecs())

    def select(self, chosen: NDArray[np.bool_]) -> Constellation:
        """A constellation of some of the satellites, `chosen` of shape (S,), in their order."""
        return replace(
            self,
            names=tuple(itertools.compress(self.names, chosen)),
            elements=self.elements.select(chosen),
            planes=None if self.planes is None else self.planes[chosen],
            slots=None if self.slots is None else self.slots[chosen],
        )

    def propagate(self, times_s: ArrayLike) -> Ephemeris:
        """Positions of every satellite at every time.

        Warns once a call with `StaleElementsWarning` where the constellation says what is stale.

        Args:
            times_s: [s] after the epoch, scalar or shape (T,), any order, fractions allowed.

        Raises:
            InputError: a time not finite or beyond `MAX_TIME_S`, or SGP4 cannot propagate a satellite.
        """
        times, errors, teme_km = self._sgp4(times_s)
        if errors.any():
            reason = SGP4_ERRORS.get(int(errors[errors > 0][0]), "unknown error")
            raise self._failure(errors > 0, times, reason)
        self._warn_if_stale(times)
        return Ephemeris(times, teme_km, teme_to_itrs(teme_km, earth_rotation_rad(self.epoch, times)))

    def can_propagate(self, times_s: ArrayLike) -> NDArray[np.bool_]:
        """Whether SGP4 can propagate each satellite to all times, shape (S,); it cannot once one decays.

        Args:
            times_s: as in `propagate`.

        Raises:
            InputError: a time not finite or beyond `MAX_TIME_S`, or SGP4 gives a position that is no number.
        """
        _, errors, _ = self._sgp4(times_s)
        lasting: NDArray[np.bool_] = (errors == 0).all(axis=1)
        return lasting

    def _sgp4(self, times_s: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.float64]]:
        """Times (T,), SGP4's error codes (S, T) and TEME positions [km] (S, T, 3)."""
        times = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
        if times.ndim != 1 or not (np.abs(times) <= MAX_TIME_S).all():
            raise InputError(
                "propagate", "times_s", f"must be finite seconds within ±{MAX_TIME_S:g}, one list"
            )
        day, fraction = julian_utc(self.epoch)
        whole_days = np.floor(fraction + times / 86_400.0)
        errors, teme_km, _ = self.satrecs.sgp4(day + whole_days, fraction - whole_days + times / 86_400.0)
        # SGP4 divides by the sine of the inclination, which may be too near 0, and reports no error
        unsaid = (errors == 0) & ~np.isfinite(teme_km).all(axis=-1)
        if unsaid.any():
            raise self._failure(unsaid, times, "its position is not finite")
        return times, errors, teme_km

    @cached_property
    def _ages_days(self) -> tuple[tuple[int, float], tuple[int, float]]:
        """The satellites of the oldest and the newest set, with [d] their ages at ``t = 0``."""
        day, fraction = julian_utc(self.epoch)
        ages = (day - SGP4_DAY_ZERO_JD) + fraction - self.elements.epoch_days
        oldest, newest = int(ages.argmax()), int(ages.argmin())
        return (oldest, float(ages[oldest])), (newest, float(ages[newest]))

    def _warn_if_stale(self, times_s: NDArray[np.float64]) -> None:
        if self.stale_after_days is None or not times_s.size or not len(self):
            return
        (oldest, age), (newest, least_age) = self._ages_days
        # after the oldest set's epoch, or before the newest one's, whichever is farther
        after, before = age + times_s.max() / 86_400.0, -least_age - times_s.min() / 86_400.0
        satellite, days, way = (oldest, after, "after") if after >= before else (newest, before, "before")
        if days > self.stale_after_days:
            warnings.warn(
                f"{self.names[satellite]} is propagated to {days:.1f} days {way} its element set's epoch; "
                f"beyond {self.stale_after_days:g} days positions are of little worth",
                StaleElementsWarning,
                stacklevel=3,
            )

    def _failure(self, failed: NDArray[np.bool_], times_s: NDArray[np.float64], reason: str) -> InputError:
        """What to say of the first satellite and time that failed, of shape (S, T)."""
        satellite, moment = np.argwhere(failed)[0]
        return InputError(
            "SGP4", self.names[satellite], f"cannot be propagated to t = {times_s[moment]:g} s: {reason}"
        )


def walker_constellation(walker: Walker, epoch: datetime = DEFAULT_EPOCH) -> Constellation:
    """A Walker constellation that has its nominal geometry at `epoch`.

    Raises:
        InputError: an epoch without a time zone.
    """
    epoch = check_epoch(epoch)
    return Constellation(walker.names, walker_elements(walker, epoch), epoch, walker.plane_of, walker.slot_of)
