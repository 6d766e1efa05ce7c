"""Measures one family in this process: ``python -m planners.benchmark.worker FAMILY SEEDS DEADLINE_S``.

Prints one JSON object per line: a timing for each seed, then the memory, then the naive graph's times.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import Any

from planners.benchmark.families import Family, family
from planners.benchmark.memory import peak_resident_bytes
from planners.benchmark.naive import graph_build_s
from planners.benchmark.timing import Timing, time_planning
from satllm_env.problem import Instance

WARM_UP_FAMILY, WARM_UP_SEEDS = "ring-12", 5
"""Problems whose planning calls all of the planner: compiled code is read from disk at its first call."""

NAIVE_GRAPHS = 3
"""Graphs of the naive baseline that are built; each can take seconds and a gigabyte."""


def main(name: str, seeds: int, deadline_s: float) -> None:
    """Measure a family over the seeds from 0.

    Args:
        name: the family.
        seeds: how many.
        deadline_s: [s] of the planner.
    """
    measured = family(name)
    before_bytes = peak_resident_bytes()
    _warm_up(measured, deadline_s)
    timings = []
    for seed in range(seeds):
        timings.append(time_planning(measured.make(seed), seed, deadline_s))
        _tell({"timing": timings[-1].as_data()})
    _tell({"memory": {"before_bytes": before_bytes, "peak_bytes": peak_resident_bytes()}})
    _tell({"naive_graph_s": _naive_graph_s(measured, timings)})


def _warm_up(measured: Family, deadline_s: float) -> None:
    for seed in range(WARM_UP_SEEDS):
        time_planning(family(WARM_UP_FAMILY).make(seed), seed, deadline_s)
    time_planning(measured.make(0), 0, deadline_s)


def _naive_graph_s(measured: Family, timings: list[Timing]) -> list[float]:
    """[s] for the first problems with plans; empty where a graph would be too large."""
    with_plans = (timing.seed for timing in timings if timing.feasible)
    built = []
    for seed in islice(with_plans, NAIVE_GRAPHS):
        seconds = graph_build_s(Instance.from_problem(measured.make(seed)))
        if seconds is None:
            return []
        built.append(seconds)
    return built


def _tell(data: dict[str, Any]) -> None:
    print(json.dumps(data), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
