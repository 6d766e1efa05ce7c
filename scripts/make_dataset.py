"""Write optimal walks as a dataset: Parquet with a data card, and Minari where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from pydantic import ValidationError
from rich.console import Console

from agents.dataset import Description, WalkRequest, collect
from agents.dataset.extras import minari
from agents.dataset.minari_copy import write_minari
from agents.spaces import Observation
from satllm_env.cli import notes, print_json, progress, run_command
from satllm_env.errors import InputError
from satllm_env.problem.schema import first_error
from satllm_env.provenance import command_line
from satllm_env.tables import Grid, rich_table


@dataclass(frozen=True)
class Arguments:
    """Plan requests to the proven optimum, walk the plans in the environment and keep every step.

    The folder holds Parquet files, a data card (README.md) and dataset.json with the SHA-256 of every
    file. A run that was stopped goes on where it was when the same command is given again.
    `train.py --demonstrations FOLDER` clones the walks.
    """

    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    """Folder of the dataset."""
    scenarios: tuple[str, ...] = ("paper",)
    """Names or TOML files of scenarios; they take turns."""
    episodes: int = 1000
    """Requests to plan, over all scenarios together."""
    seed: int = 0
    """Another seed draws other requests; all lie outside those that compare.py draws."""
    deadline: float = 60.0
    """[s] limit of the planner per request; those not proven optimal by then, or within the
    planner's memory, are left out."""
    jobs: int = -1
    """Processes; -1 is one per core, 1 keeps everything in this one."""
    observation: Observation = "lookahead"
    """What the agent sees: `plain` is the environment's own; the shipped policy sees `lookahead`."""
    minari: bool = False
    """Write the walks for Minari too, one dataset per scenario, into DIR/minari."""
    json: bool = False
    """Print the description as one JSON object and nothing else on stdout."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    if arguments.minari:
        minari()  # told before the work if it is missing
    made = _collect(arguments, _request(arguments))
    console = notes()
    if arguments.minari:
        with console.status("writing for Minari"):
            names = write_minari(arguments.out, made)
        for name in names:
            console.print(
                f"Minari:       MINARI_DATASETS_PATH={arguments.out / 'minari'}  {name}", markup=False
            )
    if arguments.json:
        print_json(made.model_dump(mode="json"))
    else:
        _print_table(made)
    console.print(f"Data card:    {arguments.out / 'README.md'}", markup=False)
    console.print(f"Clone it:     python scripts/train.py --demonstrations {arguments.out}", markup=False)


def _request(arguments: Arguments) -> WalkRequest:
    fields = {"episodes": arguments.episodes, "seed": arguments.seed, "deadline_s": arguments.deadline}
    try:
        return WalkRequest.model_validate(
            {**fields, "scenarios": arguments.scenarios, "observation": arguments.observation}
        )
    except ValidationError as error:
        raise first_error(error, "make_dataset.py") from None


def _collect(arguments: Arguments, request: WalkRequest) -> Description:
    if arguments.jobs < 1 and arguments.jobs != -1:
        raise InputError("--jobs", "", f"must be 1 or more, or -1 (got {arguments.jobs})")
    with progress() as bar:
        task = bar.add_task("planning optimal walks", total=request.episodes)
        return collect(arguments.out, request, command_line(), lambda: bar.advance(task), arguments.jobs)


def _print_table(made: Description) -> None:
    rows = [(s.name, f"{s.episodes:,}", f"{s.steps:,}") for s in made.scenarios]
    console = Console(highlight=False)
    console.print(rich_table(Grid(("scenario", "optimal walks", "steps"), rows)))
    console.print(f"{len(made.left_out)} of {made.request.episodes} requests left out, not proven optimal")


if __name__ == "__main__":
    run_command(Arguments, main)
