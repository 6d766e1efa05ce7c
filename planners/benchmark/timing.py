"""One planning run: how long it took, and what came out."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from planners.benchmark.sizes import Size, size_of
from planners.solve import solve
from satllm_env.cli import finite_or_none
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem

PROVEN = ("optimal", "infeasible")


@dataclass(frozen=True)
class Timing:
    """Planning of one problem."""

    seed: int
    size: Size
    status: str
    """As of `Result`; "failed" where planning gave up."""
    delay_s: float
    """[s] of the plan, inf without one."""
    lower_bound_s: float
    """[s] proven: no plan is quicker; inf where none exists."""
    wall_s: float
    """[s] `Result.plan_time_s`: from the problem's arrays to the plan."""
    cpu_s: float
    """[s] the same in time of the processor, which other programs do not disturb."""
    arrays_s: float
    """[s] of turning the problem into arrays, before planning."""
    reason: str = ""
    """Why planning gave up."""

    @property
    def feasible(self) -> bool:
        """Whether there is a plan."""
        return self.delay_s < math.inf

    @property
    def proven(self) -> bool:
        """Whether planning came to an end."""
        return self.status in PROVEN

    def as_data(self) -> dict[str, Any]:
        """Plain data; None stands for inf."""
        return {
            **vars(self),
            "size": self.size._asdict(),
            "delay_s": finite_or_none(self.delay_s),
            "lower_bound_s": finite_or_none(self.lower_bound_s),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Timing:
        """The opposite of `as_data`."""
        infinite = {key: math.inf for key in ("delay_s", "lower_bound_s") if data[key] is None}
        return cls(**{**data, "size": Size(**data["size"]), **infinite})


def time_planning(problem: Problem, seed: int, deadline_s: float) -> Timing:
    """Plan a problem by the exact planner and take the time.

    Args:
        problem: the problem.
        seed: what it was drawn from.
        deadline_s: [s] of the planner.
    """
    begin = time.perf_counter()
    instance = Instance.from_problem(problem)
    arrays_s = time.perf_counter() - begin
    begin, begin_cpu = time.perf_counter(), time.process_time()
    try:
        result = solve(instance, deadline_s=deadline_s)
    except (InputError, AssertionError) as error:  # out of memory, or a bug: told in the report
        wall_s, cpu_s = time.perf_counter() - begin, time.process_time() - begin_cpu
        reason = f"{type(error).__name__}: {error}"
        return Timing(seed, size_of(problem), "failed", math.inf, 0.0, wall_s, cpu_s, arrays_s, reason)
    cpu_s = time.process_time() - begin_cpu
    return Timing(
        seed,
        size_of(problem),
        result.status,
        result.delay_s,
        result.lower_bound_s,
        result.plan_time_s,
        cpu_s,
        arrays_s,
    )
