"""+Grid over recovered planes: neighbours in the plane, and in the planes beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.circle import wrapped
from satllm_env.network.planes import Planes, Shell, adjacent
from satllm_env.network.slots import OFF_STATION
from satllm_env.network.topology import NONE, Topology, from_slots

FORE, AFT, LEFT, RIGHT = range(4)
LEAN = 0.05
"""Share of the satellites' spacing by which a neighbour ahead is preferred to one behind, so that planes
staggered by half a slot, as in Walker Stars, are not linked now this way and now that."""


def plane_grid(planes: Planes) -> Topology:
    """+Grid of the satellites that keep their station, with slots fore, aft, left and right.

    In its plane each satellite is linked to the next one on station, ahead and behind, however far that
    is: where slots are empty the line of sight decides, snapshot by snapshot. Across, planes that are next
    to each other and turn the same way are linked (`adjacent`), each satellite to the one that is nearest
    to it on average over an orbit, where each is the other's nearest; so each is used at most once on
    either side. Spares and satellites off station have no links.

    The links are fixed, as planes at one height keep their places to each other. Planes at heights of
    their own do not: OneWeb's neighbours, up to 24 km apart, drift by 22° a day. Such a grid holds for
    hours; recover the planes at a later epoch for the next.
    """
    neighbours = np.full((len(planes.plane), 4), NONE, dtype=np.int64)
    for shell in planes.shells:
        members = [_along(planes, plane) for plane in shell.planes]
        for along in members:
            _link_in_plane(neighbours, along)
        for west, east in adjacent(planes.node_deg[shell.planes], shell.inclination_deg):
            step_deg = planes.node_deg[shell.planes[east]] - planes.node_deg[shell.planes[west]]
            _link_across(neighbours, planes, shell, (members[west], members[east]), float(step_deg))
    return from_slots(neighbours)


def _along(planes: Planes, plane: int) -> NDArray[np.int64]:
    """Satellites on station in a plane, in their order along it."""
    members = np.flatnonzero((planes.plane == plane) & (planes.slot != OFF_STATION))
    return members[np.argsort(planes.phase_deg[members], kind="stable")]


def _link_in_plane(neighbours: NDArray[np.int64], along: NDArray[np.int64]) -> None:
    if len(along) > 1:
        neighbours[along, FORE] = np.roll(along, -1)
    if len(along) > 2:
        neighbours[along, AFT] = np.roll(along, 1)


def _link_across(
    neighbours: NDArray[np.int64],
    planes: Planes,
    shell: Shell,
    sides: tuple[NDArray[np.int64], NDArray[np.int64]],
    step_deg: float,
) -> None:
    west, east = sides
    if not (len(west) and len(east)):
        return
    lead_deg = _nearest_lead_deg(step_deg, shell.inclination_deg)
    lead_deg += LEAN * 360.0 / (shell.slots or max(map(len, sides)))
    ahead_deg = planes.phase_deg[east][None, :] - planes.phase_deg[west][:, None]
    distance = np.abs(wrapped(ahead_deg - lead_deg))
    chosen, back = distance.argmin(axis=1), distance.argmin(axis=0)
    mutual = back[chosen] == np.arange(len(west))
    neighbours[west[mutual], RIGHT] = east[chosen[mutual]]
    neighbours[east[chosen[mutual]], LEFT] = west[mutual]


def _nearest_lead_deg(step_deg: float, inclination_deg: float) -> float:
    """[deg] phase by which the nearest satellite of the plane to the east leads, on average over an orbit.

    For circular orbits of one radius and inclination i, with nodes Δ apart and the eastern satellite δ
    ahead, the mean of the two unit vectors' product over an orbit is
    ``½ (cos δ (cos Δ (1 + cos² i) + sin² i) − 2 sin δ sin Δ cos i)``, largest at
    ``δ = atan2(−2 sin Δ cos i, cos Δ (1 + cos² i) + sin² i)``: about −Δ cos i for planes close together.
    """
    step, tilt = np.radians(step_deg), np.radians(inclination_deg)
    across = -2 * np.sin(step) * np.cos(tilt)
    along = np.cos(step) * (1 + np.cos(tilt) ** 2) + np.sin(tilt) ** 2
    return float(np.degrees(np.arctan2(across, along)))
