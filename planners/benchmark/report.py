"""The whole benchmark's outcome: as plain data, and as the tables that people read."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import Any

import numba

from planners.benchmark.cold import ColdStarts
from planners.benchmark.families import MIXED, Family
from planners.benchmark.measure import MEMORY_LIMIT_BYTES, Measured
from planners.benchmark.rivals import Rivalry
from satllm_env.tables import Grid
from satllm_env.versions import processor

DASH = "–"
TAIL_SIZE = 100
"""Problems below which a 99th percentile says nothing."""


@dataclass(frozen=True)
class Report:
    """What a run of the benchmark has measured."""

    measured: tuple[Measured, ...]
    rivalries: tuple[Rivalry, ...]
    cold: ColdStarts | None
    deadline_s: float
    reference_limit_s: float

    @property
    def faults(self) -> list[str]:
        """Plans that failed and references that disagree, each one line."""
        failed = [
            f"{measured.family.name} seed {timing.seed}: {timing.reason}"
            for measured in self.measured
            for timing in measured.failed
        ]
        return failed + [fault for rivalry in self.rivalries for fault in rivalry.faults]

    def of(self, name: str) -> Measured | None:
        """What was measured of a family, None if it was not."""
        return next((measured for measured in self.measured if measured.family.name == name), None)

    def as_data(self) -> dict[str, Any]:
        """Plain data, seconds and bytes."""
        cold = self.cold and {kind: start._asdict() for kind, start in self.cold._asdict().items()}
        return {
            "machine": machine(),
            "deadline_s": self.deadline_s,
            "reference_limit_s": self.reference_limit_s,
            "memory_limit_bytes": MEMORY_LIMIT_BYTES,
            "families": [measured.as_data() for measured in self.measured],
            "cold_start": cold,
            "references": [rivalry.as_data() for rivalry in self.rivalries],
            "faults": self.faults,
        }


def family_grid(report: Report) -> Grid:
    """Planning times of each family."""
    headings = (
        "family", "problems", "no plan", "proven", "median ms", "CPU ms", "p95 ms", "p99 ms", "max ms",
        "target ms", "met", "arrays ms", "naive graph ms", "memory MB", "rise MB",
    )  # fmt: skip
    return Grid(headings, [_family_row(measured) for measured in report.measured])


def rival_grid(report: Report) -> Grid:
    """The references against our planner."""
    headings = ("reference", "family", "problems", "proven", "median s", "ours ms", "ratio", "target", "met")
    return Grid(headings, [_rival_row(rivalry) for rivalry in report.rivalries])


def cold_grid(report: Report) -> Grid:
    """The first plan of a process."""
    headings = ("cold start", "process s", "of which planning s")
    if report.cold is None:
        return Grid(headings, [])
    kinds = {"nothing compiled yet": report.cold.first_ever, "compiled code on disk": report.cold.cached}
    rows = [(kind, f"{start.process_s:.1f}", f"{start.plan_s:.1f}") for kind, start in kinds.items()]
    return Grid(headings, rows)


def about_lines(report: Report) -> list[str]:
    """One line per family: what it is."""
    return [f"{measured.family.name}: {measured.family.about}" for measured in report.measured]


def notes(report: Report) -> list[str]:
    """What the tables do not say, each one line."""
    lines = [machine(), _mixed_note(report), _memory_note(report), _naive_note(report)]
    return [line for line in [*lines, *_unproven_notes(report), *report.faults] if line]


def machine() -> str:
    """The machine and the versions that matter."""
    versions = f"Python {platform.python_version()}, numba {numba.__version__}"
    return f"{processor()}, {os.cpu_count()} cores; {versions}"


def _family_row(measured: Measured) -> tuple[str, ...]:
    count = len(measured.timings)
    return (
        measured.family.name,
        str(count),
        str(measured.infeasible),
        f"{100.0 * measured.share_proven:.3g} %",
        _ms(measured.median_s),
        _ms(measured.median_cpu_s),
        _ms(measured.tail_s(0.95)),
        _ms(measured.tail_s(0.99)) if count >= TAIL_SIZE else DASH,
        _ms(measured.worst.wall_s),
        _target(measured.family),
        _mark(measured.met),
        _ms(measured.median_arrays_s),
        _ms(measured.median_naive_graph_s),
        f"{measured.peak_bytes / 1e6:.0f}",
        f"{(measured.peak_bytes - measured.before_bytes) / 1e6:.0f}",
    )


def _rival_row(rivalry: Rivalry) -> tuple[str, ...]:
    more = "" if rivalry.exact else "> "
    finished = sum(attempt.finished for attempt in rivalry.attempts)
    return (
        rivalry.reference,
        rivalry.family,
        str(len(rivalry.attempts)),
        str(finished),
        DASH if rivalry.median_s is None else f"{more}{rivalry.median_s:.3g}",
        _ms(rivalry.ours_s),
        DASH if rivalry.ratio is None else f"{more}{rivalry.ratio:,.0f}",
        DASH if rivalry.target_ratio is None else f"{rivalry.target_ratio:,.0f}",
        _mark(rivalry.met),
    )


def _mixed_note(report: Report) -> str:
    mixed = report.of(MIXED)
    if mixed is None:
        return ""
    worst = mixed.worst
    return (
        f"The slowest of {len(mixed.timings)} {MIXED} problems is seed {worst.seed} ({worst.size}): "
        f"{_ms(worst.wall_s)} ms, {worst.status}."
    )


def _memory_note(report: Report) -> str:
    if not report.measured:
        return ""
    most = max(report.measured, key=lambda measured: measured.peak_bytes)
    kept = "under" if most.peak_bytes < MEMORY_LIMIT_BYTES else "NOT under"
    return (
        f"The most memory, {most.peak_bytes / 1e6:.0f} MB with {most.family.name}, is {kept} "
        f"{MEMORY_LIMIT_BYTES / 1e9:.0f} GB."
    )


def _naive_note(report: Report) -> str:
    """Whether planning is done before the naive graph is built."""
    pairs = [(m.family.name, m.median_s, m.median_naive_graph_s) for m in report.measured]
    known = [(name, ours, naive) for name, ours, naive in pairs if ours is not None and naive is not None]
    slower = [name for name, ours, naive in known if ours >= naive]
    if not known:
        return ""
    if slower:
        return f"Planning is NOT faster than building the naive graph with {', '.join(slower)}."
    least = min(naive / ours for _, ours, naive in known)
    return f"Planning is at least {least:.1f} times as fast as building the naive graph, wherever that fits."


def _unproven_notes(report: Report) -> list[str]:
    lines = []
    for measured in report.measured:
        seeds = [str(timing.seed) for timing in measured.timings if timing.status == "feasible"]
        if seeds:
            name = measured.family.name
            lines.append(f"Not proven within {report.deadline_s:g} s: {name} seeds {', '.join(seeds)}.")
    return lines


def _target(family: Family) -> str:
    if family.target_s is None:
        return DASH
    what = "" if family.target_quantile == 0.5 else f"p{100.0 * family.target_quantile:.0f} "
    return f"{what}{1e3 * family.target_s:,.0f}"


def _mark(met: bool | None) -> str:
    return DASH if met is None else "yes" if met else "NO"


def _ms(seconds: float | None) -> str:
    """Milliseconds with about three digits."""
    if seconds is None:
        return DASH
    value = 1e3 * seconds
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.1f}" if value >= 10.0 else f"{value:.2f}"
