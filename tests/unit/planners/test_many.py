"""Batches, in this process and over several."""

import json
import os
import signal
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from planners import Failure, Limits, Result, solve, solve_many
from planners.batch.processes import plan_in_processes
from planners.batch.task import Answer, Outcome, Settings, Task, plan_task
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, dump_problem
from tests.strategies import random_problem

RULE = Settings("greedy", Limits())


def draw(seed: int) -> Problem:
    """A small problem whose best plan is the only one of its delay."""
    return random_problem(np.random.default_rng(seed), ties=False)


def too_slow(seed: int) -> Problem:
    """A problem that passes the checks of its form, but takes too long to be put into arrays."""
    problem = draw(seed)
    links = tuple(link.model_copy(update={"rate_bps": 1e-15}) for link in problem.links)
    return problem.model_copy(update={"links": links})


def essence(outcome: Result | Failure) -> object:
    """What must not depend on how a problem was planned."""
    if isinstance(outcome, Failure):
        return outcome
    plan = outcome.plan
    bounds = outcome.planner, outcome.status, outcome.lower_bound_s, outcome.reason
    return bounds, plan and (id(plan.instance), plan.resources, plan.delay_s, plan.accuracy_loss)


def tasks(count: int) -> list[Task]:
    """Tasks for workers that may die."""
    return [Task.of(index, draw(index), RULE, 0) for index in range(count)]


@pytest.mark.parametrize("planner", ["astar", "random"])
def test_jobs_do_not_matter(planner: str) -> None:
    """Two processes give the same results in the same order as one, on the caller's own instances."""
    given = [Instance.from_problem(draw(seed)) for seed in range(30)]
    given[3] = Instance.from_problem(given[3].problem, given[3].slots[:, ::-1].copy())
    one, two = (solve_many(given, planner, jobs=jobs, seed=range(30)) for jobs in (1, 2))
    assert [essence(result) for result in one] == [essence(result) for result in two]
    alone = [solve(instance, planner, seed=seed) for seed, instance in enumerate(given)]
    assert [essence(result) for result in one] == [essence(result) for result in alone]
    assert {isinstance(r, Result) and r.feasible for r in one} == {True, False}


@pytest.mark.parametrize("jobs", [1, 2])
def test_problems_get_their_arrays(jobs: int) -> None:
    """Problems without arrays are planned as well; their plans refer to them."""
    given = [draw(seed) for seed in range(6)]
    outcomes = solve_many(given, jobs=jobs)
    for problem, outcome in zip(given, outcomes, strict=True):
        assert isinstance(outcome, Result)
        assert outcome.delay_s == solve(problem).delay_s
        assert outcome.plan is None or outcome.plan.instance.problem is problem


@pytest.mark.parametrize("jobs", [1, 2])
def test_failures_leave_the_others_alone(jobs: int, tmp_path: Path) -> None:
    """What cannot be loaded or planned is told with its place and cause, and all others are planned."""
    path, broken = tmp_path / "good.json", tmp_path / "broken.json"
    path.write_text(dump_problem(draw(1)))
    broken.write_text(json.dumps({"format": "satllm-split-problem/2"}))
    entries = [draw(0), str(path), too_slow(2), draw(3), broken, 7, draw(5)]
    counts: list[int] = []
    outcomes = solve_many(entries, jobs=jobs, progress=counts.append)  # type: ignore[arg-type]
    failures = {o.index: o for o in outcomes if isinstance(o, Failure)}
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [i in (2, 4, 5) for i in range(7)]
    assert set(failures) == {2, 4, 5}
    assert {failure.error for failure in failures.values()} == {"InputError"}
    assert "would take" in failures[2].message
    assert "broken.json: format" in failures[4].message
    assert "not int" in failures[5].message
    assert counts == list(range(1, 8))


def test_errors_other_than_of_input() -> None:
    """A fault of the planner itself is a failure too, by the name of its class."""
    with mock.patch("planners.batch.task.solve", side_effect=IndexError):
        assert solve_many([draw(0)]) == [Failure(0, "IndexError", "IndexError")]


@pytest.mark.parametrize("jobs", [1, 2, -1])
def test_nothing_to_plan(jobs: int) -> None:
    """An empty batch has no results."""
    assert solve_many([], jobs=jobs) == []


# loky's own thread may stumble over what is left when its processes are ended, which harms nobody
@pytest.mark.filterwarnings("ignore:Exception in thread ExecutorManagerThread")
@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupts_go_through(jobs: int) -> None:
    """An interrupt ends the batch, and the next one is planned as if nothing had been."""
    problems = [draw(seed) for seed in range(40)]
    with pytest.raises(KeyboardInterrupt):
        solve_many(problems, "greedy", jobs=jobs, progress=mock.Mock(side_effect=KeyboardInterrupt))
    assert len(solve_many(problems[:3], "greedy", jobs=jobs)) == 3


def test_deadline_is_not_spent_on_loading_code() -> None:
    """With a deadline a process plans its first problem once before, and no other."""
    with mock.patch("planners.batch.task._warm", set()), mock.patch("planners.batch.task.solve") as calls:
        solve_many([draw(0), draw(1)], deadline_s=5.0)
    assert calls.call_count == 3


def _dies(index: int, task: Task) -> Outcome:
    if task.index == index:
        os.kill(os.getpid(), signal.SIGKILL)
    return plan_task(task)


def _dies_once(trace: Path, task: Task) -> Outcome:
    if task.index == 4 and not trace.exists():
        trace.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return plan_task(task)


def test_only_the_one_that_kills_its_process_is_lost() -> None:
    """A process that dies costs its own problem, even alone, and nothing else."""
    outcomes = list(plan_in_processes(tasks(24), 2, partial(_dies, 11)))
    assert [outcome.index for outcome in outcomes] == list(range(24))
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert (lost.index, lost.error) == (11, "TerminatedWorkerError")
    assert "SIGKILL" in lost.message


def test_a_death_by_chance_costs_nothing(tmp_path: Path) -> None:
    """A problem whose process has died is planned once more."""
    outcomes = list(plan_in_processes(tasks(6), 2, partial(_dies_once, tmp_path / "trace")))
    assert [outcome.index for outcome in outcomes] == list(range(6))
    assert all(isinstance(outcome, Answer) for outcome in outcomes)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"jobs": 0}, "jobs.*at least 1"),
        ({"jobs": -2}, "jobs.*-1 for one per core"),
        ({"backend": "dask"}, "backend.*'dask'.*loky, ray"),
        ({"planner": "magic"}, "planner.*'magic'"),
        ({"deadline_s": -1.0}, "deadline_s"),
        ({"seed": [1, 2, 3]}, "seed.*2, one per problem"),
    ],
)
def test_wrong_arguments(arguments: dict[str, object], words: str) -> None:
    """What holds for the whole batch is refused at once."""
    with pytest.raises(InputError, match=words):
        solve_many([draw(0), draw(1)], **arguments)  # type: ignore[arg-type]


def test_without_ray() -> None:
    """Where Ray is not installed, the message says how to install it."""
    with (
        mock.patch.dict("sys.modules", {"ray": None}),
        pytest.raises(InputError, match=r"pip install 'satllm\[cluster\]'"),
    ):
        solve_many([draw(0)], backend="ray")


def test_ray_is_imported_only_where_it_is_used() -> None:
    """The extra is optional, and slow to import."""
    assert find_spec("planners.batch.cluster") is not None
    import planners.batch.cluster

    assert not hasattr(planners.batch.cluster, "ray")
