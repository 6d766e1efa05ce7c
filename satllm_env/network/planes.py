"""Shells, planes and slots recovered from the orbits of real satellites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.circle import circular_mean, resultant
from satllm_env.network.mean_orbits import MeanOrbits, mean_orbits
from satllm_env.network.orbits import Constellation
from satllm_env.network.shells import FULL_PLANE, Group, find_shells
from satllm_env.network.slots import OFF_STATION, Slots, find_slots

SMALLEST_SHELL = 10
"""Satellites of a shell at least, so that a few strays in like orbits are none."""
CLUMPED = 0.5
"""Resultant of a plane's phases above which its satellites follow each other in a train."""
ALIKE = 0.9
"""Resultant of the steps from plane to plane from which they are taken to be the same."""


@dataclass(frozen=True)
class Shell:
    """Planes of one inclination and about one height.

    Attributes:
        planes: their numbers, eastward.
        inclination_deg: [deg] median of the satellites.
        altitude_km: [km] above 6378.135 km, likewise.
        slots: slots of each plane, None where its satellites are not evenly spaced.
        step_deg: [deg] phase from a slot to the next slot up in the plane next to the east, 0 up to the
            slots' spacing; None where planes differ in it.
    """

    planes: range
    inclination_deg: float
    altitude_km: float
    slots: int | None
    step_deg: float | None


@dataclass(frozen=True, eq=False)
class Planes:
    """Shells and planes of S satellites at a moment.

    Attributes:
        shells: largest first.
        plane: plane of each satellite, −1 for those in none, shape (S,).
        slot: slot within its plane, along the motion, −1 off station, shape (S,). Spares have a plane and
            no slot; satellites that rise or sink, and debris, have neither.
        phase_deg: [deg] mean argument of latitude of each satellite, shape (S,).
        node_deg: [deg] right ascension of each plane's ascending node, shape (P,).
    """

    shells: tuple[Shell, ...]
    plane: NDArray[np.int64]
    slot: NDArray[np.int64]
    phase_deg: NDArray[np.float64]
    node_deg: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of planes."""
        return len(self.node_deg)


def recover_planes(constellation: Constellation, smallest_shell: int = SMALLEST_SHELL) -> Planes:
    """Find the shells, planes and slots that satellites keep at the constellation's epoch.

    Satellites are set apart wherever altitude, inclination or node has a gap, which leaves the planes.
    Planes of like altitude and inclination form a shell, in which one group keeps each node: the largest.
    A shell counts when it is large enough and its satellites keep slots, or else are spread along their
    planes; the trains of satellites that rise after a launch do neither.

    Args:
        constellation: S satellites.
        smallest_shell: satellites that a shell has at least.
    """
    orbits = mean_orbits(constellation.elements, constellation.epoch)
    plane, slot = np.full((2, len(constellation)), OFF_STATION, dtype=np.int64)
    shells: list[Shell] = []
    nodes_deg: list[float] = []
    # Python's sort is stable: of equally large shells the one with the first satellite leads
    for groups in sorted(find_shells(orbits), key=lambda groups: -sum(map(len, groups))):
        if sum(map(len, groups)) < smallest_shell:
            break
        phases_deg = [orbits.phase_deg[group] for group in groups]
        slots = find_slots(phases_deg)
        if not _on_station(slots, phases_deg):
            continue
        planes = range(len(nodes_deg), len(nodes_deg) + len(groups))
        for number, group, places in zip(planes, groups, slots.slots, strict=True):
            plane[group], slot[group] = number, places
        nodes_deg += [circular_mean(orbits.node_deg[group]) for group in groups]
        shells.append(_shell(planes, np.concatenate(groups), orbits, slots, nodes_deg))
    return Planes(tuple(shells), plane, slot, orbits.phase_deg, np.array(nodes_deg))


def adjacent(
    nodes_deg: Sequence[float] | NDArray[np.float64], inclination_deg: float
) -> list[tuple[int, int]]:
    """Pairs (west, east) of planes that are next to each other and turn the same way.

    Planes whose angular momenta are more than 90° apart counter-rotate, as across the seam of a Walker
    Star; nor are planes neighbours across half of the circle or more.

    Args:
        nodes_deg: [deg] of the planes of a shell, ascending, shape (P,).
        inclination_deg: [deg] of the shell.
    """
    nodes = np.asarray(nodes_deg, dtype=np.float64)
    step_deg = (np.roll(nodes, -1) - nodes) % 360.0
    tilt = np.radians(inclination_deg)
    together = np.cos(tilt) ** 2 + np.sin(tilt) ** 2 * np.cos(np.radians(step_deg)) >= 0
    west = np.flatnonzero(together & (step_deg > 0) & (step_deg < 180))
    return [(int(number), (int(number) + 1) % len(nodes)) for number in west]


def _on_station(slots: Slots, phases_deg: Sequence[NDArray[np.float64]]) -> bool:
    clumping = [abs(resultant(plane)) for plane in phases_deg if len(plane) >= FULL_PLANE]
    return slots.count is not None or float(np.median(clumping or [0.0])) <= CLUMPED


def _shell(planes: range, members: Group, orbits: MeanOrbits, slots: Slots, nodes_deg: list[float]) -> Shell:
    inclination_deg = float(np.median(orbits.inclination_deg[members]))
    return Shell(
        planes=planes,
        inclination_deg=inclination_deg,
        altitude_km=float(np.median(orbits.altitude_km[members])),
        slots=slots.count,
        step_deg=_step_deg(slots, adjacent(nodes_deg[planes.start :], inclination_deg)),
    )


def _step_deg(slots: Slots, neighbours: list[tuple[int, int]]) -> float | None:
    if slots.count is None or not neighbours:
        return None
    west, east = np.array(neighbours).T
    steps_deg, spacing_deg = slots.first_deg[east] - slots.first_deg[west], 360.0 / slots.count
    alike = abs(resultant(steps_deg, spacing_deg)) >= ALIKE
    return circular_mean(steps_deg, spacing_deg) if alike else None
