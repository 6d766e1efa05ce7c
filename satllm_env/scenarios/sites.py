"""Where and when a request happens: moment, station, source, and the satellites within reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from satllm_env.errors import InputError
from satllm_env.network import Disruptions, Snapshot, hops_from, latency_graph
from satllm_env.scenarios.form import ScenarioForm, draw
from satllm_env.scenarios.networks import build_network, draw_disruptions

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
    sunlit: NDArray[np.bool_]
    """(S,) as the scenario's power says; all where it says nothing."""

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
        self.network = build_network(form, source)
        try:  # what is out of range is told now
            draw_disruptions(form, np.random.default_rng(0), len(self.network.constellation))
        except InputError as error:
            raise InputError(source, "failures", str(error)) from None

    def sample(self, rng: np.random.Generator) -> Site:
        """Draw moments until one has a contact and a source at the drawn distance from it.

        Raises:
            InputError: none of very many moments has.
        """
        contacts_seen = False
        for _ in range(ATTEMPTS):
            moment_s = float(rng.uniform(0.0, self._form.orbits.window_s))
            disruptions = draw_disruptions(self._form, rng, len(self.network.constellation))
            snapshot = disruptions.apply(self.network, self.network.snapshot(moment_s))
            stations = _in_contact(snapshot)
            if not len(stations):
                continue
            contacts_seen = True
            site = self._draw(rng, snapshot, disruptions, stations)
            if site is not None:
                return site
        if contacts_seen:
            problem = f"no satellite is that far from a downlink at any of {ATTEMPTS} moments"
            raise InputError(self._source_name, "requests.hops_from_downlink", problem)
        raise InputError(self._source_name, "downlink", f"no contact at any of {ATTEMPTS} moments")

    def at(self, rng: np.random.Generator, snapshot: Snapshot, disruptions: Disruptions) -> Site | None:
        """Draw a station and a source at one moment; None where it has no contact, or no such source.

        Args:
            rng: draws them.
            snapshot: the moment, disrupted.
            disruptions: what disrupts it.
        """
        stations = _in_contact(snapshot)
        return self._draw(rng, snapshot, disruptions, stations) if len(stations) else None

    def _draw(
        self,
        rng: np.random.Generator,
        snapshot: Snapshot,
        disruptions: Disruptions,
        stations: NDArray[np.int64],
    ) -> Site | None:
        gid = int(rng.choice(stations))
        hops = int(draw(rng, self._form.requests.hops_from_downlink))
        return self._place(rng, snapshot, disruptions, gid, hops)

    def _place(
        self, rng: np.random.Generator, snapshot: Snapshot, disruptions: Disruptions, gid: int, hops: int
    ) -> Site | None:
        graph, ground = latency_graph(snapshot), snapshot.ground
        seen = ground.sat[ground.usable & (ground.gid == gid)]
        sources = np.flatnonzero(hops_from(graph, seen) == hops)
        if not len(sources):
            return None
        source = int(rng.choice(sources))
        reached = hops_from(graph, source)
        nearest = seen[reached[seen] == hops]
        sunlit = disruptions.sunlit(self.network, snapshot)
        return Site(snapshot, gid, source, int(rng.choice(nearest)), reached, graph, sunlit)


def _in_contact(snapshot: Snapshot) -> NDArray[np.int64]:
    """Stations with a downlink, ascending."""
    return np.unique(snapshot.ground.gid[snapshot.ground.usable])


def shortest_way(site: Site) -> list[int]:
    """Satellites from the source to its downlink by fewest hops, the lowest number where several tie."""
    to_downlink = hops_from(site.graph, site.downlink)
    way = [site.source]
    while way[-1] != site.downlink:
        nearer = (n for n in site.neighbours(way[-1]) if to_downlink[n] == to_downlink[way[-1]] - 1)
        way.append(min(nearer))
    return way
