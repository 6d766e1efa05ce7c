"""What is timed: one moment of a constellation, from positions alone to paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from satllm_env.network.network_model import NetworkModel, walker_network
from satllm_env.network.paths import latency_graph, shortest_paths
from satllm_env.network.stations import default_stations
from satllm_env.network.walker import Walker

STARLINK_SHELL_1 = Walker(550, 53, 1584, 72, 39)
TEN_THOUSAND = Walker(550, 53, 10_000, 100, 1)
STATIONS = 10
MIN_ELEVATION_DEG = 25.0

Step = Callable[[float], object]
"""Work for the moment [s] after the epoch."""


@dataclass(frozen=True)
class Case:
    """Something that is done once per moment."""

    name: str
    about: str
    walker: Walker
    prepare: Callable[[NetworkModel], Step]
    target_s: float | None = None
    """[s] that it should take at most, None where nothing is promised."""

    def step(self) -> Step:
        """The work, made ready: what does not change with time is built."""
        return self.prepare(network(self.walker))


def network(walker: Walker) -> NetworkModel:
    """A constellation in +Grid with the laser and Ka-band budgets and ten stations."""
    return walker_network(walker, stations=default_stations()[:STATIONS], min_elevation_deg=MIN_ELEVATION_DEG)


def _positions(model: NetworkModel) -> Step:
    return model.constellation.propagate


def _snapshot(model: NetworkModel) -> Step:
    return model.snapshot


def _paths(model: NetworkModel) -> Step:
    return lambda t_s: shortest_paths(latency_graph(model.snapshot(t_s), STATIONS), 0)


CASES = (
    Case("positions", "SGP4, TEME and ITRS", STARLINK_SHELL_1, _positions, 1e-3),
    Case("snapshot", "positions, +Grid and ten stations with budgets", STARLINK_SHELL_1, _snapshot, 5e-3),
    Case("snapshot and paths", "and least latency from one satellite", STARLINK_SHELL_1, _paths),
    Case("positions, 10,000", "as above", TEN_THOUSAND, _positions),
    Case("snapshot, 10,000", "as above", TEN_THOUSAND, _snapshot, 40e-3),
    Case("snapshot and paths, 10,000", "as above", TEN_THOUSAND, _paths),
)
