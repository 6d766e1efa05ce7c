"""Plan a batch of requests, over several cores or a cluster."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from planners import Failure, Result, solve_many
from planners.result_data import result_as_data
from satllm_env.cli import (
    EXIT_BAD_INPUT,
    EXIT_NO_PLAN,
    notes,
    print_json,
    progress,
    run_command,
    write_text,
)
from satllm_env.errors import InputError
from satllm_env.problem import Problem
from satllm_env.scenarios import load_scenario


@dataclass
class Arguments:
    """Plan a batch of requests and print one row for each.

    The requests are problem files, or are drawn from a scenario. One that cannot be planned is told on
    stderr, the others are planned all the same. Exit codes: 0 all have plans, 2 bad input in at least one,
    3 no feasible plan exists for at least one.
    """

    problems: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="FILE...")] = ()
    """Problem files (satllm-split-problem/1)."""
    scenario: Annotated[str | None, tyro.conf.arg(metavar="NAME_OR_FILE")] = None
    """Scenario to draw the requests from: a shipped one's name, or a TOML file."""
    seeds: Annotated[str | None, tyro.conf.arg(metavar="FROM:TO")] = None
    """Seeds of the draws, TO left out; seed S gives the request and plan of `plan.py --seed S`."""
    planner: Annotated[str, tyro.conf.arg(metavar="NAME")] = "astar"
    """Who plans; `plan.py --planner list` lists the planners."""
    jobs: Annotated[int, tyro.conf.arg(metavar="N")] = 1
    """Requests planned at a time, -1 for one per core."""
    backend: Annotated[str, tyro.conf.arg(metavar="NAME")] = "loky"
    """`loky` for processes of this machine, `ray` for a Ray cluster (the one of RAY_ADDRESS)."""
    deadline: Annotated[float | None, tyro.conf.arg(metavar="SECONDS")] = None
    """Stop each proof after this time and keep the best plan with its bound."""
    json: bool = False
    """Print one JSON object."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.jsonl")] = None
    """Write the results as one JSON object per line."""


@dataclass(frozen=True)
class Request:
    """A request of the batch."""

    key: dict[str, Any]
    """What names it in the output."""
    given: Problem | Path | InputError
    """What to plan, or why there is nothing."""
    seed: int = 0
    """Of planners that draw."""

    @property
    def label(self) -> str:
        """What names it for people."""
        return str(self.key["problem"]) if "problem" in self.key else f"seed {self.key['seed']}"


Outcomes = list[Result | Failure]


def main(arguments: Arguments) -> int:
    """Run the command."""
    begin = time.perf_counter()
    requests = _requests(arguments)
    outcomes = _plan(arguments, requests)
    rows = [_as_data(request, outcome) for request, outcome in zip(requests, outcomes, strict=True)]
    totals = _totals(outcomes, time.perf_counter() - begin)
    if arguments.out is not None:
        write_text(arguments.out, "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows))
        notes().print(f"wrote {arguments.out}", markup=False)
    if arguments.json:
        print_json({"planner": arguments.planner, **totals, "results": rows})
    else:
        _print_table(requests, outcomes, totals)
    _complain(requests, outcomes)
    if totals["failed"]:
        return EXIT_BAD_INPUT
    return EXIT_NO_PLAN if totals["without_plan"] else 0


def _requests(arguments: Arguments) -> list[Request]:
    if bool(arguments.problems) == (arguments.scenario is not None):
        raise InputError("--problems, --scenario", "", "give one of them")
    if arguments.scenario is None:
        if arguments.seeds is not None:
            raise InputError("--seeds", "", "needs --scenario")
        return [Request({"problem": str(path)}, path) for path in arguments.problems]
    return [_drawn(arguments.scenario, seed) for seed in _seeds(arguments.seeds)]


def _seeds(text: str | None) -> range:
    first, colon, end = (text or "").partition(":")
    if not (colon and first.isdecimal() and end.isdecimal() and int(first) < int(end)):
        raise InputError("--seeds", "", f"must be FROM:TO with 0 <= FROM < TO, such as 0:100, not {text!r}")
    return range(int(first), int(end))


def _drawn(name: str, seed: int) -> Request:
    scenario = load_scenario(name)  # kept once loaded
    key = {"scenario": scenario.name, "seed": seed}
    try:
        return Request(key, scenario.sample(seed).problem, seed)
    except InputError as error:
        return Request(key, error, seed)


def _plan(arguments: Arguments, requests: list[Request]) -> Outcomes:
    """The outcomes of all requests, in their order."""
    ready = [(i, r.given, r.seed) for i, r in enumerate(requests) if not isinstance(r.given, InputError)]
    with progress() as bar:
        task = bar.add_task("planning", total=len(ready))
        planned = solve_many(
            [given for _, given, _ in ready],
            arguments.planner,
            jobs=arguments.jobs,
            backend=arguments.backend,
            deadline_s=arguments.deadline,
            seed=[seed for _, _, seed in ready],
            progress=lambda done: bar.update(task, completed=done),
        )
    outcomes: dict[int, Result | Failure] = {
        i: Failure.of(i, r.given) for i, r in enumerate(requests) if isinstance(r.given, InputError)
    }
    for (index, _, _), outcome in zip(ready, planned, strict=True):
        outcomes[index] = replace(outcome, index=index) if isinstance(outcome, Failure) else outcome
    return [outcomes[index] for index in range(len(requests))]


def _as_data(request: Request, outcome: Result | Failure) -> dict[str, Any]:
    if isinstance(outcome, Failure):
        return {**request.key, "status": "failed", "error": outcome.error, "message": outcome.message}
    return {**request.key, **result_as_data(outcome)}


def _totals(outcomes: Outcomes, wall_s: float) -> dict[str, Any]:
    results = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    return {
        "requests": len(outcomes),
        "planned": sum(result.feasible for result in results),
        "without_plan": sum(not result.feasible for result in results),
        "failed": len(outcomes) - len(results),
        "wall_time_s": wall_s,
    }


def _print_table(requests: list[Request], outcomes: Outcomes, totals: dict[str, Any]) -> None:
    table = Table("request", "status")
    for heading in ("delay \\[s]", "gap \\[%]", "plan \\[ms]"):  # else "[s]" means: strike out
        table.add_column(heading, justify="right")
    for request, outcome in zip(requests, outcomes, strict=True):
        table.add_row(Text(request.label, overflow="fold"), *_cells(outcome))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{totals['requests']} requests: {totals['planned']} with a plan, {totals['without_plan']} without, "
        f"{totals['failed']} failed, in {totals['wall_time_s']:.3g} s",
        soft_wrap=True,
    )


def _cells(outcome: Result | Failure) -> tuple[str | Text, ...]:
    if isinstance(outcome, Failure):
        return (Text(f"failed: {outcome.message}", overflow="fold"),)
    plan_ms = f"{1e3 * outcome.plan_time_s:.3g}"
    if not outcome.feasible:
        return outcome.status, "–", "–", plan_ms
    gap = f"{100 * outcome.gap:.3f}" if math.isfinite(outcome.gap) else "–"
    return outcome.status, f"{outcome.delay_s:.6g}", gap, plan_ms


def _complain(requests: list[Request], outcomes: Outcomes) -> None:
    """One line on stderr per request that failed."""
    for request, outcome in zip(requests, outcomes, strict=True):
        if isinstance(outcome, Failure):
            named = outcome.message.startswith(request.label)
            kind = "" if outcome.error == InputError.__name__ else f"{outcome.error}: "
            line = outcome.message if named else f"{request.label}: {kind}{outcome.message}"
            sys.stderr.write(" ".join(line.split()) + "\n")


if __name__ == "__main__":
    run_command(Arguments, main)
