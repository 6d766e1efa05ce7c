"""A batch over a Ray cluster, in plain tasks.

Ray's own backend of joblib is left alone: it gives up the whole batch where a worker dies, and changes
joblib's pools for the rest of the process.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from planners.batch.task import Failure, Outcome, Task, Work, plan_task
from satllm_env.errors import InputError
from satllm_env.optional import advice


def load_ray() -> Any:
    """Import Ray.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise InputError("backend", "", advice("ray")) from None


def plan_on_cluster(tasks: Sequence[Task], jobs: int, work: Work = plan_task) -> Iterator[Outcome]:
    """Plan tasks on the cluster that the process is connected to, one core each.

    Without a connection the cluster of `RAY_ADDRESS` is used, or one on this machine, until all is done.
    Tasks whose workers have died are planned again at the end, one after the other.

    Args:
        tasks: the batch.
        jobs: tasks at a time, −1 for all cores of the cluster.
        work: what a worker does with a task.

    Yields:
        The outcomes as they come.

    Raises:
        InputError: Ray is not installed, or there is no way to the cluster.
    """
    ray = load_ray()
    with _connection(ray):
        remote = ray.remote(num_cpus=1, max_retries=0)(work)
        # twice as many as cores: the next one is there when a core is free
        at_once = jobs if jobs > 0 else 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
        died = []
        for task, outcome in _run(ray, remote, tasks, at_once):
            if outcome is None:
                died.append(task)
            else:
                yield outcome
        yield from _one_by_one(ray, remote, died)


@contextmanager
def _connection(ray: Any) -> Iterator[None]:
    """A cluster, left as it was found."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError("backend", "", f"no way to the Ray cluster: {error}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _one_by_one(ray: Any, remote: Any, tasks: Sequence[Task]) -> Iterator[Outcome]:
    for task in tasks:
        try:
            yield ray.get(remote.remote(task))
        except ray.exceptions.RayError as error:
            yield Failure.of(task.index, error)


def _run(ray: Any, remote: Any, tasks: Sequence[Task], at_once: int) -> Iterator[tuple[Task, Outcome | None]]:
    """Tasks with their outcomes as they come, None for a worker that has died."""
    feed = iter(tasks)
    under_way: dict[Any, Task] = {}
    try:
        while True:
            under_way.update((remote.remote(task), task) for task in islice(feed, at_once - len(under_way)))
            if not under_way:
                return
            (done,), _ = ray.wait(list(under_way), num_returns=1)
            task = under_way.pop(done)
            yield task, _outcome(ray, task, done)
    finally:
        for reference in under_way:  # the caller has left early
            ray.cancel(reference, force=True)


def _outcome(ray: Any, task: Task, reference: Any) -> Outcome | None:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayTaskError as error:  # the worker cannot even import this project
        return Failure.of(task.index, error.cause)
    except ray.exceptions.RayError:
        return None
    return outcome
