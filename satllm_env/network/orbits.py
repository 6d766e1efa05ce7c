"""Constellations and where their satellites are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sgp4.api import SGP4_ERRORS, SatrecArray

from satllm_env.errors import InputError
from satllm_env.network.elements import MeanElements, walker_elements
from satllm_env.network.epochs import DEFAULT_EPOCH, check_epoch, julian_utc
from satllm_env.network.frames import earth_rotation_rad, teme_to_itrs
from satllm_env.network.walker import Walker

MAX_TIME_S = 1e10
"""[s] some 300 years: far beyond any use of SGP4, near enough for exact arithmetic."""


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
        planes: orbital plane of each satellite, shape (S,), where known.
        slots: place of each satellite in its plane, shape (S,), where known.

    Raises:
        InputError: lengths that differ, or an epoch without a time zone.
    """

    names: tuple[str, ...]
    elements: MeanElements
    epoch: datetime
    planes: NDArray[np.int64] | None = None
    slots: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        object.__setattr__(self, "epoch", check_epoch(self.epoch, "constellation: epoch"))
        for field in ("elements", "planes", "slots"):
            value = getattr(self, field)
            if value is not None and len(value) != len(self.names):
                raise InputError(
                    "constellation", field, f"has {len(value)} entries for {len(self.names)} names"
                )

    def __len__(self) -> int:
        """Number of satellites."""
        return len(self.names)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without SGP4's own arrays, which do not; they are built again from the elements."""
        return Constellation, (self.names, self.elements, self.epoch, self.planes, self.slots)

    @cached_property
    def satrecs(self) -> SatrecArray:
        """SGP4 propagators of all satellites, built once."""
        return SatrecArray(self.elements.satrecs())

    def propagate(self, times_s: ArrayLike) -> Ephemeris:
        """Positions of every satellite at every time.

        Args:
            times_s: [s] after the epoch, scalar or shape (T,), any order, fractions allowed.

        Raises:
            InputError: a time not finite or beyond `MAX_TIME_S`, or SGP4 cannot propagate a satellite.
        """
        times = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
        if times.ndim != 1 or not (np.abs(times) <= MAX_TIME_S).all():
            raise InputError(
                "propagate", "times_s", f"must be finite seconds within ±{MAX_TIME_S:g}, one list"
            )
        day, fraction = julian_utc(self.epoch)
        whole_days = np.floor(fraction + times / 86_400.0)
        errors, teme_km, _ = self.satrecs.sgp4(day + whole_days, fraction - whole_days + times / 86_400.0)
        if errors.any():
            raise self._failure(errors, times)
        return Ephemeris(times, teme_km, teme_to_itrs(teme_km, earth_rotation_rad(self.epoch, times)))

    def _failure(self, errors: NDArray[np.uint8], times_s: NDArray[np.float64]) -> InputError:
        satellite, moment = np.argwhere(errors)[0]
        reason = SGP4_ERRORS.get(int(errors[satellite, moment]), "unknown error")
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
