"""Plan one request: where to cut the model, what to compress, which way to send it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from planners import Result, planner_kind, planner_names, solve
from planners.certificate import Verdict, check_result
from planners.plan_file import load_steps
from planners.plan_table import print_result
from planners.registry import planner_entry
from planners.result_data import result_as_data, verdict_as_data
from satllm_env.cli import EXIT_NO_PLAN, notes, print_json, progress, run_command, write_text
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, dump_problem, evaluate, load_problem
from satllm_env.scenarios import Sample, load_scenario

EXIT_REFUTED = 1


@dataclass
class Arguments:
    """Plan one request and print the plan, its delay and what is proven about it.

    The request is a problem file, or is drawn from a scenario. With --check a plan made elsewhere is
    walked by the rules instead, and the first rule it breaks is named. Exit codes: 0 a plan, 1 a result
    that --certify refutes, 2 bad input, 3 no feasible plan exists.
    """

    problem: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Problem file (satllm-split-problem/1)."""
    scenario: Annotated[str | None, tyro.conf.arg(metavar="NAME_OR_FILE")] = None
    """Scenario to draw the request from: a shipped one's name, or a TOML file."""
    seed: int = 0
    """Seed of the draw, and of planners that draw."""
    planner: Annotated[str, tyro.conf.arg(metavar="NAME")] = "astar"
    """Who plans; `list` lists the planners."""
    json: bool = False
    """Print one JSON object."""
    save_problem: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Write the request as a problem file."""
    report: Annotated[Path | None, tyro.conf.arg(metavar="FILE.html")] = None
    """Write a page about the plan: map, steps, pipeline, what binds and what would help most."""
    report_deadline: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = 20.0
    """How long --report may plan again to find out what would help most; 0 leaves that out."""
    check: Annotated[Path | None, tyro.conf.arg(metavar="PLAN.json")] = None
    """Check this plan (the output of --json, or its list of steps) instead of planning."""
    certify: bool = False
    """Have the plan and the bound checked by code that shares nothing with the planner's search."""
    deadline: Annotated[float | None, tyro.conf.arg(metavar="SECONDS")] = None
    """Stop the proof after this time and print the best plan with its bound."""
    epsilon: float = 0.0
    """Stop once the plan is within 1 + epsilon times the optimum."""
    label_limit: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Partial walks that the exact planner may look at."""


def main(arguments: Arguments) -> int:
    """Run the command."""
    if arguments.planner == "list":
        _print_planners(arguments.json)
        return 0
    if not arguments.report_deadline >= 0:
        raise InputError("--report-deadline", "", f"must be at least 0, not {arguments.report_deadline}")
    sample, source = _request(arguments)
    problem = sample.problem
    if arguments.save_problem is not None:
        write_text(arguments.save_problem, dump_problem(problem))
        notes().print(f"wrote {arguments.save_problem}")
    result = _check(arguments.check, problem, source) if arguments.check else _solve(arguments, problem)
    verdict = _certify(problem, result) if arguments.certify else None
    if arguments.report is not None:
        _report(arguments, arguments.report, sample, result)
    if arguments.json:
        data = result_as_data(result)
        print_json(data if verdict is None else {**data, "certificate": verdict_as_data(verdict)})
    else:
        print_result(result.summary(), result.plan)
        if verdict is not None:
            print(f"certificate: {verdict.summary()}")
    if verdict is not None and verdict.status == "refuted":
        notes().print("the independent check refutes this result")
        return EXIT_REFUTED
    return 0 if result.feasible else EXIT_NO_PLAN


def _certify(problem: Problem, result: Result) -> Verdict:
    if result.proof is None:
        raise InputError("--certify", "", f"{result.planner!r} hands over no proof; astar does")
    with notes().status("checking the proof"):
        return check_result(problem, result)


def _report(arguments: Arguments, path: Path, sample: Sample, result: Result) -> None:
    # templates and measurements are loaded only by those who ask for a page
    from agents.report_page import Planned, origin, plan_page
    from planners.sensitivity import sensitivity

    measured = None
    if result.feasible and arguments.report_deadline > 0:
        with progress() as bar:
            task = bar.add_task("planning with more of one resource", total=None)
            measured = sensitivity(
                sample.problem,
                result,
                deadline_s=arguments.report_deadline,
                tick=lambda done, total: bar.update(task, completed=done, total=total),
            )
    drawn = arguments.scenario is not None
    planned = Planned(sample.instance, result, sample.map_layout(), measured)
    write_text(path, plan_page(planned, origin(arguments.seed if drawn else None)))
    notes().print(f"wrote {path}")


def _request(arguments: Arguments) -> tuple[Sample, str]:
    """The request, and where it comes from."""
    if (arguments.problem is None) == (arguments.scenario is None):
        raise InputError("--problem, --scenario", "", "give one of them")
    if arguments.problem is not None:
        return Sample(Instance.from_problem(load_problem(arguments.problem))), str(arguments.problem)
    if arguments.check is not None:
        raise InputError("--check", "", "needs --problem: a plan belongs to one problem file")
    if arguments.seed < 0:
        raise InputError("--seed", "", f"must be at least 0, not {arguments.seed}")
    assert arguments.scenario is not None
    return load_scenario(arguments.scenario).sample(arguments.seed), arguments.scenario


def _solve(arguments: Arguments, problem: Problem) -> Result:
    return solve(
        problem,
        arguments.planner,
        deadline_s=arguments.deadline,
        epsilon=arguments.epsilon,
        label_limit=arguments.label_limit,
        seed=arguments.seed,
    )


def _check(path: Path, problem: Problem, source: str) -> Result:
    """Walk a plan file's steps by the rules."""
    steps = load_steps(path)
    plan = evaluate(Instance.from_problem(problem), steps, str(path))
    return Result("check", "feasible", plan, 0.0, 0.0)


def _print_planners(as_json: bool) -> None:
    rows = [(name, planner_kind(name), planner_entry(name).about) for name in planner_names()]
    if as_json:
        print_json({"planners": [{"name": n, "kind": k, "about": a} for n, k, a in rows]})
        return
    table = Table("planner", "kind", "what it does")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    run_command(Arguments, main)
