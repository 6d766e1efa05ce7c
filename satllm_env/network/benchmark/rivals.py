"""Other codes at the same work, in the same run."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

import numpy as np
from scipy.sparse.csgraph import dijkstra
from skyfield.api import EarthSatellite, load

from satllm_env.errors import InputError
from satllm_env.network.benchmark.cases import STARLINK_SHELL_1, STATIONS, network
from satllm_env.network.benchmark.measure import STEP_S, durations_s
from satllm_env.network.paths import latency_graph

PUBLISHED_STEP_S = 18.0
"""[s] of one step of 1,584 satellites in the known Python simulators: it is spent on shortest paths
between all pairs (satgenpy's Floyd–Warshall; `satgenpy_step` measures it here)."""

_SATGENPY_STEP = Path(__file__).with_name("satgenpy_step.py")


@dataclass(frozen=True)
class Rival:
    """Another code's time for a moment's work, and ours for the same."""

    name: str
    work: str
    theirs_s: float
    ours_s: float
    target: float | None = None
    """[1] the ratio wished for."""

    @property
    def ratio(self) -> float:
        """How many times as long it takes them."""
        return self.theirs_s / self.ours_s


def skyfield_positions(repeats: int, satellites: int = 50) -> Rival:
    """Positions by skyfield, one satellite after the other, as its tutorials do.

    Args:
        repeats: moments.
        satellites: how many skyfield does; its time is scaled up to the constellation.
    """
    constellation = network(STARLINK_SHELL_1).constellation
    scale = load.timescale(builtin=True)
    bodies = [EarthSatellite.from_satrec(s, scale) for s in constellation.elements.satrecs()[:satellites]]

    def scalar(t_s: float) -> object:
        moment = scale.from_datetime(constellation.epoch + timedelta(seconds=t_s))
        return [body.at(moment).position.km for body in bodies]

    theirs_s = median(durations_s(scalar, repeats)) * len(constellation) / satellites
    ours_s = median(durations_s(constellation.propagate, repeats))
    return Rival("skyfield, one by one", "positions of 1,584 satellites", theirs_s, ours_s)


def static_step(repeats: int) -> Rival:
    """One step as published of the known simulators, and our snapshot with the paths a plan needs."""
    model = network(STARLINK_SHELL_1)

    def ours(t_s: float) -> object:
        return dijkstra(latency_graph(model.snapshot(t_s)), indices=0)

    ours_s = median(durations_s(ours, repeats))
    work = "a step of 1,584 satellites: theirs as published, with all pairs; ours with one source"
    return Rival("known Python simulators", work, PUBLISHED_STEP_S, ours_s, 1000.0)


def satgenpy_step(python: Path, repeats: int) -> list[Rival]:
    """The same step by satgenpy (Hypatia; Kassing et al., IMC 2020), in a process of its own.

    Like for like, both find the distance and the next hop from every satellite to every station, which
    satgenpy does by Floyd–Warshall over all pairs and we by Dijkstra from each station. Its step writes
    its two small text files, ours computes the budgets instead.

    Args:
        python: an interpreter that has satgenpy.
        repeats: moments of ours; satgenpy does three.

    Raises:
        InputError: the interpreter cannot be run or lacks satgenpy.
    """
    theirs = _run(python)
    model = network(STARLINK_SHELL_1)
    stations = len(model.constellation) + np.arange(STATIONS)

    def step(t_s: float) -> object:
        graph = latency_graph(model.snapshot(t_s), STATIONS)
        return dijkstra(graph.T.tocsr(), indices=stations, return_predecessors=True)

    geometry_s = median(durations_s(model.snapshot, repeats))
    return [
        Rival("satgenpy", "lengths of all links", theirs["geometry_s"], geometry_s),
        Rival(
            "satgenpy", "and next hops to ten stations", theirs["step_s"], median(durations_s(step, repeats))
        ),
    ]


def _run(python: Path) -> dict[str, float]:
    walker = STARLINK_SHELL_1
    shape = [str(walker.planes), str(walker.per_plane), str(STATIONS), str(STEP_S)]
    try:
        done = subprocess.run(
            [str(python), str(_SATGENPY_STEP), *shape], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise InputError(str(python), "", f"cannot be run: {error.strerror or error}") from None
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
        raise InputError(str(python), "", f"cannot run satgenpy: {reason}")
    answer: dict[str, float] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return answer
