"""Measure how fast the environments step, next to CartPole in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import tyro

from agents.env_speed import CASES, measure
from agents.env_speed_report import SECTION, Report, markdown, print_report
from satllm_env.cli import notes, print_json, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.provenance import command_line


@dataclass(frozen=True)
class Arguments:
    """Step the scalar and the vector environment, and train, on one core; ratios to CartPole-v1.

    Actions are random legal ones and are chosen outside the timed part. Every repeat steps CartPole
    through gym.make before and after each case. Exit codes: 0; 2 bad input.
    """

    scenario: str = "paper"
    """Name or TOML file of the requests' scenario."""
    repeats: int = 7
    """Interleaved repeats, of which medians are taken."""
    steps: int = 100_000
    """Environment steps per case and repeat; the scalar environment takes a twentieth."""
    cases: tuple[str, ...] | None = None
    """Names of the cases to measure, by default all."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Write the table as Markdown; a page that has the markers keeps all that is around them."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    torch.set_num_threads(1)
    report = _measure(arguments)
    if arguments.json:
        print_json(report.as_data())
    else:
        print_report(report)
    if arguments.out is not None:
        command = command_line()
        write_text(arguments.out, SECTION.in_page(arguments.out, markdown(report, command)))
        notes().print(f"wrote {arguments.out}")


def _check(arguments: Arguments) -> None:
    for field in ("repeats", "steps"):
        if getattr(arguments, field) < 1:
            raise InputError(f"--{field}", "", f"must be at least 1 (got {getattr(arguments, field)})")
    known = [case.name for case in CASES]
    for name in arguments.cases or ():
        if name not in known:
            raise InputError("--cases", "", f"{name!r} is none of {', '.join(map(repr, known))}")
    if arguments.out is not None:
        SECTION.in_page(arguments.out, "")  # an unreadable page is told before the work


def _measure(arguments: Arguments) -> Report:
    cases = tuple(case for case in CASES if arguments.cases is None or case.name in arguments.cases)
    with progress() as bar:
        task = bar.add_task("measuring", total=len(cases) * (1 + arguments.repeats))
        speeds = measure(
            cases,
            arguments.scenario,
            arguments.steps,
            arguments.repeats,
            lambda name: bar.update(task, advance=1, description=name),
        )
        return Report(arguments.scenario, arguments.repeats, tuple(speeds))


if __name__ == "__main__":
    run_command(Arguments, main)
