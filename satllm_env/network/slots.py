"""The slots of a shell's planes: evenly spaced places that satellites keep, with spares between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.circle import circular_mean, wrapped

Phases = Sequence[NDArray[np.float64]]
"""[deg] phases of the satellites of each plane, at least one in each."""

OFF_STATION = -1
MAX_SLOTS = 120
"""Slots nearer than 3° are not looked for."""
TOLERANCE = 1 / 8
"""A satellite keeps a slot when it is within this share of the slots' spacing."""
LEAST_COHERENCE = 0.5
"""With a tenth of the satellites as spares at a quarter of a slot it is 0.77, with all on station 1."""
LEAST_SIGNIFICANCE = 5.0
"""Standard deviations of the coherence of random phases that it must exceed."""
LEAST_SEATED = 0.75
"""Share of the satellites that must keep slots of their own; in a train all would be at one."""


@dataclass(frozen=True, eq=False)
class Slots:
    """Slots of the satellites of P planes.

    Attributes:
        count: slots of each plane; None where the phases show no even spacing, and slots then number the
            satellites along their plane.
        slots: of each plane's satellites, −1 for spares.
        first_deg: [deg] phase of slot 0 in each plane, at most half a spacing from the ascending node where
            spacing is even, shape (P,).
    """

    count: int | None
    slots: list[NDArray[np.int64]]
    first_deg: NDArray[np.float64]


def find_slots(phases_deg: Phases) -> Slots:
    """Find the number of slots per plane that most satellites of a shell keep, and who keeps which.

    With n slots, the differences of phases within a plane are multiples of 360°/n, whichever slots are
    empty. The n are tried in ascending order, as multiples of n fit as well; the first is taken whose
    coherence over all planes is high, is beyond chance, and that seats most satellites one to a slot.
    """
    pairs = sum(len(plane) * (len(plane) - 1) for plane in phases_deg)
    if pairs == 0:
        return _seated(phases_deg, 1)
    threshold = max(LEAST_COHERENCE, LEAST_SIGNIFICANCE / np.sqrt(pairs))
    satellites = sum(map(len, phases_deg))
    for count in np.flatnonzero(_coherence(phases_deg, pairs) >= threshold) + 1:
        found = _seated(phases_deg, int(count))
        seated = sum(int((slots != OFF_STATION).sum()) for slots in found.slots)
        if seated >= LEAST_SEATED * satellites:
            return found
    return _in_order(phases_deg)


def _coherence(phases_deg: Phases, pairs: int) -> NDArray[np.float64]:
    """Mean of cos(n · difference) over the pairs of each plane, for n = 1 to `MAX_SLOTS`.

    It is 1 where all pairs are whole slots apart. Phases at random give 0 with a standard deviation of
    1/√pairs, where a pair counts in both orders.
    """
    counts = np.arange(1, MAX_SLOTS + 1)
    total = np.zeros(MAX_SLOTS)
    for plane in phases_deg:
        total += np.abs(np.exp(1j * np.radians(np.outer(counts, plane))).sum(axis=1)) ** 2 - len(plane)
    return total / pairs


def _seated(phases_deg: Phases, count: int) -> Slots:
    spacing = 360.0 / count
    slots, first_deg = [], []
    for plane in phases_deg:
        first = float(wrapped(circular_mean(plane, spacing), spacing))
        slots.append(_seats(plane, first, count))
        first_deg.append(first)
    return Slots(count, slots, np.array(first_deg))


def _seats(plane_deg: NDArray[np.float64], first_deg: float, count: int) -> NDArray[np.int64]:
    """Slot of each satellite; of several at one slot the nearest keeps it."""
    place = (plane_deg - first_deg) * count / 360.0
    slots = np.round(place).astype(np.int64)
    distance = np.abs(place - slots)
    slots %= count
    order = np.lexsort((distance, slots))
    keeps = np.zeros(len(slots), dtype=np.bool_)
    keeps[order[np.unique(slots[order], return_index=True)[1]]] = True
    return np.where(keeps & (distance <= TOLERANCE), slots, OFF_STATION)


def _in_order(phases_deg: Phases) -> Slots:
    slots = [np.argsort(np.argsort(plane, kind="stable"), kind="stable") for plane in phases_deg]
    return Slots(None, slots, np.array([plane.min() for plane in phases_deg]))
