"""One problem of a batch on its way to a worker and back: small, and free of shared arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from planners.limits import Limits
from planners.result import Result
from planners.solve import solve
from satllm_env.problem import Instance, Plan, Problem
from satllm_env.problem.instance import Ints


@dataclass(frozen=True)
class Failure:
    """A problem of a batch that could not be planned."""

    index: int
    """Its place in the batch, from 0."""
    message: str
    """What went wrong, in one line."""
    error: str
    """Name of the error's class, such as `InputError`."""

    @classmethod
    def of(cls, index: int, error: BaseException) -> Failure:
        """The failure that an error amounts to."""
        kind = type(error).__name__
        return cls(index, " ".join(str(error).split()) or kind, kind)


@dataclass(frozen=True)
class Settings:
    """What holds for the whole batch."""

    planner: str
    limits: Limits


@dataclass(frozen=True, eq=False)
class Task:
    """A problem to plan.

    An instance travels as its problem and slots, a tenth of its size, and its arrays are made again by
    the worker: Ray would hand them over read-only, for which compiled code is compiled once more.
    """

    index: int
    problem: Problem
    slots: Ints | None
    settings: Settings
    seed: int

    @classmethod
    def of(cls, index: int, given: Problem | Instance, settings: Settings, seed: int) -> Task:
        """The task of planning a problem."""
        if isinstance(given, Instance):
            return cls(index, given.problem, given.slots, settings, seed)
        return cls(index, given, None, settings, seed)


@dataclass(frozen=True, eq=False)
class Answer:
    """A result without its instance, which the caller has already."""

    index: int
    result: Result
    plan: dict[str, Any] | None
    """Fields of the plan but for the instance."""

    @classmethod
    def of(cls, index: int, result: Result) -> Answer:
        """Take the instance out of a result."""
        plan = result.plan
        if plan is None:
            return cls(index, result, None)
        values = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name != "instance"}
        return cls(index, replace(result, plan=None), values)

    def result_for(self, given: Problem | Instance) -> Result:
        """The result as if it had been found for the caller's own object."""
        if self.plan is None:
            return self.result
        instance = given if isinstance(given, Instance) else Instance.from_problem(given)
        return replace(self.result, plan=Plan(instance=instance, **self.plan))


Outcome = Answer | Failure
Work = Callable[[Task], Outcome]
"""What a worker does with a task."""


def plan_task(task: Task) -> Outcome:
    """Plan a task in a worker; whatever goes wrong there comes back as a failure."""
    try:
        instance = Instance.from_problem(task.problem, task.slots)
        return Answer.of(task.index, plan_with(instance, task.settings, task.seed))
    except Exception as error:
        return Failure.of(task.index, error)


_warm: set[str] = set()
"""Planners whose compiled code this process has loaded."""


def plan_with(given: Problem | Instance, settings: Settings, seed: int) -> Result:
    """Plan by the settings of a batch.

    Raises:
        InputError: the problem is out of range or too large for the planner.
    """
    limits = settings.limits
    times = 1
    if limits.deadline_s is not None and settings.planner not in _warm:
        times = 2  # or the deadline of a process's first problem would pass while code is loaded
    for _ in range(times):
        result = solve(
            given,
            settings.planner,
            deadline_s=limits.deadline_s,
            epsilon=limits.epsilon,
            label_limit=limits.label_limit,
            seed=seed,
        )
    _warm.add(settings.planner)
    return result
