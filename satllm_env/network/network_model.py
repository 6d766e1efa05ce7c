"""A constellation with its links, stations and budgets, which gives snapshots."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satllm_env.errors import InputError
from satllm_env.network.budget import DownlinkBudget, IslBudget, station_rates_bps
from satllm_env.network.checks import check_number
from satllm_env.network.constants import SPEED_OF_LIGHT_M_S
from satllm_env.network.epochs import DEFAULT_EPOCH
from satllm_env.network.kaband import KaBandDownlink
from satllm_env.network.laser import LaserBudget
from satllm_env.network.orbits import Constellation, Ephemeris, walker_constellation
from satllm_env.network.snapshot import GroundTable, IslTable, Snapshot
from satllm_env.network.stations import Station
from satllm_env.network.topology import Topology, TopologyRule, plus_grid
from satllm_env.network.visibility import Sites, above_horizon, line_of_sight, look, sites_of
from satllm_env.network.walker import Walker

BATCH_POSITIONS = 200_000
"""Satellites times times that are worked on at once; keeps long runs within tens of megabytes."""
DEFAULT_MIN_ELEVATION_DEG = 10.0


@dataclass(frozen=True, eq=False)
class NetworkModel:
    """Everything that does not change with time; build once, ask for snapshots often.

    Args:
        constellation: S satellites.
        links: which satellites are linked: a fixed `Topology`, or a rule that says so for each moment.
        stations: G ground stations, numbered from 0 as `gid`.
        isl_budget: rate of an inter-satellite link.
        downlink_budget: rate of a downlink, to every station or, as a tuple, to each, by gid.
        min_elevation_deg: [deg] a station sees satellites from here up, 0 to 90.

    Raises:
        InputError: a topology of another number of satellites, downlink budgets of another number of
            stations, or an elevation out of range.
    """

    constellation: Constellation
    links: TopologyRule
    stations: tuple[Station, ...] = ()
    isl_budget: IslBudget = field(default_factory=LaserBudget)
    downlink_budget: DownlinkBudget | tuple[DownlinkBudget, ...] = field(default_factory=KaBandDownlink)
    min_elevation_deg: float = DEFAULT_MIN_ELEVATION_DEG

    def __post_init__(self) -> None:
        """Check the values."""
        check_number("network", "min_elevation_deg", self.min_elevation_deg, 0, 90, " deg")
        if isinstance(self.links, Topology):
            self._check_topology(self.links)
        if isinstance(self.downlink_budget, tuple) and len(self.downlink_budget) != len(self.stations):
            raise InputError(
                "network",
                "downlink_budget",
                f"has {len(self.downlink_budget)} budgets, there are {len(self.stations)} stations",
            )

    @property
    def topology(self) -> Topology:
        """The links, where they are the same at all times.

        Raises:
            InputError: they change with time; each snapshot has its own then.
        """
        if not isinstance(self.links, Topology):
            raise InputError("network", "topology", "changes with time: take each snapshot's own")
        return self.links

    def snapshot(self, t_s: float) -> Snapshot:
        """The network at [s] after the epoch.

        Raises:
            InputError: a time that is not finite, or SGP4 cannot propagate a satellite.
        """
        return self.snapshots([t_s])[0]

    def snapshots(self, times_s: ArrayLike) -> list[Snapshot]:
        """The network at each time, in the order given, computed together.

        Args:
            times_s: [s] after the epoch, shape (T,).

        Raises:
            InputError: a time that is not finite, or SGP4 cannot propagate a satellite.
        """
        times = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
        size = max(1, BATCH_POSITIONS // max(1, len(self.constellation)))
        starts = range(0, len(times), size)
        return [shot for start in starts for shot in self._batch(times[start : start + size])]

    def _batch(self, times_s: NDArray[np.float64]) -> list[Snapshot]:
        ephemeris = self.constellation.propagate(times_s)
        topologies = self._topologies(ephemeris)
        links, contacts = self._isl_tables(topologies, ephemeris), self._ground_tables(ephemeris)
        return [
            Snapshot(
                t_s, ephemeris.teme_km[:, i], ephemeris.itrs_km[:, i], links[i], contacts[i], topologies[i]
            )
            for i, t_s in enumerate(ephemeris.times_s.tolist())
        ]

    def _topologies(self, ephemeris: Ephemeris) -> list[Topology]:
        found = [self.links.at(ephemeris.teme_km[:, i]) for i in range(len(ephemeris.times_s))]
        for topology in found:
            self._check_topology(topology)
        return found

    def _check_topology(self, topology: Topology) -> None:
        if topology.satellites != len(self.constellation):
            raise InputError(
                "network",
                "topology",
                f"is for {topology.satellites} satellites, there are {len(self.constellation)}",
            )

    def _isl_tables(self, topologies: list[Topology], ephemeris: Ephemeris) -> list[IslTable]:
        """Tables of all times, those of successive times with one topology computed together."""
        tables: list[IslTable] = []
        for _, times in itertools.groupby(range(len(topologies)), lambda i: id(topologies[i])):
            when = list(times)
            tables += self._isl_tables_of(topologies[when[0]], ephemeris.teme_km[:, when[0] : when[-1] + 1])
        return tables

    def _isl_tables_of(self, topology: Topology, teme_km: NDArray[np.float64]) -> list[IslTable]:
        """Tables of T times with the same links, from positions [km] of shape (S, T, 3)."""
        a, b = topology.pairs.T
        a_km, b_km = teme_km[a], teme_km[b]  # (K, T, 3)
        length_m = 1000.0 * np.linalg.norm(b_km - a_km, axis=-1).T  # (T, K)
        clear = line_of_sight(a_km, b_km).T
        rate_bps = np.zeros_like(length_m)
        rate_bps[clear] = self.isl_budget.rate_bps(length_m[clear])
        latency_s = length_m / SPEED_OF_LIGHT_M_S
        return [IslTable(a, b, *row) for row in zip(length_m, clear, rate_bps, latency_s, strict=True)]

    def _ground_tables(self, ephemeris: Ephemeris) -> list[GroundTable]:
        moment, gid, sat = np.nonzero(above_horizon(self._sites, ephemeris.itrs_km))
        elevation_deg, range_m = look(
            self._sites.up[gid], self._sites.itrs_km[gid], ephemeris.itrs_km[sat, moment]
        )
        visible = elevation_deg >= self.min_elevation_deg
        rate_bps = np.zeros_like(range_m)
        rate_bps[visible] = self.downlink_bps(gid[visible], range_m[visible], elevation_deg[visible])
        table = GroundTable(gid, sat, range_m, elevation_deg, visible, rate_bps, range_m / SPEED_OF_LIGHT_M_S)
        ends = np.searchsorted(moment, np.arange(len(ephemeris.times_s) + 1)).tolist()
        return [table.rows(start, end) for start, end in itertools.pairwise(ends)]

    def downlink_bps(
        self, gid: NDArray[np.int64], range_m: NDArray[np.float64], elevation_deg: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """[bit/s] of downlinks to stations, from [m] and [deg], all shapes (R,), whether visible or not."""
        if isinstance(self.downlink_budget, tuple):
            return station_rates_bps(self.downlink_budget, gid, range_m, elevation_deg)
        return self.downlink_budget.rate_bps(range_m, elevation_deg)

    @cached_property
    def _sites(self) -> Sites:
        return sites_of(self.stations)


def walker_network(
    walker: Walker,
    epoch: datetime = DEFAULT_EPOCH,
    *,
    topology: TopologyRule | None = None,
    stations: Sequence[Station] = (),
    isl_budget: IslBudget | None = None,
    downlink_budget: DownlinkBudget | tuple[DownlinkBudget, ...] | None = None,
    min_elevation_deg: float = DEFAULT_MIN_ELEVATION_DEG,
) -> NetworkModel:
    """A network over a Walker constellation.

    Args:
        walker: the constellation, in its nominal geometry at `epoch`.
        epoch: UTC.
        topology: which satellites are linked; +Grid (a ring when there is one plane) if None.
        stations: ground stations.
        isl_budget: `LaserBudget` with its defaults if None.
        downlink_budget: to every station or, as a tuple, to each; `KaBandDownlink` with its defaults if None.
        min_elevation_deg: [deg] 0 to 90.

    Raises:
        InputError: as `NetworkModel`.
    """
    return NetworkModel(
        constellation=walker_constellation(walker, epoch),
        links=plus_grid(walker) if topology is None else topology,
        stations=tuple(stations),
        isl_budget=isl_budget or LaserBudget(),
        downlink_budget=KaBandDownlink() if downlink_budget is None else downlink_budget,
        min_elevation_deg=min_elevation_deg,
    )
