"""When the links of a snapshot last came into view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.constants import LINK_ALTITUDE_FLOOR_KM
from satllm_env.network.network_model import NetworkModel
from satllm_env.network.orbits import Ephemeris
from satllm_env.network.snapshot import Snapshot
from satllm_env.network.topology import Topology
from satllm_env.network.visibility import chord_altitude_km, look, sites_of

STEP_S = 20.0
"""[s] between the times looked at; what begins and ends between two of them is missed."""


@dataclass(frozen=True, eq=False)
class Lookback:
    """The time before a snapshot, searched for the moments at which its links came into view.

    Sight is looked at on multiples of `STEP_S`, whatever the snapshot's time, and a crossing found on the
    cubic through four of them, within some 0.02 s. For the links of one snapshot that is several times
    faster than `link_windows`, which finds all windows of a span.

    Args:
        model: the network that gave the snapshot.
        snapshot: the network at one moment.
        lookback_s: [s] at least this far back.
    """

    model: NetworkModel
    snapshot: Snapshot
    lookback_s: float

    def isl_rises_s(self) -> NDArray[np.float64]:
        """When each link last came into view, or was last chosen where the topology changes with time.

        A choice is known to the step only, and taken to be in its middle.

        Returns:
            [s] for the rows of the link table, shape (K,): −inf for those in view all the time, and for
            those not in view.

        Raises:
            InputError: SGP4 cannot propagate a satellite.
        """
        isl, ephemeris = self.snapshot.isl, self._ephemeris
        altitude_km = chord_altitude_km(ephemeris.teme_km[isl.a], ephemeris.teme_km[isl.b])
        rises_s = self._crossings_s(altitude_km - LINK_ALTITUDE_FLOOR_KM, isl.line_of_sight)
        if isinstance(self.model.links, Topology):
            return rises_s
        return np.where(isl.line_of_sight, np.maximum(rises_s, self._choices_s()), -np.inf)

    def ground_rises_s(self) -> NDArray[np.float64]:
        """When each contact last rose to the least elevation.

        Returns:
            [s] for the rows of the ground table, shape (R,), as `isl_rises_s`.

        Raises:
            InputError: SGP4 cannot propagate a satellite.
        """
        ground, sites = self.snapshot.ground, sites_of(self.model.stations)
        up, site_km = sites.up[ground.gid][:, None], sites.itrs_km[ground.gid][:, None]
        elevation_deg, _ = look(up, site_km, self._ephemeris.itrs_km[ground.sat])
        return self._crossings_s(elevation_deg - self.model.min_elevation_deg, ground.visible)

    @cached_property
    def _ephemeris(self) -> Ephemeris:
        """One time more than needed before, and two after the present, for the cubic."""
        t_s = self.snapshot.t_s
        first, now = np.floor((t_s - self.lookback_s) / STEP_S), np.floor(t_s / STEP_S)
        return self.model.constellation.propagate(STEP_S * np.arange(first - 1, now + 3))

    def _crossings_s(self, margin: NDArray[np.float64], in_view: NDArray[np.bool_]) -> NDArray[np.float64]:
        """[s] of the last rise through 0 of each row that is in view at the present, shape (R,).

        Args:
            margin: 0 and more in view, at the times of the ephemeris, shape (R, N).
            in_view: at the present, shape (R,).
        """
        rises_s = np.full(len(margin), -np.inf)
        rows = np.flatnonzero(in_view & (margin[:, 1:-2] < 0).any(axis=1))
        cell = _last(margin[rows, 1:-2] < 0) + 1
        near = np.take_along_axis(margin[rows], cell[:, None] + np.arange(-1, 3), axis=1)
        crossings_s = self._ephemeris.times_s[cell] + STEP_S * _root(near)
        # what rises and sets within one step may have no crossing on the cubic: it has only just risen
        rises_s[rows] = np.minimum(crossings_s, self.snapshot.t_s)
        return rises_s

    def _choices_s(self) -> NDArray[np.float64]:
        """[s] when the topology last chose each link, −inf where it did not change, shape (K,)."""
        satellites = len(self.model.constellation)
        own = _numbers(self.snapshot.topology, satellites)
        teme_km = self._ephemeris.teme_km[:, 1:-2]
        missing = np.column_stack(
            [
                ~np.isin(own, _numbers(self.model.links.at(teme_km[:, i]), satellites))
                for i in range(teme_km.shape[1])
            ]
        )
        middle_s = self._ephemeris.times_s[_last(missing) + 1] + STEP_S / 2
        return np.where(missing.any(axis=1), np.minimum(middle_s, self.snapshot.t_s), -np.inf)


def _last(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Column of each row's last true flag, shape (R,)."""
    last: NDArray[np.int64] = flags.shape[1] - 1 - np.argmax(flags[:, ::-1], axis=1)
    return last


def _numbers(topology: Topology, satellites: int) -> NDArray[np.int64]:
    """A number for each link, whichever end comes first, shape (K,)."""
    low, high = np.sort(topology.pairs, axis=1).T
    numbers: NDArray[np.int64] = low * satellites + high
    return numbers


def _root(near: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where in [0, 1] the cubics through values at −1, 0, 1 and 2 rise through 0, by bisection, or 1."""
    first, second, third = (np.diff(near, order, axis=1)[:, 0] for order in (1, 2, 3))
    low, high = np.zeros(len(near)), np.ones(len(near))
    for _ in range(40):
        middle = (low + high) / 2
        s = middle + 1  # Newton's forward differences count from the first value
        value = near[:, 0] + s * (first + (s - 1) / 2 * (second + (s - 2) / 3 * third))
        low, high = np.where(value < 0, middle, low), np.where(value < 0, high, middle)
    return high
