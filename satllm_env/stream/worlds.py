"""What a stream's requests come to: one fixed problem again and again, or a constellation in service."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from satllm_env.network import PowerSystem
from satllm_env.problem import Instance, Problem, load_problem
from satllm_env.problem.instance import Floats
from satllm_env.problem.plan import Stage
from satllm_env.scenarios import Sample, Scenario, load_scenario
from satllm_env.scenarios.service import Posed, Service
from satllm_env.stream.batteries import Batteries
from satllm_env.stream.calendar import Outages
from satllm_env.stream.servers import Admission, Server


class Era(Protocol):
    """A world over the time of one stream."""

    @property
    def foreseeable(self) -> bool:
        """Whether its requests are the same whatever is planned for those before."""

    def request(self, t_s: float, rng: np.random.Generator) -> Posed | None:
        """The request that arrives at [s]; None where it could not be served then."""

    def outages_of(self, server: Server) -> Outages | None:
        """When a server fails, None if never."""

    def draw(self, posed: Posed, admission: Admission) -> float | None:
        """Book the energy of an admitted request: [J], None where nothing is known of it."""

    def charge(self, posed: Posed) -> Floats:
        """(N,) [1] charge of each node's battery, 1 where it has none."""


class World(Protocol):
    """Gives eras whose instances fit a number of slots and levels."""

    num_slots: int
    num_levels: int

    def begin(self, rng: np.random.Generator) -> Era:
        """Draw what stays the same over a stream."""


class FixedWorld:
    """One problem, whose links never change.

    Args:
        problem: the checked problem.
    """

    foreseeable = True

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        instance = Instance.from_problem(problem)
        self.num_slots, self.num_levels = instance.num_slots, instance.tables.num_levels
        nodes = instance.tables.num_nodes
        self._posed = Posed(
            Sample(instance), np.zeros(nodes), np.ones(nodes, np.bool_), np.full(nodes, -1, np.int64)
        )

    def begin(self, rng: np.random.Generator) -> FixedWorld:
        """The problem; nothing is drawn."""
        return self

    def request(self, t_s: float, rng: np.random.Generator) -> Posed:
        """The problem, at any time."""
        return self._posed

    def outages_of(self, server: Server) -> None:
        """Nothing fails."""

    def draw(self, posed: Posed, admission: Admission) -> None:
        """Problem files say nothing of power."""

    def charge(self, posed: Posed) -> Floats:
        """(N,) ones: there are no batteries."""
        return np.ones(len(posed.power_w))


class OrbitWorld:
    """A scenario's constellation.

    Args:
        scenario: what requests are drawn from.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.num_slots, self.num_levels = scenario.num_slots, scenario.num_levels

    def begin(self, rng: np.random.Generator) -> OrbitEra:
        """Draw the moment of time 0, what satellites are like and what fails."""
        return OrbitEra(Service(self.scenario, rng))


class OrbitEra:
    """A constellation in service, with the batteries that requests draw on.

    Args:
        service: the constellation.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        power, satellites = service.power, len(service.constellation)
        self.batteries: Batteries | None = None
        if power is not None and power.battery is not None:
            system = PowerSystem(**power.battery.model_dump())
            self.batteries = Batteries(system, satellites, service.illumination)

    @property
    def foreseeable(self) -> bool:
        """Whether no battery hangs on what was planned."""
        return self.batteries is None

    def request(self, t_s: float, rng: np.random.Generator) -> Posed | None:
        """The request that arrives at [s], on the constellation as it is then."""
        return self.service.request(t_s, rng, self._charged(t_s))

    def outages_of(self, server: Server) -> Outages | None:
        """When a link fails or its terminals acquire each other; processors do not fail."""
        if len(server) == 1:
            return None
        source, target = server
        return partial(self.service.outages_s, source, target)

    def draw(self, posed: Posed, admission: Admission) -> float:
        """[J] that satellites' processors take, and their transmitters to the ground if it is known."""
        energy_j, instance = 0.0, posed.sample.instance
        for occupation in admission.occupations:
            resource = occupation.resource
            if isinstance(resource, Stage):
                node, power_w = resource.node, float(posed.power_w[resource.node])
            elif instance.is_downlink[resource.link] and self.batteries is not None:
                node = int(instance.tables.link_source[resource.link])
                power_w = self.batteries.system.downlink_w
            else:
                continue
            energy_j += power_w * sum(end - start for start, end in occupation.spans)
            if self.batteries is not None and power_w > 0:
                self.batteries.draw(int(posed.numbers[node]), occupation.spans, power_w)
        return energy_j

    def charge(self, posed: Posed) -> Floats:
        """(N,) [1] charge of each node's battery, 1 on the ground and where there are none."""
        if self.batteries is None:
            return np.ones(len(posed.numbers))
        charge = self.batteries.charge
        return np.where(posed.numbers < 0, 1.0, charge[posed.numbers])

    def _charged(self, t_s: float) -> NDArray[np.bool_]:
        if self.batteries is None:
            return np.ones(len(self.service.constellation), np.bool_)
        self.batteries.advance(t_s, self.service.terminals(t_s))
        return self.batteries.allow_full


def world_of(scenario: str | Path | Scenario, problem: str | Path | Problem | None) -> World:
    """The world that an environment's or a command's arguments ask for; a problem goes before the scenario.

    Raises:
        InputError: a file cannot be read or breaks its form.
    """
    if problem is not None:
        return FixedWorld(problem if isinstance(problem, Problem) else load_problem(problem))
    return OrbitWorld(scenario if isinstance(scenario, Scenario) else load_scenario(scenario))
