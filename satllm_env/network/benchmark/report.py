"""The benchmark's outcome: plain data, and the tables that people read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from satllm_env.network.benchmark.measure import Timing
from satllm_env.network.benchmark.rivals import Rival
from satllm_env.tables import Grid, Section, markdown_table, rich_table
from satllm_env.versions import machine

SECTION = Section("benchmark_network")
"""Where pages hold the tables."""

WIDTH = 120
DASH = "–"


@dataclass(frozen=True)
class Report:
    """What a run of the benchmark has measured."""

    timings: tuple[Timing, ...]
    rivals: tuple[Rival, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "cases": [_timing_data(timing) for timing in self.timings],
            "rivals": [{**asdict(rival), "ratio": rival.ratio} for rival in self.rivals],
            "machine": machine(),
        }


def print_report(report: Report, console: Console | None = None) -> None:
    """Print the tables, on stdout unless told otherwise."""
    out = console or Console(highlight=False)
    # a table cut to the width of a pipe or a narrow window says nothing
    out.width = max(out.width, WIDTH)
    for grid in _grids(report):
        out.print(rich_table(grid))
    out.print(machine(), style="dim", markup=False)


def markdown(report: Report, command: str) -> str:
    """The text of `SECTION` in a page.

    Args:
        report: what was measured.
        command: what was run, to repeat it.
    """
    tables = [markdown_table(grid) for grid in _grids(report)]
    return "\n\n".join([f"`{command}`", *tables, machine()]) + "\n"


def _grids(report: Report) -> list[Grid]:
    return [grid for grid in (_case_grid(report), _rival_grid(report)) if grid.rows]


def _case_grid(report: Report) -> Grid:
    headings = ("one moment", "what", "median ms", "least ms", "target ms", "met")
    return Grid(headings, [_case_row(timing) for timing in report.timings])


def _case_row(timing: Timing) -> tuple[str, ...]:
    target_s = timing.case.target_s
    return (
        timing.case.name,
        timing.case.about,
        _ms(timing.median_s),
        _ms(timing.least_s),
        DASH if target_s is None else f"{1000 * target_s:g}",
        _met(None if target_s is None else timing.median_s <= target_s),
    )


def _rival_grid(report: Report) -> Grid:
    headings = ("other code", "work", "theirs ms", "ours ms", "ratio", "target", "met")
    return Grid(headings, [_rival_row(rival) for rival in report.rivals])


def _rival_row(rival: Rival) -> tuple[str, ...]:
    return (
        rival.name,
        rival.work,
        _ms(rival.theirs_s),
        _ms(rival.ours_s),
        f"{rival.ratio:,.0f}",
        DASH if rival.target is None else f"{rival.target:,.0f}",
        _met(None if rival.target is None else rival.ratio >= rival.target),
    )


def _timing_data(timing: Timing) -> dict[str, Any]:
    return {
        "name": timing.case.name,
        "satellites": timing.case.walker.total,
        "median_s": timing.median_s,
        "least_s": timing.least_s,
        "repeats": timing.repeats,
        "target_s": timing.case.target_s,
    }


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.3g}" if seconds < 1 else f"{1000 * seconds:,.0f}"


def _met(met: bool | None) -> str:
    return DASH if met is None else "yes" if met else "NO"
