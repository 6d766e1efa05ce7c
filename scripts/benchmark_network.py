"""Measure how fast the network model is, next to its targets and to other codes."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from satllm_env.cli import notes, print_json, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.network.benchmark import (
    CASES,
    SECTION,
    Report,
    Rival,
    Timing,
    markdown,
    print_report,
    satgenpy_step,
    skyfield_positions,
    static_step,
    time_case,
)


@dataclass(frozen=True)
class Arguments:
    """Time positions, snapshots and paths of large constellations, and other codes at the same work.

    Every figure of one run is measured in that run, on one core. Exit codes: 0; 2 bad input.
    """

    repeats: int = 100
    """Moments per case."""
    satgenpy: Annotated[Path | None, tyro.conf.arg(metavar="PYTHON")] = None
    """An interpreter that has satgenpy (pip install satgenpy in an environment of its own), to compare
    with it like for like."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Write the tables as Markdown; a page that has the markers keeps all that is around them."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    if arguments.repeats < 1:
        raise InputError("--repeats", "", f"must be at least 1 (got {arguments.repeats})")
    if arguments.out is not None:
        SECTION.in_page(arguments.out, "")  # an unreadable page is told before the work
    report = _measure(arguments)
    if arguments.json:
        print_json(report.as_data())
    else:
        print_report(report)
    if arguments.out is not None:
        write_text(arguments.out, SECTION.in_page(arguments.out, markdown(report, _command(arguments))))
        notes().print(f"wrote {arguments.out}")


def _measure(arguments: Arguments) -> Report:
    timings: list[Timing] = []
    rivals: list[Rival] = []
    few = max(1, arguments.repeats // 10)
    with progress() as bar:
        task = bar.add_task("measuring", total=len(CASES) + 2 + bool(arguments.satgenpy))
        for case in CASES:
            bar.update(task, description=case.name)
            timings.append(time_case(case, arguments.repeats))
            bar.advance(task)
        for rival in (skyfield_positions, static_step):
            bar.update(task, description="other codes")
            rivals.append(rival(few))
            bar.advance(task)
        if arguments.satgenpy:
            rivals += satgenpy_step(arguments.satgenpy, few)
            bar.advance(task)
    return Report(tuple(timings), tuple(rivals))


def _command(arguments: Arguments) -> str:
    """What was run, without the place of an interpreter."""
    flags = ["PYTHON" if part == str(arguments.satgenpy) else part for part in sys.argv[1:]]
    return shlex.join(["python", "scripts/benchmark_network.py", *flags])


if __name__ == "__main__":
    run_command(Arguments, main)
