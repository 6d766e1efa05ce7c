"""Plan again after something has changed: is it worth switching, once the weights to move are counted?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from planners import Replan, replan
from planners.plan_file import load_steps
from planners.plan_table import print_result
from planners.replan_result import Candidate
from satllm_env.cli import EXIT_NO_PLAN, finite_or_none, print_json, run_command
from satllm_env.errors import InputError
from satllm_env.problem import Problem, load_problem
from satllm_env.problem.damage import without_link, without_node
from satllm_env.problem.schema import load_json


@dataclass
class Arguments:
    """Find the best plan for a problem that has changed, and say whether it pays to switch to it.

    Weights that a satellite does not hold are loaded once, before its first micro-batch, and count. Exit
    codes: 0 a plan, 2 bad input, 3 no feasible plan exists.
    """

    problem: Annotated[Path, tyro.conf.arg(metavar="FILE")]
    """Problem file (satllm-split-problem/1) as things are now, but for what the --lost flags name."""
    current: Annotated[Path, tyro.conf.arg(metavar="PLAN.json")]
    """The plan in force (the output of plan.py --json, or its list of steps)."""
    load_rate: Annotated[float, tyro.conf.arg(metavar="BPS")]
    """[bit/s] at which weights that a node does not hold come to it; inf: in no time, 0: not at all."""
    lost_link: Annotated[
        tyro.conf.UseAppendAction[tuple[tuple[str, str], ...]], tyro.conf.arg(metavar="FROM TO")
    ] = ()
    """A directed link that is gone; may be given again and again."""
    lost_node: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="ID")] = ()
    """A satellite that is gone with all its links; may be given again and again."""
    resident: Annotated[Path | None, tyro.conf.arg(metavar="FILE.json")] = None
    """Which weights are where: {"node id": [layers from 0]}; by default what the plan in force computes."""
    deadline: Annotated[float | None, tyro.conf.arg(metavar="SECONDS")] = None
    """Stop the proof after this time and print the best plan with its bound."""
    epsilon: float = 0.0
    """Stop once the cost is within 1 + epsilon times the optimum."""
    json: bool = False
    """Print one JSON object."""


def main(arguments: Arguments) -> int:
    """Run the command."""
    whole = load_problem(arguments.problem)
    problem = _damaged(whole, arguments)
    result = _replan(arguments, problem, _resident(arguments.resident, whole, problem))
    if arguments.json:
        print_json(_as_data(result))
    else:
        print_result(result.summary(), result.plan)
    return 0 if result.plan is not None else EXIT_NO_PLAN


def _damaged(problem: Problem, arguments: Arguments) -> Problem:
    try:
        for source, target in arguments.lost_link:
            problem = without_link(problem, source, target)
        for node in arguments.lost_node:
            problem = without_node(problem, node)
    except InputError as error:
        flag = "--lost-link" if error.source == "links" else "--lost-node"
        raise InputError(flag, "", error.problem) from None
    return problem


def _resident(path: Path | None, whole: Problem, problem: Problem) -> Mapping[str, list[int]] | None:
    """The file's table, less the nodes that are gone with their weights."""
    if path is None:
        return None
    data = load_json(path)
    if not isinstance(data, dict):
        raise InputError(str(path), "", "must be an object that maps node ids to lists of layers")
    for node, layers in data.items():
        if not isinstance(layers, list):
            raise InputError(str(path), node, "must be a list of layers")
    gone = {node.id for node in whole.nodes} - {node.id for node in problem.nodes}
    return {node: layers for node, layers in data.items() if node not in gone}


def _replan(arguments: Arguments, problem: Problem, resident: Mapping[str, list[int]] | None) -> Replan:
    try:
        return replan(
            problem,
            load_steps(arguments.current),
            load_rate_bps=arguments.load_rate,
            resident=resident,
            deadline_s=arguments.deadline,
            epsilon=arguments.epsilon,
        )
    except InputError as error:
        # what the library calls by an argument's name came from a file or a flag here
        named = {"resident": str(arguments.resident), "load_rate_bps": "--load-rate"}
        raise InputError(named.get(error.source, error.source), error.field, error.problem) from None


def _as_data(result: Replan) -> dict[str, Any]:
    """The JSON object; what does not exist is null, as is what is infinite."""
    return {
        "status": result.status,
        "switch": result.switch,
        **_candidate(result.best),
        "moved_bytes": result.moved_bytes,
        "loads": [asdict(load) for load in result.loads],
        "lower_bound_s": finite_or_none(result.lower_bound_s),
        "saving_s": finite_or_none(result.saving_s),
        "kept": {**_candidate(result.kept_candidate), "fault": result.kept_fault},
        "long_run": {
            **_candidate(result.long_run_candidate),
            "break_even_batches": finite_or_none(result.break_even_batches),
        },
        "plan_time_s": result.plan_time_s,
        "reason": result.reason,
        "steps": result.plan.steps_as_data() if result.plan else [],
    }


def _candidate(candidate: Candidate | None) -> dict[str, Any]:
    return {key: candidate and getattr(candidate, key) for key in ("delay_s", "load_s", "cost_s")}


if __name__ == "__main__":
    run_command(Arguments, main)
