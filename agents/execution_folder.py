"""Jobs in folders, for torchrun to start on several hosts and to be looked at afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from agents.execution import Executed, Execution
from planners.plan_file import load_steps
from satllm_env.cli import write_text
from satllm_env.problem import Instance, Plan, dump_problem, evaluate, load_problem
from satllm_env.testbed.job import load_job
from satllm_env.testbed.run import collect, make_job, write_job

PROBLEM, PLAN = "problem.json", "plan.json"


def prepare(folder: Path, execution: Execution, plan: Plan, slow_down: Mapping[str, float]) -> int:
    """Write all that a plan's processes need into a folder.

    Returns:
        The number of processes to start.

    Raises:
        InputError: the plan is of another network, or the folder cannot be written.
    """
    network, inputs = execution.network, execution.batch.inputs
    job = make_job(plan, network.source, network.measured, slow_down, len(inputs), execution.settings)
    write_job(folder, job, inputs.numpy(), execution.codecs_of(plan))
    write_text(folder / PROBLEM, dump_problem(plan.instance.problem))
    write_text(folder / PLAN, json.dumps({"steps": plan.steps_as_data()}, indent=1) + "\n")
    return len(job.visits)


def prepared_plan(folder: Path) -> Plan:
    """The plan that a folder was prepared for.

    Raises:
        InputError: its files cannot be read.
    """
    problem = load_problem(folder / PROBLEM)
    return evaluate(Instance.from_problem(problem), load_steps(folder / PLAN), str(folder / PLAN))


def collected(folder: Path, execution: Execution) -> Executed:
    """What the processes of a prepared job have left, judged as after any run.

    Raises:
        InputError: the run has not ended well.
        PipelineError: the output differs from the unsplit network's.
    """
    return execution.judged(collect(folder, load_job(folder), prepared_plan(folder)))
