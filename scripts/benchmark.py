"""Score a policy on the frozen benchmark, or put results side by side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from agents.benchmark.form import FOLDER, load_index, parse_form
from agents.benchmark.pages import RESULT_SECTION, results_grid
from agents.benchmark.scoring import ResultFile, check_versions, reasons, score_sets, summary
from agents.benchmark.sets import load_benchmark
from agents.contenders import contender
from satllm_env.cli import notes, print_json, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.problem.schema import load_json
from satllm_env.tables import markdown_table, rich_table

WIDTH = 130
"""[characters] that the table needs."""


@dataclass(frozen=True)
class Arguments:
    """Score a policy against the proven optima of the benchmark's instances.

    A policy is `module:Class` or `module:function` of your own, found from the working directory, a
    planner, a baseline, a shipped policy, or the folder of a training run: see
    docs/benchmark-protocol.md. With `--results` nothing is scored: the table of the given files.
    Exit codes: 0; 2 bad input.
    """

    policy: str | None = None
    """What is scored."""
    sets: tuple[str, ...] = ()
    """Names of sets, all by default."""
    instances: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Only the first of each set; all by default."""
    seed: int = 0
    """For planners that draw."""
    time_limit: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 60.0
    """Of the exact planner per instance; your own policy keeps its own time."""
    folder: Path = FOLDER
    """Of the benchmark."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.json")] = None
    """Result file, with a row per instance."""
    results: tuple[Path, ...] = ()
    """Result files to put side by side."""
    page: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Also write the table as Markdown; a page that has the markers keeps all that is around them."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    files = [_load(path) for path in arguments.results] if arguments.results else [_score(arguments)]
    check_versions(files, load_index(arguments.folder))
    if arguments.out is not None:
        write_text(arguments.out, json.dumps(files[0].model_dump(mode="json")) + "\n")
    summaries = [summary(file, part) for file in files for part in file.sets]
    grid = results_grid(summaries)
    if arguments.json:
        print_json({"results": [entry.model_dump(mode="json") for entry in summaries]})
    else:
        console = Console(highlight=False)
        console.width = max(console.width, WIDTH)
        console.print(rich_table(grid))
    for file in files:
        for part in file.sets:
            for reason, count in list(reasons(part).items())[:3]:
                notes().print(f"{file.policy}, {part.name}: {count} without a plan: {reason}", soft_wrap=True)
    if arguments.page is not None:
        write_text(arguments.page, RESULT_SECTION.in_page(arguments.page, markdown_table(grid) + "\n"))


def _check(arguments: Arguments) -> None:
    if (arguments.policy is None) == (not arguments.results):
        raise InputError("--policy", "", "give either a policy to score, or --results")
    if arguments.results and arguments.out is not None:
        raise InputError("--out", "", "is of a policy that is scored, not of --results")
    if arguments.instances is not None and arguments.instances < 1:
        raise InputError("--instances", "", f"must be 1 or more (got {arguments.instances})")
    if arguments.seed < 0:
        raise InputError("--seed", "", f"must be 0 or more (got {arguments.seed})")
    if not arguments.time_limit > 0:
        raise InputError("--time-limit", "", f"must be above 0 (got {arguments.time_limit})")


def _load(path: Path) -> ResultFile:
    made: ResultFile = parse_form(ResultFile, load_json(path), str(path))
    return made


def _score(arguments: Arguments) -> ResultFile:
    assert arguments.policy is not None
    policy = contender(arguments.policy, arguments.seed, arguments.time_limit)
    sets = load_benchmark(arguments.sets, arguments.instances, arguments.folder)
    with progress() as bar:
        task = bar.add_task(f"scoring {arguments.policy}", total=sum(len(made.entries) for made in sets))
        return score_sets(policy, sets, arguments.seed, arguments.instances, lambda: bar.advance(task))


if __name__ == "__main__":
    run_command(Arguments, main)
