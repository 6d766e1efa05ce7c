"""Compare planners, baselines and trained policies over the same seeded instances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.progress import Progress, TaskID

from agents.comparison import Comparison, compare
from agents.contenders import default_names
from agents.report import check_folder, write_report
from agents.table import print_table
from planners.sensitivity import Sensitivity, sensitivity
from satllm_env.cli import notes, print_json, progress, run_command
from satllm_env.errors import InputError


@dataclass(frozen=True)
class Arguments:
    """Plan the same seeded requests with every planner, baseline and trained policy, side by side.

    Prints one table and writes TensorBoard logs, figures and a report page.
    """

    scenarios: tuple[str, ...] = ("paper", "paper-ground", "walker-dense", "starlink-shell1")
    """Names or TOML files of scenarios."""
    episodes: int = 30
    """Requests per scenario."""
    seed: int = 0
    """Request i is the one that `plan.py --seed (seed + i)` plans."""
    policies: tuple[str, ...] = ()
    """Planners, baselines, shipped policies, folders of training runs, or `module:name` of a class or
    function of your own (docs/extending.md); by default all that come with the project."""
    deadline: float = 60.0
    """[s] limit of the exact planner per request; gaps leave out requests not proven optimal by then."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    report_deadline: float = 10.0
    """[s] per scenario, in which the report's example is planned again with more of one resource at a time to
    find out what would help most; 0 leaves that out."""
    out: Path = Path("logs/compare")
    """Folder of logs, figures and report; what an earlier comparison left there is replaced."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    check_folder(arguments.out)
    names = arguments.policies or default_names()
    made = _compare(arguments, arguments.scenarios, tuple(names))
    measured = _sensitivities(arguments, made)
    console = notes()
    with console.status("writing figures and TensorBoard logs"):
        written = write_report(made, arguments.out, measured)
    if arguments.json:
        print_json(made.as_data())
    else:
        print_table(made)
    console.print(f"\nReport:       open {written.page}")
    console.print(f"Figures:      {written.figures}")
    console.print(f"TensorBoard:  make tensorboard   (or tensorboard --logdir {arguments.out})")


def _check(arguments: Arguments) -> None:
    for field in ("episodes", "deadline"):
        if getattr(arguments, field) <= 0:
            raise InputError(f"--{field}", "", f"must be above 0 (got {getattr(arguments, field)})")
    if not arguments.report_deadline >= 0:
        raise InputError("--report-deadline", "", f"must be 0 or more (got {arguments.report_deadline})")
    if arguments.seed < 0:
        raise InputError("--seed", "", f"must be 0 or more (got {arguments.seed})")


def _compare(arguments: Arguments, scenarios: tuple[str, ...], names: tuple[str, ...]) -> Comparison:
    with progress() as bar:
        plans = arguments.episodes * len(scenarios) * len({*names, "astar"})
        task = bar.add_task("planning", total=plans)
        return compare(
            scenarios,
            names,
            arguments.episodes,
            arguments.seed,
            arguments.deadline,
            lambda what: bar.update(task, advance=1, description=what),
        )


def _sensitivities(arguments: Arguments, made: Comparison) -> dict[str, Sensitivity]:
    """Of each scenario's example."""
    if arguments.report_deadline == 0:
        return {}
    measured = {}
    with progress() as bar:
        for entry in made.showcases:
            task = bar.add_task(f"{entry.scenario}: planning with more of one resource", total=None)
            measured[entry.scenario] = sensitivity(
                entry.sample.instance,
                entry.result,
                deadline_s=arguments.report_deadline,
                tick=partial(_tick, bar, task),
            )
    return measured


def _tick(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    run_command(Arguments, main)
