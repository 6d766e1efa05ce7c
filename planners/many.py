"""Planning a batch."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from joblib import cpu_count

from planners.batch.cluster import load_ray, plan_on_cluster
from planners.batch.processes import plan_in_processes
from planners.batch.task import Failure, Settings, Task, plan_with
from planners.limits import Limits
from planners.registry import planner_entry
from planners.result import Result
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, load_problem

BACKENDS = ("loky", "ray")
"""`loky`: processes of this machine; `ray`: a Ray cluster."""

Given = Problem | Instance | str | Path
Progress = Callable[[int], None]
Runs = Generator[tuple[int, Result | Failure], None, None]


def solve_many(
    problems: Iterable[Given],
    planner: str = "astar",
    *,
    jobs: int = 1,
    backend: str = "loky",
    deadline_s: float | None = None,
    epsilon: float = 0.0,
    label_limit: int | None = None,
    memory_bytes: float = 2e9,
    seed: int | Sequence[int] = 0,
    progress: Progress | None = None,
) -> list[Result | Failure]:
    """Plan a batch of problems.

    Results are those of `solve`, one by one, whatever `jobs` and `backend`; only plan times
    differ, as between any two runs. A deadline is the exception: what is proven by then hangs on the
    machine and on how many share it. With a deadline each process plans its first problem twice, since the
    first time it also loads code.

    A problem that cannot be loaded or planned is reported as a failure, without harm to the others; with
    several jobs or on a cluster also one whose process dies, for want of memory for instance.

    Args:
        problems: problems, their arrays, or paths of problem files.
        planner: one of `planner_names()`.
        jobs: problems planned at a time: 1 in this process, −1 for one per core.
        backend: `loky` for processes of this machine; `ray` for a Ray cluster: the one connected to, else
            that of `RAY_ADDRESS`, else one started on this machine for the batch. Its machines need
            this project installed.
        deadline_s: [s] as in `solve`, for each problem.
        epsilon: [1] as in `solve`.
        label_limit: as in `solve`, for each problem.
        memory_bytes: [bytes] as in `solve`, for each problem.
        seed: of planners that draw; one for all or one per problem.
        progress: called here with the number of problems done, after each.

    Returns:
        A result or failure per problem, in their order. Plans refer to the caller's own instances.

    Raises:
        InputError: an argument is out of range, or Ray is not installed or not to be reached.
    """
    given = list(problems)
    planner_entry(planner)
    settings = Settings(planner, Limits(deadline_s, epsilon, label_limit, memory_bytes))
    seeds = _seeds(seed, len(given))
    workers = _workers(jobs, backend)
    done: list[Result | Failure | None] = [None] * len(given)
    runs = (
        _here(given, settings, seeds)
        if workers == 1 and backend == "loky"
        else _elsewhere(given, settings, seeds, workers, backend)
    )
    with closing(runs):  # workers stop at once where the callback raises
        for count, (index, outcome) in enumerate(runs, start=1):
            done[index] = outcome
            if progress is not None:
                progress(count)
    assert all(outcome is not None for outcome in done)
    return [outcome for outcome in done if outcome is not None]


def _seeds(seed: int | Sequence[int], count: int) -> Sequence[int]:
    if not isinstance(seed, Sequence):
        return [seed] * count
    if len(seed) != count:
        raise InputError("seed", "", f"must be one number or {count}, one per problem, not {len(seed)}")
    return seed


def _workers(jobs: int, backend: str) -> int:
    """Problems planned at a time, −1 for all that a cluster can.

    Raises:
        InputError: a value is out of range, or Ray is not installed.
    """
    if backend not in BACKENDS:
        raise InputError("backend", "", f"unknown backend {backend!r}; known are {', '.join(BACKENDS)}")
    if jobs != -1 and jobs < 1:
        raise InputError("jobs", "", f"must be at least 1, or -1 for one per core, not {jobs}")
    if backend == "ray":
        load_ray()
        return jobs
    return int(cpu_count()) if jobs == -1 else jobs


def _here(given: Sequence[Given], settings: Settings, seeds: Sequence[int]) -> Runs:
    """One after the other in this process."""
    for index, entry in enumerate(given):
        outcome: Result | Failure
        try:
            outcome = plan_with(_opened(entry), settings, seeds[index])
        except Exception as error:
            outcome = Failure.of(index, error)
        yield index, outcome


def _elsewhere(
    given: Sequence[Given], settings: Settings, seeds: Sequence[int], workers: int, backend: str
) -> Runs:
    """In workers; what cannot be opened is told first."""
    opened: dict[int, Problem | Instance] = {}
    for index, entry in enumerate(given):
        try:
            opened[index] = _opened(entry)
        except Exception as error:
            yield index, Failure.of(index, error)
    if not opened:
        return
    tasks = [Task.of(index, entry, settings, seeds[index]) for index, entry in opened.items()]
    plan = plan_on_cluster if backend == "ray" else plan_in_processes
    for outcome in plan(tasks, workers):
        index = outcome.index
        yield index, outcome if isinstance(outcome, Failure) else outcome.result_for(opened[index])


def _opened(entry: Given) -> Problem | Instance:
    """What a path or problem stands for.

    Raises:
        InputError: the file cannot be loaded, or the entry is something else.
    """
    if isinstance(entry, Problem | Instance):
        return entry
    if isinstance(entry, str | Path):
        return load_problem(entry)
    raise InputError("problems", "", f"must be problems or paths, not {type(entry).__name__}")
