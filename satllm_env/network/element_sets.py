"""Published element sets of real satellites, and the constellation that they make."""

from __future__ import annotations

import itertools
import math
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.network.checks import check_number
from satllm_env.network.elements import MeanElements
from satllm_env.network.orbits import MAX_TIME_S, Constellation

STALE_AFTER_DAYS = 14.0
"""[d] SGP4 loses 1 to 3 km a day: beyond this a satellite may be tens of kilometres elsewhere."""

LASTING_STEP_S, LASTING_STEPS = 1800.0, 1000
"""[s] between the moments at which a satellite must be there, and how many such steps there are at most: SGP4
may find a decayed one again for an hour or so of each revolution, so the span's ends do not tell."""

NAMED = 5
"""Satellites that a warning names at most."""

SGP4_TYPES = ("", "0", "2", "3")
"""Ephemeris types for SGP4: not said, the usual 0, and SGP4's and SDP4's own. 4 is SGP4-XP, another model."""

_LIMITS = {
    "bstar": (-math.inf, math.inf, ""),
    "eccentricity": (0.0, 0.999, ""),
    "inclination_deg": (0.0, 180.0, " deg"),
    "raan_deg": (0.0, 360.0, " deg"),
    "argument_of_perigee_deg": (0.0, 360.0, " deg"),
    "mean_anomaly_deg": (0.0, 360.0, " deg"),
    "mean_motion_rev_day": (0.001, 20.0, " rev/day"),
}


class DecayedWarning(UserWarning):
    """Satellites were left out because SGP4 finds that they have decayed."""


class ElementSet(NamedTuple):
    """One set as its file gives it; `where` says in which line."""

    where: str
    name: str
    catalogue_number: int
    epoch_days: float
    """[d] UTC days since 1949 December 31 00:00."""
    bstar: float
    """[1 / Earth radii]"""
    eccentricity: float
    inclination_deg: float
    raan_deg: float
    argument_of_perigee_deg: float
    mean_anomaly_deg: float
    mean_motion_rev_day: float


@dataclass(frozen=True, eq=False)
class ElementSets:
    """Element sets of S satellites, in their file's order.

    Attributes:
        names: no two alike. Satellites that share a name in the file have their catalogue number with it
            (``FALCON 9 DEB #44444``), those without a name have it alone (``44444``).
        catalogue_numbers: no two alike, shape (S,).
        elements: mean elements, with epochs of their own.
    """

    names: tuple[str, ...]
    catalogue_numbers: NDArray[np.int64]
    elements: MeanElements

    def __len__(self) -> int:
        """Number of satellites."""
        return len(self.names)


def constellation_of(
    sets: ElementSets, epoch: datetime | None = None, last_time_s: float = 0.0
) -> Constellation:
    """The satellites of element sets, as a constellation.

    Satellites that SGP4 cannot propagate, because they decay, are left out with a `DecayedWarning`. It is
    asked every half hour of the span, or at 1,000 times of a longer one than three weeks.
    Propagating farther than `STALE_AFTER_DAYS` from a set's epoch warns with `StaleElementsWarning`.

    Args:
        sets: element sets.
        epoch: UTC time at which ``t = 0``; the newest set's epoch if None.
        last_time_s: [s] after `epoch`, up to which the satellites are to last.

    Raises:
        InputError: an epoch without a time zone or before 1972, an impossible time, or no satellite left.
    """
    elements = sets.elements
    whole = Constellation(
        sets.names, elements, epoch or elements.last_epoch, stale_after_days=STALE_AFTER_DAYS
    )
    lasting = _lasting(whole, last_time_s)
    if lasting.all():
        return whole
    if not lasting.any():
        raise InputError("constellation", "", "all satellites have decayed by then, as SGP4 has it")
    gone = list(itertools.compress(sets.names, ~lasting))
    named = ", ".join(gone[:NAMED]) + (", …" if len(gone) > NAMED else "")
    warnings.warn(
        f"{len(gone)} of {len(sets)} satellites left out, decayed by then as SGP4 has it: {named}",
        DecayedWarning,
        stacklevel=2,
    )
    return whole.select(lasting)


def _lasting(constellation: Constellation, last_time_s: float) -> NDArray[np.bool_]:
    """Whether SGP4 can propagate each satellite from ``t = 0`` to the last time, shape (S,)."""
    check_number("constellation", "last_time_s", last_time_s, -MAX_TIME_S, MAX_TIME_S, " s")
    steps = min(math.ceil(abs(last_time_s) / LASTING_STEP_S), LASTING_STEPS)
    lasting = np.ones(len(constellation), dtype=np.bool_)
    for t_s in np.linspace(0.0, last_time_s, steps + 1):  # one by one: all at once would fill the memory
        lasting &= constellation.can_propagate(t_s)
    return lasting


def gather(sets: Sequence[ElementSet], source: str) -> ElementSets:
    """Check the sets of a file and turn them into arrays.

    Raises:
        InputError: no set, a catalogue number that comes twice, or a number out of its range; names
            `source` and the line.
    """
    if not sets:
        raise InputError(source, "", "holds no element set")
    first: dict[int, str] = {}
    for entry in sets:
        earlier = first.setdefault(entry.catalogue_number, entry.where)
        if earlier != entry.where:
            problem = f"catalogue number {entry.catalogue_number} comes twice, first in {earlier}"
            raise InputError(source, entry.where, problem)
    columns = dict(zip(ElementSet._fields, zip(*sets, strict=True), strict=True))
    for field, limits in _LIMITS.items():
        _check_column(columns[field], field, limits, columns["where"], source)
    numbers = np.array(columns["catalogue_number"], dtype=np.int64)
    names = tuple(name or str(number) for name, number in zip(columns["name"], numbers.tolist(), strict=True))
    return ElementSets(_unique(names, numbers), numbers, _elements(columns))


def _check_column(
    values: tuple[float, ...],
    field: str,
    limits: tuple[float, float, str],
    where: tuple[str, ...],
    source: str,
) -> None:
    array = np.array(values)
    for row in np.flatnonzero(~(np.isfinite(array) & (array >= limits[0]) & (array <= limits[1]))):
        check_number(source, f"{where[row]}: {field}", values[row], *limits)


def _unique(names: tuple[str, ...], numbers: NDArray[np.int64]) -> tuple[str, ...]:
    times = Counter(names)
    if len(times) == len(names):
        return names
    numbered = tuple(
        name if times[name] == 1 else f"{name} #{number}"
        for name, number in zip(names, numbers.tolist(), strict=True)
    )
    return _unique(numbered, numbers)  # a satellite may be called what another has just become


def _elements(columns: dict[str, tuple[float, ...]]) -> MeanElements:
    array = {field: np.array(columns[field], dtype=np.float64) for field in ("epoch_days", *_LIMITS)}
    return MeanElements(
        epoch_days=array["epoch_days"],
        bstar=array["bstar"],
        eccentricity=array["eccentricity"],
        inclination_rad=np.radians(array["inclination_deg"]),
        raan_rad=np.radians(array["raan_deg"]),
        argument_of_perigee_rad=np.radians(array["argument_of_perigee_deg"]),
        mean_anomaly_rad=np.radians(array["mean_anomaly_deg"]),
        mean_motion_rad_min=array["mean_motion_rev_day"] / (1440.0 / (2 * np.pi)),
    )
