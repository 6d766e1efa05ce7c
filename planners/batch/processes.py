"""A batch over processes of this machine, by joblib; a process that dies takes no other problem with it."""

from __future__ import annotations

import re
import signal
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky import ProcessPoolExecutor

from planners.batch.task import Failure, Outcome, Task, Work, plan_task


def plan_in_processes(tasks: Sequence[Task], jobs: int, work: Work = plan_task) -> Iterator[Outcome]:
    """Plan tasks in processes.

    When a process dies, all that were under way are planned again one after the other, so that the one
    at fault is found; the others go on in parallel.

    Args:
        tasks: the batch.
        jobs: processes, at least 2.
        work: what a process does with a task.

    Yields:
        The outcomes in the order of the tasks.
    """
    left = tasks
    while left:
        feed, answered = _Feed(left), 0
        try:
            for outcome in _parallel(feed, jobs, work):
                answered += 1
                yield outcome
            return
        except BrokenProcessPool:
            taken = max(feed.taken, answered + 1)
        yield from _one_by_one(left[answered:taken], work)
        left = left[taken:]


class _Feed:
    """Hands out tasks and counts them: joblib takes them shortly before they are planned."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks
        self.taken = 0

    def __iter__(self) -> Iterator[Task]:
        for task in self._tasks:
            self.taken += 1
            yield task


def _parallel(feed: _Feed, jobs: int, work: Work) -> Iterator[Outcome]:
    # arrays of files would be read-only, for which compiled code is compiled once more: max_nbytes
    pool = Parallel(n_jobs=jobs, backend="loky", return_as="generator", max_nbytes=None)
    outcomes = pool(delayed(_undisturbed)(work, task) for task in feed)
    try:
        for outcome in outcomes:  # noqa: UP028 - closed below, not before
            yield outcome
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib warns where its caller leaves early
            outcomes.close()


def _undisturbed(work: Work, task: Task) -> Outcome:
    """Work on through interrupts, which can crash compiled code; the caller has them too, and ends all."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return work(task)
    finally:
        signal.signal(signal.SIGINT, before)


def _one_by_one(tasks: Sequence[Task], work: Work) -> Iterator[Outcome]:
    with _Lone() as process:
        for task in tasks:
            try:
                yield process.run(work, task)
                continue
            except BrokenProcessPool:
                process.replace()
            # it may have died of what was planned before; now the task has a process of its own
            try:
                yield process.run(work, task)
            except BrokenProcessPool as error:
                process.replace()
                yield _death(task, error)


class _Lone:
    """One process at a time, that can be replaced."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(max_workers=1)

    def __enter__(self) -> _Lone:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(kill_workers=True)

    def replace(self) -> None:
        """Start over in a new process."""
        self._pool.shutdown(kill_workers=True)
        self._pool = ProcessPoolExecutor(max_workers=1)

    def run(self, work: Work, task: Task) -> Outcome:
        """Wait for the process to do a task.

        Raises:
            BrokenProcessPool: the process has died.
        """
        outcome: Any = self._pool.submit(_undisturbed, work, task).result()
        assert isinstance(outcome, Outcome)
        return outcome


def _death(task: Task, error: BrokenProcessPool) -> Failure:
    code = re.search(r"\{(.+)\}", str(error))
    how = f" ({code[1]})" if code else ""
    message = f"the process that planned it died{how}, also alone; it may need more memory than there is"
    return Failure(task.index, message, type(error).__name__)
