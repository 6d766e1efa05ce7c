"""Measure how many requests a second a trained policy plans, beside the exact planner."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from agents.benchmark.form import FOLDER, load_index
from agents.contenders import trained
from agents.planning_speed import Speed, grid_of, measure_set
from satllm_env.cli import notes, print_json, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.provenance import command_line
from satllm_env.tables import Section, markdown_table, rich_table

SECTION = Section("benchmark_planning")
"""Where pages hold the table."""


@dataclass(frozen=True)
class Arguments:
    """Plan the benchmark's requests in batches, by a policy and by the exact planner, turn and turn about.

    Instances are ready as arrays; what is timed ends with checked plans. Medians of the repeats.
    Exit codes: 0; 2 bad input.
    """

    policy: str = "guide"
    """A shipped policy, or the folder of a training run."""
    sets: tuple[str, ...] = ()
    """Names of the benchmark's sets, all by default."""
    instances: Annotated[int, tyro.conf.arg(metavar="N")] = 200
    """Of each set that the policy plans."""
    exact_instances: Annotated[int, tyro.conf.arg(metavar="N")] = 20
    """Of each set that the exact planner plans."""
    workers: tuple[int, ...] = (1, 2)
    """Threads of the policy, processes of the planner."""
    repeats: int = 5
    """Of which medians are taken."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Write the table as Markdown; a page that has the markers keeps all that is around them."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    sets, workers = _sets(arguments), arguments.workers
    policy = trained(arguments.policy)
    if policy is None:
        raise InputError("--policy", arguments.policy, "is no shipped policy and no folder of a training run")
    speeds: list[Speed] = []
    with progress() as bar:
        task = bar.add_task("measuring", total=2 * len(sets) * len(workers) * arguments.repeats)
        for name in sets:
            speeds += measure_set(
                name,
                policy,
                arguments.policy,
                arguments.instances,
                arguments.exact_instances,
                workers,
                arguments.repeats,
                lambda: bar.advance(task),
            )
    if arguments.json:
        print_json({"speeds": [{**vars(speed), "median_per_s": speed.median_per_s} for speed in speeds]})
    else:
        Console(highlight=False).print(rich_table(grid_of(speeds)))
    if arguments.out is not None:
        cores = len(os.sched_getaffinity(0))
        text = f"`{command_line()}`, {cores} cores.\n\n{markdown_table(grid_of(speeds))}\n"
        write_text(arguments.out, SECTION.in_page(arguments.out, text))
        notes().print(f"wrote {arguments.out}")


def _sets(arguments: Arguments) -> tuple[str, ...]:
    for field in ("instances", "exact_instances", "repeats"):
        if getattr(arguments, field) < 1:
            flag = f"--{field.replace('_', '-')}"
            raise InputError(flag, "", f"must be at least 1 (got {getattr(arguments, field)})")
    if not arguments.workers or min(arguments.workers) < 1:
        raise InputError("--workers", "", "must be at least 1 each")
    known = [card.name for card in load_index(FOLDER).sets]
    for name in arguments.sets:
        if name not in known:
            raise InputError("--sets", "", f"{name!r} is none of {', '.join(known)}")
    if arguments.out is not None:
        SECTION.in_page(arguments.out, "")  # an unreadable page is told before the work
    return arguments.sets or tuple(known)


if __name__ == "__main__":
    run_command(Arguments, main)
