"""Batches over a Ray cluster: here one on this machine."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from unittest import mock

import numpy as np
import pytest

from planners import Failure, Limits, Result, solve_many
from planners.batch.cluster import plan_on_cluster
from planners.batch.task import Outcome, Settings, Task, plan_task
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem
from tests.strategies import random_problem

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="ray is not installed: pip install '.[cluster]'"
)


def draw(seed: int) -> Problem:
    """A small problem whose best plan is the only one of its delay."""
    return random_problem(np.random.default_rng(seed), ties=False)


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster of two cores on this machine, which leaves nothing in the user's home."""
    home = str(tmp_path_factory.mktemp("home"))
    module = pytest.importorskip("ray")
    with mock.patch.dict(os.environ, {"HOME": home, "RAY_USAGE_STATS_ENABLED": "0"}):
        module.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield module
        module.shutdown()


def test_the_cluster_does_not_matter(ray: Any) -> None:
    """The cluster gives the same results in the same order as this process, and stays connected."""
    given = [Instance.from_problem(draw(seed)) for seed in range(12)]
    slow = draw(4).links[0].model_copy(update={"rate_bps": 1e-15})
    entries: list[Problem | Instance] = [
        *given[:5],
        draw(4).model_copy(update={"links": (slow, *draw(4).links[1:])}),
        *given[5:],
    ]
    counts: list[int] = []
    here = solve_many(entries)
    for jobs in (2, -1):
        there = solve_many(entries, jobs=jobs, backend="ray", progress=counts.append)
        for one, other in zip(here, there, strict=True):
            if isinstance(one, Failure):
                assert one == other
                continue
            assert isinstance(other, Result)
            assert (one.status, one.lower_bound_s) == (other.status, other.lower_bound_s)
            assert one.plan == other.plan
    assert isinstance(here[5], Failure)
    assert counts == 2 * list(range(1, 14))
    assert ray.is_initialized()


def _dies(task: Task) -> Outcome:
    if task.index == 3:
        os._exit(1)
    return plan_task(task)


def test_only_the_one_that_kills_its_worker_is_lost(ray: Any) -> None:
    """A worker that dies costs its own problem, even alone, and nothing else."""
    settings = Settings("greedy", Limits())
    tasks = [Task.of(index, draw(index), settings, 0) for index in range(8)]
    outcomes = {outcome.index: outcome for outcome in plan_on_cluster(tasks, 2, _dies)}
    assert sorted(outcomes) == list(range(8))
    (lost,) = [outcome for outcome in outcomes.values() if isinstance(outcome, Failure)]
    assert (lost.index, lost.error) == (3, "WorkerCrashedError")


def _fails(task: Task) -> Outcome:
    raise ModuleNotFoundError("No module named 'planners'")


def test_workers_without_the_project(ray: Any) -> None:
    """An error outside of planning is a failure by its own name."""
    task = Task.of(0, draw(0), Settings("greedy", Limits()), 0)
    (outcome,) = plan_on_cluster([task], 1, _fails)
    assert outcome == Failure(0, "No module named 'planners'", "ModuleNotFoundError")


def test_interrupts_go_through(ray: Any) -> None:
    """An interrupt ends the batch and leaves the cluster usable."""
    with pytest.raises(KeyboardInterrupt):
        solve_many(
            [draw(seed) for seed in range(20)],
            jobs=2,
            backend="ray",
            progress=mock.Mock(side_effect=KeyboardInterrupt),
        )
    assert len(solve_many([draw(0)], backend="ray")) == 1


def test_no_way_to_the_cluster() -> None:
    """A cluster that cannot be reached is one line."""
    fake = mock.Mock()
    fake.is_initialized.return_value = False
    fake.init.side_effect = ConnectionError("nobody there")
    with (
        mock.patch("planners.batch.cluster.load_ray", return_value=fake),
        pytest.raises(InputError, match="no way to the Ray cluster: nobody there"),
    ):
        solve_many([draw(0)], backend="ray")
