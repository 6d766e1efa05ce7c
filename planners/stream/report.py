"""Runs side by side, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planners.stream.run import RunResult
from satllm_env.cli import finite_or_none
from satllm_env.figures.quantities import three_digits
from satllm_env.tables import Grid

HEADINGS = ("policy", "load", "mean", "95 %", "wait", "late", "energy", "cost")
"""Load [1/min]; mean and 95 % of delays, wait and cost [s]; energy [J]."""
FAILED = "failed"
"""Heading of one more column where walks have failed."""


@dataclass(frozen=True)
class Load:
    """What policies have made of the same streams."""

    rate_per_min: float
    results: tuple[RunResult, ...]
    bound_s: float | None
    """[s] no mean delay is smaller (`planners.stream.alone_bound_s`), None where it was not asked for."""

    def as_data(self) -> dict[str, Any]:
        """Plain data as JSON can hold it."""
        return {
            "rate_per_min": self.rate_per_min,
            "bound_s": None if self.bound_s is None else finite_or_none(self.bound_s),
            "policies": [result.as_data() for result in self.results],
        }


def grid_of(loads: Sequence[Load]) -> Grid:
    """A row per load and policy, and one for the bound."""
    failed = any(result.failures for load in loads for result in load.results)
    headings = (*HEADINGS, FAILED) if failed else HEADINGS
    rows: list[tuple[str, ...]] = []
    for load in loads:
        rate = f"{load.rate_per_min:g}"
        rows += [_row(rate, result)[: len(headings)] for result in load.results]
        if load.bound_s is not None:
            rows.append(("bound: each alone", rate, _number(load.bound_s), *[""] * (len(headings) - 3)))
    return Grid(headings, rows)


def _row(rate: str, result: RunResult) -> tuple[str, ...]:
    return (
        result.policy,
        rate,
        _number(result.mean_delay_s),
        _number(result.p95_delay_s),
        _number(result.mean_wait_s),
        f"{100 * result.miss_rate:.0f} %",
        _number(result.mean_energy_j),
        _number(result.mean_cost_s),
        str(result.failures),
    )


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.3g}" if abs(value) < 1 else three_digits(value)
