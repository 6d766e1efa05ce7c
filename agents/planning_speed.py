"""How many requests a second a trained policy plans, beside the exact planner, on the benchmark's sets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from agents.batch_planning import plan_batch
from agents.benchmark import load_set
from agents.learned import AnyPolicy
from planners.many import solve_many
from satllm_env.scenarios import Sample
from satllm_env.tables import Grid

EXACT = "exact planner"


@dataclass(frozen=True)
class Speed:
    """Requests a second, by repeat."""

    set_name: str
    planner: str
    workers: int
    """Threads of a policy, processes of the planner."""
    requests: int
    """Planned in each repeat."""
    per_s: tuple[float, ...]

    @property
    def median_per_s(self) -> float:
        """Of the repeats."""
        return float(np.median(self.per_s))


def measure_set(
    name: str,
    policy: AnyPolicy,
    policy_name: str,
    instances: int,
    exact_instances: int,
    workers: Sequence[int],
    repeats: int,
    tick: Callable[[], None] = lambda: None,
) -> list[Speed]:
    """Plan a set's first instances by the policy and by the exact planner, turn and turn about.

    Args:
        name: of the set.
        policy: plans them in a batch.
        policy_name: for the table.
        instances: planned by the policy.
        exact_instances: planned by the exact planner.
        workers: numbers of threads or processes.
        repeats: of everything; what is compiled is compiled before.
        tick: called after every timed run.
    """
    samples = [Sample(entry.instance) for entry in load_set(name, max(instances, exact_instances)).entries]
    runs: list[tuple[str, int, Sequence[Sample], Callable[[Sequence[Sample], int], object]]] = []
    for count in workers:
        runs.append((policy_name, count, samples[:instances], lambda some, n: plan_batch(policy, some, n)))
        runs.append((EXACT, count, samples[:exact_instances], _exactly))
    for _, count, some, plan in runs:
        plan(some[:2], count)
    rates: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats):
        for number, (_, count, some, plan) in enumerate(runs):
            begin = time.perf_counter()
            plan(some, count)
            rates[number].append(len(some) / (time.perf_counter() - begin))
            tick()
    return [
        Speed(name, planner, count, len(some), tuple(found))
        for (planner, count, some, _), found in zip(runs, rates, strict=True)
    ]


def _exactly(samples: Sequence[Sample], jobs: int) -> object:
    return solve_many([sample.instance for sample in samples], jobs=jobs)


def grid_of(speeds: Sequence[Speed]) -> Grid:
    """A row per set, planner and number of workers."""
    rows = [
        (
            speed.set_name,
            speed.planner,
            str(speed.workers),
            str(speed.requests),
            f"{speed.median_per_s:,.0f}" if speed.median_per_s >= 10 else f"{speed.median_per_s:.1f}",
        )
        for speed in speeds
    ]
    return Grid(("set", "planner", "workers", "requests", "requests/s"), rows)
