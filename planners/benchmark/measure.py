"""Measures families, each in a process of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from planners.benchmark.child import lines_of
from planners.benchmark.families import Family
from planners.benchmark.timing import Timing

MEMORY_LIMIT_BYTES = 2e9
"""What a process that plans may hold, at every size."""


@dataclass(frozen=True)
class Measured:
    """What planning a family took. Medians are over problems with plans, the tail over all draws."""

    family: Family
    timings: tuple[Timing, ...]
    before_bytes: int
    """[bytes] held after importing."""
    peak_bytes: int
    """[bytes] the most held while planning."""
    naive_graph_s: tuple[float, ...]
    """[s] that the naive baseline's graph takes to build; empty where it would be too large."""

    @property
    def feasible(self) -> list[Timing]:
        """The problems with plans."""
        return [timing for timing in self.timings if timing.feasible]

    @property
    def infeasible(self) -> int:
        """Problems that have been proven to have no plan."""
        return sum(timing.status == "infeasible" for timing in self.timings)

    @property
    def failed(self) -> list[Timing]:
        """Problems that planning gave up on."""
        return [timing for timing in self.timings if timing.status == "failed"]

    @property
    def share_proven(self) -> float:
        """[1] of all draws: optimum or infeasibility proven."""
        return sum(timing.proven for timing in self.timings) / len(self.timings)

    @property
    def median_s(self) -> float | None:
        """[s] median planning time, None without plans."""
        return median(timing.wall_s for timing in self.feasible)

    @property
    def median_cpu_s(self) -> float | None:
        """[s] the same in time of the processor."""
        return median(timing.cpu_s for timing in self.feasible)

    @property
    def median_arrays_s(self) -> float | None:
        """[s] median time of turning a problem into arrays."""
        return median(timing.arrays_s for timing in self.feasible)

    @property
    def median_naive_graph_s(self) -> float | None:
        """[s] median time of building the naive graph, None where it would be too large."""
        return median(self.naive_graph_s)

    @property
    def worst(self) -> Timing:
        """The slowest draw."""
        return max(self.timings, key=lambda timing: timing.wall_s)

    def tail_s(self, quantile: float) -> float:
        """[s] planning time that this share of all draws keeps within."""
        return float(np.quantile([timing.wall_s for timing in self.timings], quantile))

    @property
    def judged_s(self) -> float | None:
        """[s] what the family's target is about, None where nothing could be measured."""
        quantile = self.family.target_quantile
        return self.median_s if quantile == 0.5 else self.tail_s(quantile)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or without plans."""
        if self.family.target_s is None or self.judged_s is None:
            return None
        return self.judged_s <= self.family.target_s

    def as_data(self) -> dict[str, Any]:
        """Plain data, seconds and bytes."""
        return {
            "family": self.family.name,
            "about": self.family.about,
            "problems": len(self.timings),
            "infeasible": self.infeasible,
            "failed": len(self.failed),
            "share_proven": self.share_proven,
            "median_s": self.median_s,
            "median_cpu_s": self.median_cpu_s,
            "p95_s": self.tail_s(0.95),
            "p99_s": self.tail_s(0.99),
            "max_s": self.worst.wall_s,
            "worst_seed": self.worst.seed,
            "worst_size": self.worst.size._asdict(),
            "target_s": self.family.target_s,
            "target_quantile": self.family.target_quantile,
            "met": self.met,
            "median_arrays_s": self.median_arrays_s,
            "median_naive_graph_s": self.median_naive_graph_s,
            "before_bytes": self.before_bytes,
            "peak_bytes": self.peak_bytes,
            "timings": [timing.as_data() for timing in self.timings],
        }


def measure_family(
    measured: Family, seeds: int, deadline_s: float, done: Callable[[], None] = lambda: None
) -> Measured:
    """Plan a family's problems of the seeds from 0, warm, in a fresh process.

    Args:
        measured: the family.
        seeds: how many.
        deadline_s: [s] of the planner, per problem.
        done: called after each problem.

    Raises:
        ChildError: the process failed.
    """
    timings: list[Timing] = []
    rest: dict[str, Any] = {}
    for line in lines_of("worker", measured.name, str(seeds), repr(deadline_s)):
        if "timing" in line:
            timings.append(Timing.from_data(line["timing"]))
            done()
        rest.update(line)
    return Measured(measured, tuple(timings), **rest["memory"], naive_graph_s=tuple(rest["naive_graph_s"]))


def median(values: Iterable[float]) -> float | None:
    """The median, None of nothing."""
    listed = list(values)
    middle = float(np.median(listed)) if listed else math.nan
    return None if math.isnan(middle) else middle
