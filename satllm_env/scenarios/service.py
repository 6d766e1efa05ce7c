"""A scenario in service: one constellation whose requests come one after the other as time goes by.

A draw of a scenario is one request at a moment of its own. In service the moment of the first request, what
every satellite is like, what fails, and the rate of downlinks are drawn once and then stay; links, shadow
and stations in view follow from the time of each request.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satllm_env.hardware.boards import board
from satllm_env.network import Constellation, Snapshot, illuminated_fraction, sun_position_km
from satllm_env.network.intervals import Intervals
from satllm_env.network.outages import downlink_ends
from satllm_env.problem.instance import Floats
from satllm_env.scenarios.form import Power, draw
from satllm_env.scenarios.networks import draw_disruptions, eclipse_rule
from satllm_env.scenarios.sample import Sample
from satllm_env.scenarios.scenario import Scenario, can_finish, draw_luck
from satllm_env.scenarios.sites import Site

TRIES = 20
"""Stations and sources drawn at a moment before a request is taken to have nowhere to go."""


@dataclass(frozen=True, eq=False)
class Posed:
    """A request in service, with what its nodes draw and how they stand."""

    sample: Sample
    power_w: Floats
    """(N,) [W] of each node's processor while it computes; 0 where nothing is known of it."""
    sunlit: NDArray[np.bool_]
    """(N,) whether each node's satellite is in the Sun by the scenario's rule; True for the ground."""
    numbers: NDArray[np.int64]
    """(N,) number of each node's satellite in the constellation, −1 for none."""


class Service:
    """One constellation over a span of time.

    Args:
        scenario: what requests are drawn from.
        rng: draws what stays the same while it is in service.
    """

    def __init__(self, scenario: Scenario, rng: np.random.Generator) -> None:
        self.scenario, form = scenario, scenario.form
        self.start_s = float(rng.uniform(0.0, form.orbits.window_s))
        """[s] after the epoch, of time 0."""
        self._network = scenario.sites.network
        satellites = len(self._network.constellation)
        self._disruptions = draw_disruptions(form, rng, satellites)
        self._luck = draw_luck(rng, satellites)
        rate = form.downlink.rate_bps
        self._downlink_bps = None if rate == "ka-band" else draw(rng, rate)
        self._last: Snapshot | None = None
        self._numbers = {name: n for n, name in enumerate(self._network.constellation.names)}
        self._gids = {station.name: gid for gid, station in enumerate(self._network.stations)}

    @property
    def constellation(self) -> Constellation:
        """Its S satellites."""
        return self._network.constellation

    @property
    def power(self) -> Power | None:
        """The scenario's power."""
        return self.scenario.form.power

    def snapshot(self, t_s: float) -> Snapshot:
        """The network at [s] from time 0, with what is down then taken away."""
        if self._last is None or self._last.t_s != self.start_s + t_s:
            moment = self._network.snapshot(self.start_s + t_s)
            self._last = self._disruptions.apply(self._network, moment)
        return self._last

    def terminals(self, t_s: float) -> NDArray[np.int64]:
        """(S,) laser links at work of each satellite at [s] from time 0."""
        isl = self.snapshot(t_s).isl
        ends = np.concatenate([isl.a[isl.usable], isl.b[isl.usable]])
        return np.bincount(ends, minlength=len(self.constellation))

    def request(self, t_s: float, rng: np.random.Generator, charged: NDArray[np.bool_]) -> Posed | None:
        """Draw the request of a moment.

        Args:
            t_s: [s] from time 0.
            rng: the request's own generator; what it draws does not hang on `charged`.
            charged: (S,) whether each battery allows full compute.

        Returns:
            None where nothing that arrives then could be served.

        Raises:
            InputError: a request drawn from the scenario is out of range.
        """
        snapshot = self.snapshot(t_s)
        for _ in range(TRIES):
            site = self.scenario.sites.at(rng, snapshot, self._disruptions)
            if site is None:
                continue
            posed = self._pose(rng, site, charged)
            if can_finish(posed.sample.instance):
                return posed
        return None

    def illumination(self, times_s: Floats) -> Floats:
        """(S, T) [1] share of the Sun's disk that each satellite sees at [s] from time 0."""
        moments_s = self.start_s + times_s
        shadow = "conical" if self.power is None else self.power.shadow
        ephemeris = self.constellation.propagate(moments_s)
        return illuminated_fraction(
            ephemeris.teme_km, sun_position_km(self.constellation.epoch, moments_s), shadow
        )

    def outages_s(self, source: str, target: str, start_s: float, end_s: float) -> Intervals:
        """(n, 2) [s] from time 0 in which a link fails or its terminals acquire each other again.

        Args:
            source: id of one end.
            target: id of the other end, a satellite's or a station's.
            start_s: [s] from time 0, of the window.
            end_s: [s] of the window; intervals that touch it are whole.
        """
        to_ground = target in self._gids
        fails = self._disruptions.downlink_outages if to_ground else self._disruptions.isl_outages
        if fails is None:
            return np.empty((0, 2))
        first = self._numbers[source]
        if to_ground:
            ends = downlink_ends(np.array([first]), np.array([self._gids[target]]))
        else:
            ends = np.array([[first, self._numbers[target]]])
        return fails.down_intervals(ends, self.start_s + start_s, self.start_s + end_s)[0] - self.start_s

    def _pose(self, rng: np.random.Generator, site: Site, charged: NDArray[np.bool_]) -> Posed:
        modes: dict[int, str] = {}
        full = site.sunlit & charged

        def modes_of(usual: dict[int, str]) -> dict[int, str]:
            modes.update(usual if self.power is None else _in_power(self.power, usual, full))
            return modes

        with self.scenario.naming_itself():
            request = self.scenario.requests.sample(rng)
            sample = self.scenario.build(rng, site, request, self._luck, modes_of, self._downlink_bps)
        numbers = np.array([self._numbers.get(node.id, -1) for node in sample.problem.nodes])
        return Posed(
            sample=sample,
            power_w=np.array([board(modes[n]).power_w if n in modes else 0.0 for n in numbers.tolist()]),
            sunlit=np.where(numbers < 0, True, site.sunlit[numbers]),
            numbers=numbers,
        )


def _in_power(power: Power, usual: dict[int, str], full: NDArray[np.bool_]) -> dict[int, str]:
    """The mode of each satellite, from its usual board and whether it may compute in full."""
    rule = eclipse_rule(power)
    return {n: rule.mode(name, bool(full[n])) for n, name in usual.items()}
