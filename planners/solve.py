"""The front door."""

from __future__ import annotations

from planners.limits import Limits
from planners.registry import planner_entry
from planners.result import Result
from satllm_env.problem import Instance, Problem


def solve(
    problem: Problem | Instance,
    planner: str = "astar",
    *,
    deadline_s: float | None = None,
    epsilon: float = 0.0,
    label_limit: int | None = None,
    memory_bytes: float = 2e9,
    seed: int = 0,
) -> Result:
    """Plan a split.

    Args:
        problem: the problem, or its arrays if they are at hand.
        planner: one of `planner_names()`.
        deadline_s: [s] exact planners stop their proof after this; a plan they always have by then, or
            the run goes on until it has one or knows that there is none.
        epsilon: [1] exact planners stop once the plan is within 1 + epsilon of the optimum.
        label_limit: partial walks that exact planners may look at.
        memory_bytes: [bytes] what exact planners may take beside the instance.
        seed: of planners that draw.

    Returns:
        The plan and what is proven about it.

    Raises:
        InputError: unknown planner, a limit out of range, or a problem too large for a planner.
    """
    entry = planner_entry(planner)
    limits = Limits(deadline_s, epsilon, label_limit, memory_bytes)
    instance = problem if isinstance(problem, Instance) else Instance.from_problem(problem)
    return entry.plan(instance, limits, seed)
