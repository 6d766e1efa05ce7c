"""Compare optimal plans under different compression profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from rich.console import Console

from planners import Result, solve_many
from satllm_env.cli import notes, print_json, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.problem import Plan
from satllm_env.scenarios import Scenario, load_form
from satllm_env.tables import Grid, Section, markdown_table, rich_table

WIDTH = 140
"""[characters] that the table needs."""
OWN = "own"
"""The scenario's profiles as they are."""
SECTION = Section("compare_profiles")


@dataclass(frozen=True)
class Arguments:
    """Plan the same requests under several compression profiles and print how the optimum changes.

    Requests differ in their levels alone. Exit codes: 0; 2 bad input.
    """

    scenarios: tuple[str, ...] = ("paper", "paper-ground", "walker-dense", "starlink-shell1")
    """Names, or TOML files."""
    profiles: tuple[str, ...] = ("paper-fit", OWN)
    """Profiles or their files, each for models of both kinds; "own" takes the scenario's. Changes are
    against the first."""
    episodes: Annotated[int, tyro.conf.arg(metavar="N")] = 40
    """Requests of each scenario, seeds from 0."""
    deadline: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 10.0
    """Stop a proof after this time."""
    json: bool = False
    """Print one JSON object."""
    page: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Also write the table as Markdown; a page that has the markers keeps all that is around them."""


@dataclass(frozen=True)
class Row:
    """Optimal plans of a scenario under a profile; means over the requests that have a plan."""

    scenario: str
    profile: str
    """As given."""
    names: tuple[str, ...]
    """Of the profiles."""
    feasible: int
    proven: int
    delay_s: float
    change_pct: float
    """[%] of the delay, against the first profile, request by request."""
    stages: float
    accuracy_loss: float
    isl_bytes: float
    downlink_bytes: float


def main(arguments: Arguments) -> None:
    """Run the command."""
    if arguments.episodes < 1:
        raise InputError("--episodes", "", f"must be 1 or more (got {arguments.episodes})")
    made = [[_under(name, profile) for profile in arguments.profiles] for name in arguments.scenarios]
    rows: list[Row] = []
    with progress(notes()) as bar:
        task = bar.add_task("planning", total=len(made) * len(arguments.profiles) * arguments.episodes)
        for name, scenarios in zip(arguments.scenarios, made, strict=True):
            plans: list[list[Plan | None]] = []
            for profile, scenario in zip(arguments.profiles, scenarios, strict=True):
                drawn = [scenario.sample(seed).instance for seed in range(arguments.episodes)]
                results = solve_many(drawn, deadline_s=arguments.deadline)
                plans.append([result.plan if isinstance(result, Result) else None for result in results])
                rows.append(_row(name, profile, scenario, results, plans))
                bar.advance(task, arguments.episodes)
    if arguments.json:
        print_json({"episodes": arguments.episodes, "results": [asdict(row) for row in rows]})
    else:
        Console(highlight=False, width=WIDTH).print(rich_table(_grid(rows)))
    if arguments.page is not None:
        write_text(arguments.page, SECTION.in_page(arguments.page, markdown_table(_grid(rows))))


def _under(name: str, profile: str) -> Scenario:
    """A scenario with its profiles replaced."""
    form = load_form(name)
    if profile != OWN:
        both = {"profile": profile, "decoder_profile": profile}
        form = form.model_copy(update={"compression": form.compression.model_copy(update=both)})
    return Scenario(form, name)


def _row(
    name: str,
    profile: str,
    scenario: Scenario,
    results: Sequence[object],
    plans: Sequence[Sequence[Plan | None]],
) -> Row:
    """The row of the last profile's plans; `plans` are those of all profiles so far, request by request."""
    found = [plan for plan in plans[-1] if plan is not None]
    pairs = [(a, b) for a, b in zip(plans[0], plans[-1], strict=True) if a is not None and b is not None]
    return Row(
        scenario=name,
        profile=profile,
        names=tuple(used.name for used in scenario.profiles),
        feasible=len(found),
        proven=sum(isinstance(result, Result) and result.status == "optimal" for result in results),
        delay_s=_mean([plan.delay_s for plan in found]),
        change_pct=_mean([100 * (b.delay_s / a.delay_s - 1) for a, b in pairs]),
        stages=_mean([len(plan.stages) for plan in found]),
        accuracy_loss=_mean([plan.accuracy_loss for plan in found]),
        isl_bytes=_mean([plan.isl_bytes for plan in found]),
        downlink_bytes=_mean([plan.downlink_bytes for plan in found]),
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _grid(rows: Sequence[Row]) -> Grid:
    headings = (
        "scenario", "profile", "plans", "proven", "delay [s]", "change", "stages", "points lost", "ISL [MB]",
        "downlink [MB]",
    )  # fmt: skip
    return Grid(
        headings,
        [
            (
                row.scenario, " + ".join(row.names), str(row.feasible), str(row.proven), f"{row.delay_s:.3f}",
                f"{row.change_pct:+.1f} %", f"{row.stages:.1f}", f"{row.accuracy_loss:.2f}",
                f"{row.isl_bytes / 1e6:.1f}", f"{row.downlink_bytes / 1e6:.2f}",
            )
            for row in rows
        ],
    )  # fmt: skip


if __name__ == "__main__":
    run_command(Arguments, main)
