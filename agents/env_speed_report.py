"""The environments' speed as plain data, and as the table that people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console

from agents.env_speed import Speed
from satllm_env.tables import Grid, Section, markdown_table, rich_table
from satllm_env.versions import machine

SECTION = Section("benchmark_env")
"""Where pages hold the table."""

WIDTH = 120
DASH = "–"


@dataclass(frozen=True)
class Report:
    """What a run of the benchmark has measured."""

    scenario: str
    repeats: int
    speeds: tuple[Speed, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "scenario": self.scenario,
            "repeats": self.repeats,
            "cases": [
                {
                    "name": speed.case.name,
                    "steps_per_s": speed.steps_per_s,
                    "ratio_to_cartpole": speed.ratio,
                    "target": speed.case.target,
                }
                for speed in self.speeds
            ],
            "machine": machine(),
        }


def print_report(report: Report) -> None:
    """Print the table on stdout."""
    out = Console(highlight=False)
    # a table cut to the width of a pipe or a narrow window says nothing
    out.width = max(out.width, WIDTH)
    out.print(rich_table(_grid(report)))
    out.print(_note(report), style="dim", markup=False)


def markdown(report: Report, command: str) -> str:
    """The text of `SECTION` in a page.

    Args:
        report: what was measured.
        command: what was run, to repeat it.
    """
    return "\n\n".join([f"`{command}`", markdown_table(_grid(report)), _note(report)]) + "\n"


def _grid(report: Report) -> Grid:
    headings = ("what steps", "how", "steps/s", "ratio to CartPole", "target", "met")
    return Grid(headings, [_row(speed) for speed in report.speeds])


def _row(speed: Speed) -> tuple[str, ...]:
    target = speed.case.target
    return (
        speed.case.name,
        speed.case.about,
        f"{speed.steps_per_s:,.0f}",
        f"{speed.ratio:.2g}" if speed.ratio < 10 else f"{speed.ratio:.0f}",
        DASH if target is None else f"{target:g}",
        DASH if target is None else "yes" if speed.ratio >= target else "NO",
    )


def _note(report: Report) -> str:
    return f"Scenario {report.scenario}, median of {report.repeats} repeats; {machine()}"
