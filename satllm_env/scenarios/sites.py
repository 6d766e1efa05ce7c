"""Where and when a request happens: moment, station, source, and the satellites within reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from satllm_env.errors import InputError
from satllm_env.network import (
    FixedRate,
    KaBandDownlink,
    LaserBudget,
    NetworkModel,
    Snapshot,
    Station,
    Walker,
    default_stations,
    hops_from,
    latency_graph,
    plus_grid,
    ring,
    walker_network,
)
from satllm_env.scenarios.form import Downlink, ScenarioForm, draw

ATTEMPTS = 10_000
"""Moments drawn before a scenario is taken to have no contacts."""


@dataclass(frozen=True, eq=False)
class Site:
    """A moment with a station in view and a source at the wished distance from it."""

    snapshot: Snapshot
    gid: int
    source: int
    downlink: int
    """The satellite with a downlink that is nearest to the source."""
    hops: NDArray[np.int64]
    """(S,) ISL hops from the source, −1 out of reach."""
    graph: csr_array
    """(S, S) usable inter-satellite links."""

    def neighbours(self, satellite: int) -> list[int]:
        """Satellites at the other ends of a satellite's usable links, ascending."""
        start, end = self.graph.indptr[satellite : satellite + 2]
        return sorted(self.graph.indices[start:end].tolist())


class SiteSampler:
    """Draws sites of a scenario's constellation.

    Args:
        form: the scenario.
        source: the scenario's file, to name in errors.

    Raises:
        InputError: the constellation or a station name is wrong.
    """

    def __init__(self, form: ScenarioForm, source: str) -> None:
        self._form, self._source_name = form, source
        self.stations = _stations(form.downlink, source)
        self.network = _network(form, self.stations, source)

    def sample(self, rng: np.random.Generator) -> Site:
        """Draw moments until one has a contact and a source at the drawn distance from it.

        Raises:
            InputError: none of very many moments has.
        """
        wanted, contacts_seen = self._form.requests.hops_from_downlink, False
        for _ in range(ATTEMPTS):
            snapshot = self.network.snapshot(float(rng.uniform(0.0, self._form.orbits.window_s)))
            contacts = snapshot.ground.usable
            stations = np.unique(snapshot.ground.gid[contacts])
            if not len(stations):
                continue
            contacts_seen = True
            gid = int(rng.choice(stations))
            site = self._place(rng, snapshot, gid, int(draw(rng, wanted)))
            if site is not None:
                return site
        if contacts_seen:
            problem = f"no satellite is that far from a downlink at any of {ATTEMPTS} moments"
            raise InputError(self._source_name, "requests.hops_from_downlink", problem)
        raise InputError(self._source_name, "downlink", f"no contact at any of {ATTEMPTS} moments")

    def _place(self, rng: np.random.Generator, snapshot: Snapshot, gid: int, hops: int) -> Site | None:
        graph, ground = latency_graph(snapshot), snapshot.ground
        seen = ground.sat[ground.usable & (ground.gid == gid)]
        sources = np.flatnonzero(hops_from(graph, seen) == hops)
        if not len(sources):
            return None
        source = int(rng.choice(sources))
        reached = hops_from(graph, source)
        nearest = seen[reached[seen] == hops]
        return Site(snapshot, gid, source, int(rng.choice(nearest)), reached, graph)


def _stations(form: Downlink, source: str) -> tuple[Station, ...]:
    known = {station.name: station for station in default_stations()}
    if form.stations == "all":
        return tuple(known.values())
    for index, name in enumerate(form.stations):
        if name not in known:
            problem = f"unknown station {name!r}; known are {', '.join(known)}"
            raise InputError(source, f"downlink.stations[{index}]", problem)
    return tuple(known[name] for name in form.stations)


def _network(form: ScenarioForm, stations: tuple[Station, ...], source: str) -> NetworkModel:
    orbits, downlink = form.orbits, form.downlink
    try:
        walker = Walker(
            orbits.altitude_km,
            orbits.inclination_deg,
            orbits.satellites,
            orbits.planes,
            orbits.phasing,
            orbits.pattern,
        )
        return walker_network(
            walker,
            orbits.epoch,
            topology=ring(walker) if orbits.topology == "ring" else plus_grid(walker),
            stations=stations,
            isl_budget=LaserBudget(cap_bps=form.isl.cap_bps, required_margin_db=form.isl.margin_db),
            # a rate that is drawn for each request takes the place of this one
            downlink_budget=KaBandDownlink() if downlink.rate_bps == "ka-band" else FixedRate(1.0),
            min_elevation_deg=downlink.min_elevation_deg,
        )
    except InputError as error:
        raise InputError(source, "orbits", str(error)) from None


def shortest_way(site: Site) -> list[int]:
    """Satellites from the source to its downlink by fewest hops, the lowest number where several tie."""
    to_downlink = hops_from(site.graph, site.downlink)
    way = [site.source]
    while way[-1] != site.downlink:
        nearer = (n for n in site.neighbours(way[-1]) if to_downlink[n] == to_downlink[way[-1]] - 1)
        way.append(min(nearer))
    return way
