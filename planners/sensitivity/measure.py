"""How much more of one resource at a time shortens the delay, measured by planning again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planners.replan_result import SAME
from planners.result import Result, Status
from planners.sensitivity.candidates import candidates
from planners.sensitivity.resource import Resource, enlarged
from planners.solve import solve
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Problem, evaluate

FACTORS = (1.25, 2.0)
"""[1] a quarter more and twice as much."""
_SHARE = 0.1
"""[1] of the time left that one run may take."""

Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class Trial:
    """The best plan found with `factor` times as much of a resource."""

    factor: float
    plan: Plan
    saved_s: float
    """[s] of the delay, at least 0: the plan at hand can always be kept."""
    status: Status
    """`optimal` where no plan saves more, `feasible` where a longer search might."""


@dataclass(frozen=True)
class Help:
    """What more of one resource is worth."""

    resource: Resource
    on_path: bool
    """Whether the plan at hand uses it."""
    trials: tuple[Trial | None, ...]
    """One per factor, None where the time was up."""

    @property
    def most_saved_s(self) -> float:
        """[s] at the largest factor measured."""
        return max((trial.saved_s for trial in self.trials if trial), default=0.0)


@dataclass(frozen=True)
class Sensitivity:
    """What more of each resource near a plan's path is worth, the most helpful first."""

    base: Result
    """The exact planner's result on the problem as it is, or a better plan that was given."""
    factors: tuple[float, ...]
    helps: tuple[Help, ...]
    unmeasured: tuple[Resource, ...]
    """Candidates that the time did not suffice for."""

    @property
    def helpful(self) -> tuple[Help, ...]:
        """Those that shorten the delay."""
        return tuple(entry for entry in self.helps if entry.most_saved_s > 0)


def sensitivity(
    problem: Problem | Instance,
    base: Result | None = None,
    *,
    factors: Sequence[float] = FACTORS,
    deadline_s: float | None = 20.0,
    tick: Tick = lambda done, all_of_them: None,
) -> Sensitivity:
    """Plan again with more of one resource at a time.

    Every candidate is measured at the largest factor first. More of a resource never lengthens the delay, so
    where the largest factor provably saves nothing the smaller ones do not either and are not run.

    Args:
        problem: the problem.
        base: what a planner found for it; the exact planner runs where this is not proven optimal.
        factors: [1] how much more, each at least 1.
        deadline_s: [s] for all of it; the run in progress is cut short, candidates not reached are listed.
            None measures all, and to the end of the proof.
        tick: called after every candidate with how many are done and how many there are.

    Returns:
        The measurements; none where there is no plan.

    Raises:
        InputError: no factor, one below 1, or a deadline below 0.
    """
    steps = sorted(factors)
    if not steps:
        raise InputError("factors", "", "give one at least")
    if deadline_s is not None and not deadline_s >= 0:
        raise InputError("deadline_s", "", f"must be at least 0 s, not {deadline_s!r}")
    instance = problem if isinstance(problem, Instance) else Instance.from_problem(problem)
    clock = _Clock(deadline_s)
    base = _base(instance, base, clock)
    if base.plan is None:
        return Sensitivity(base, tuple(steps), (), ())
    return _measure(base, base.plan, steps, clock, tick)


def _base(instance: Instance, given: Result | None, clock: _Clock) -> Result:
    """The best that is known of the problem as it is."""
    if given is not None and (given.status == "optimal" or given.lower_bound_s == math.inf):
        return given
    found = solve(instance, deadline_s=clock.share_s())
    return given if given is not None and given.delay_s < found.delay_s else found


class _Clock:
    """What is left of a time limit."""

    def __init__(self, limit_s: float | None) -> None:
        self.end_s = None if limit_s is None else time.perf_counter() + limit_s

    @property
    def left_s(self) -> float | None:
        return None if self.end_s is None else max(0.0, self.end_s - time.perf_counter())

    @property
    def up(self) -> bool:
        return self.left_s == 0.0

    def share_s(self) -> float | None:
        """[s] that one run may take."""
        return None if self.left_s is None else _SHARE * self.left_s


def _measure(base: Result, plan: Plan, factors: list[float], clock: _Clock, tick: Tick) -> Sensitivity:
    on_path, beside = candidates(plan)
    helps: list[Help] = []
    unmeasured: list[Resource] = []
    for number, resource in enumerate((*on_path, *beside), start=1):
        if clock.up:
            unmeasured.append(resource)
            continue
        trials = _trials(plan, resource, factors, clock)
        helps.append(Help(resource, number <= len(on_path), tuple(trials)))
        tick(number, len(on_path) + len(beside))
    helps.sort(key=lambda entry: -entry.most_saved_s)
    return Sensitivity(base, tuple(factors), tuple(helps), tuple(unmeasured))


def _trials(plan: Plan, resource: Resource, factors: list[float], clock: _Clock) -> list[Trial | None]:
    """The largest factor first; the smaller ones by planning where they can save anything."""
    *smaller, most = factors
    largest = _try(plan, resource, most, clock)
    if largest.saved_s == 0 and largest.status == "optimal":
        return [*(_kept(plan, resource, factor) for factor in smaller), largest]
    trials = [None if clock.up else _try(plan, resource, factor, clock) for factor in smaller]
    return _rising(plan, resource, [*trials, largest])


def _try(plan: Plan, resource: Resource, factor: float, clock: _Clock) -> Trial:
    instance = _instance(plan, resource, factor)
    found = solve(instance, deadline_s=clock.share_s())
    return _trial(plan, instance, factor, [found.plan, plan], found.status)


def _trial(
    plan: Plan, instance: Instance, factor: float, at_hand: Sequence[Plan | None], status: Status
) -> Trial:
    """The best of some plans on an enlarged instance, compared with the plan for the problem as it is."""
    replayed = [evaluate(instance, entry.steps) for entry in at_hand if entry is not None]
    best = min(replayed, key=lambda entry: entry.delay_s)
    saved_s = plan.delay_s - best.delay_s
    return Trial(factor, best, saved_s if saved_s > SAME * plan.delay_s else 0.0, status)


def _kept(plan: Plan, resource: Resource, factor: float) -> Trial:
    """The plan at hand, where it is known to stay the best."""
    return _trial(plan, _instance(plan, resource, factor), factor, [plan], "optimal")


def _rising(plan: Plan, resource: Resource, trials: list[Trial | None]) -> list[Trial | None]:
    """Let each factor have the plans of the smaller ones too, which may be better than an unproven one."""
    rising: list[Trial | None] = []
    known: list[Plan] = []
    for entry in trials:
        trial = entry
        if trial is not None and trial.status != "optimal" and known:
            instance = _instance(plan, resource, trial.factor)
            trial = _trial(plan, instance, trial.factor, [trial.plan, *known], trial.status)
        known += [trial.plan] if trial is not None else []
        rising.append(trial)
    return rising


def _instance(plan: Plan, resource: Resource, factor: float) -> Instance:
    problem = enlarged(plan.instance.problem, resource, factor)
    return Instance.from_problem(problem, plan.instance.slots)
