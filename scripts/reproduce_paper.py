"""The results that arXiv 2604.04654 reports, from this project, beside the reported values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from planners.paper.compression import Measurements
from planners.paper.report import write_folder, write_page
from planners.paper.reported import PartName
from planners.paper.reproduction import PART_NAMES, SUMMARY, Reproduction, reproduce, wanted
from planners.paper.sweep import Effort
from satllm_env.cli import notes, print_json, progress, run_command
from satllm_env.errors import InputError
from satllm_env.tables import rich_table

WIDTH = 150
"""[characters] that the tables need."""


@dataclass(frozen=True)
class Arguments:
    """Reproduce the reported results: tables of reported and ours, and figures.

    An independent reconstruction: the paper's own equations and parameters are not known. Requests are
    drawn as scenario `paper` draws them, but for what is swept; no parameter is set to hit a number.
    Parts: `delay` (by resolution and S2G rate), `models` (ViT-B to ViT-G), `bytes`, `splits` (rules
    against the optimum), `compression`, `sensitivity` (to what could not be known), `beyond` (the ground
    computes, measured compression, Starlink and Kuiper, outages, eclipse). Exit codes: 0; 2 bad input.
    """

    parts: tuple[PartName, ...] = PART_NAMES
    """What to reproduce."""
    episodes: Annotated[int, tyro.conf.arg(metavar="N")] = 40
    """Requests of each point over the ring of twelve, seeds from 0."""
    shell_episodes: Annotated[int, tyro.conf.arg(metavar="N")] = 12
    """Requests of each point over another constellation."""
    deadline: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 10.0
    """Stop a proof after this time."""
    jobs: Annotated[int, tyro.conf.arg(metavar="N")] = 1
    """Requests planned at a time, -1 for one per core."""
    measured: tuple[Path, ...] = (Path("docs/data/compression"), Path("logs/compression"))
    """Folders of what `profile_compression.py` measured; the first that has a file counts."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    out: Path = Path("logs/paper")
    """Folder of figures, tables and data."""
    page: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Also write each table between the page's markers of its name, and figures beside the page; the table
    of reported and ours only where all parts are asked for that it is about."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    effort = Effort(arguments.episodes, arguments.shell_episodes, arguments.deadline, arguments.jobs)
    measured = Measurements(arguments.measured if "compression" in arguments.parts else ())
    with progress(notes()) as bar:
        task = bar.add_task("planning", total=effort.plans(wanted(arguments.parts)))
        made = reproduce(arguments.parts, effort, measured, lambda plans: bar.advance(task, plans))
    with notes().status("drawing figures"):
        written = write_folder(made, arguments.out)
        if arguments.page is not None:
            write_page(made, arguments.page)
    if arguments.json:
        print_json(made.as_data())
    else:
        _print(made)
    notes().print(f"wrote {len(written)} files to {arguments.out}", soft_wrap=True)


def _check(arguments: Arguments) -> None:
    for name in ("episodes", "shell_episodes"):
        if getattr(arguments, name) < 1:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(flag, "", f"must be 1 or more (got {getattr(arguments, name)})")
    if arguments.jobs != -1 and arguments.jobs < 1:
        raise InputError("--jobs", "", f"must be 1 or more, or -1 (got {arguments.jobs})")
    if not arguments.deadline > 0:
        raise InputError("--deadline", "", f"must be above 0 (got {arguments.deadline:g})")
    if arguments.out.exists() and not arguments.out.is_dir():
        raise InputError("--out", str(arguments.out), "is not a folder")
    if arguments.page is not None and not arguments.page.is_file():
        raise InputError("--page", str(arguments.page), "is not a file")


def _print(made: Reproduction) -> None:
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    for name, grid in made.tables():
        if name != SUMMARY:
            console.print(rich_table(grid), "")
    for name, grid in made.tables():
        if name == SUMMARY:
            console.print(rich_table(grid))
    console.print(made.note, style="dim")


if __name__ == "__main__":
    run_command(Arguments, main)
