"""Which orbits make a plane, and which planes a shell: groups that gaps set apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.circle import circular_mean, gap_groups, wrapped
from satllm_env.network.mean_orbits import MeanOrbits

Group = NDArray[np.int64]
"""Numbers of satellites, or of groups of them, ascending."""
Axis = tuple[NDArray[np.float64], float, float | None]
"""Values, the gap that sets apart, and the circle's circumference where the values are on one."""

NODE_GAP_DEG = 1.0
"""[deg] planes lie farther apart than this; within one the nodes follow each other more closely."""
PLANE_GAP_KM, PLANE_GAP_DEG = 0.5, 0.05
"""[km], [deg] of altitude and inclination, likewise: at unlike heights satellites would drift apart."""
SHELL_GAP_KM, SHELL_GAP_DEG = 5.0, 0.1
"""[km], [deg] planes as near as this to each other in altitude and inclination can be of one shell."""
FULL_PLANE = 3
"""Satellites in its largest plane from which a group joins planes at another height."""


def find_shells(orbits: MeanOrbits) -> list[list[Group]]:
    """Planes of each shell, as groups of satellites, by ascending node.

    Planes are what is left when satellites are set apart at every gap in altitude, inclination or node.
    Planes alike in altitude and inclination form a shell. The planes of one shell may also fly at heights
    of their own, a few kilometres apart, as OneWeb's do; single strays must not bridge such steps. Of
    several planes at one node the largest stays in the shell.
    """
    planes = _set_apart(
        np.arange(len(orbits.node_deg)),
        (orbits.altitude_km, PLANE_GAP_KM, None),
        (orbits.inclination_deg, PLANE_GAP_DEG, None),
        (orbits.node_deg, NODE_GAP_DEG, 360.0),
    )
    height_km, tilt_deg = _medians(orbits.altitude_km, planes), _medians(orbits.inclination_deg, planes)
    levels = _set_apart(
        np.arange(len(planes)), (height_km, PLANE_GAP_KM, None), (tilt_deg, PLANE_GAP_DEG, None)
    )
    full = np.array([max(len(planes[plane]) for plane in level) >= FULL_PLANE for level in levels], np.bool_)
    joined = _set_apart(
        np.flatnonzero(full),
        (_medians(height_km, levels), SHELL_GAP_KM, None),
        (_medians(tilt_deg, levels), SHELL_GAP_DEG, None),
    )
    joined += [np.array([level]) for level in np.flatnonzero(~full)]
    shells = [np.sort(np.concatenate([levels[level] for level in shell])) for shell in joined]
    return [_one_per_node([planes[plane] for plane in shell], orbits) for shell in shells]


def _medians(values: NDArray[np.float64], groups: list[Group]) -> NDArray[np.float64]:
    return np.array([np.median(values[group]) for group in groups])


def _set_apart(members: Group, *axes: Axis) -> list[Group]:
    """Split members wherever one of the axes has a gap, until none has; by first member."""
    pending, whole = [members] if len(members) else [], []
    while pending:
        group = pending.pop()
        for values, least_gap, period in axes:
            parts = gap_groups(values[group], least_gap, period)
            if parts.any():
                pending += [group[parts == part] for part in np.unique(parts)]
                break
        else:
            whole.append(group)
    return sorted(whole, key=lambda group: int(group[0]))


def _one_per_node(planes: list[Group], orbits: MeanOrbits) -> list[Group]:
    kept: list[tuple[float, Group]] = []
    for plane in sorted(planes, key=len, reverse=True):
        node_deg = circular_mean(orbits.node_deg[plane])
        if all(abs(wrapped(node_deg - other)) > NODE_GAP_DEG for other, _ in kept):
            kept.append((node_deg, plane))
    return [plane for _, plane in sorted(kept, key=lambda pair: pair[0])]
