"""From an instance to a result: scale, solve, walk the plan by the rules."""

from __future__ import annotations

import math
import time

import numpy as np

from planners.astar.resources import MAX_BITS
from planners.astar.scaled import Scale, scale_instance
from planners.astar.solver import Solver
from planners.baselines.simple import simple_plan
from planners.follow import follow
from planners.limits import Limits
from planners.result import Result
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Walk
from satllm_env.problem.capacity import least_bottleneck_s
from satllm_env.problem.instance import Floats, Ints

NAME = "astar"

PATIENCE_S = 0.02
"""A search that has found no plan by then is given a simple one to beat."""

COARSE_TICKS = 1 << 34
"""A plan of fewer ticks than this is too coarsely rounded: the instance is scaled again to its delay."""


def plan_exactly(instance: Instance, limits: Limits) -> Result:
    """Find a plan of least delay, and prove it, unless the limits stop the proof early.

    Args:
        instance: the problem.
        limits: when to stop early.
    """
    begin = time.perf_counter()
    bound_s = _largest_delay_s(instance)
    least_s = _least_bottleneck_s(instance)
    if not least_s < math.inf:
        elapsed = time.perf_counter() - begin
        return Result(NAME, "infeasible", None, math.inf, elapsed, "no set of nodes can hold all layers", {})
    while True:
        problem, scale = scale_instance(instance, bound_s)
        solver = Solver(problem, int(bound_s * scale.ticks_per_s) + 1, int(least_s * scale.ticks_per_s))
        simple = _run(instance, solver, scale, limits, begin)
        if solver.best is None or solver.upper >= COARSE_TICKS:
            return _result(instance, solver, scale, begin, simple)
        plan_s = _plan(instance, solver.best, scale).delay_s
        if not 0.0 < plan_s < bound_s / 2:
            return _result(instance, solver, scale, begin, simple)
        bound_s = plan_s * 1.001


def _run(instance: Instance, solver: Solver, scale: Scale, limits: Limits, begin: float) -> Plan | None:
    """Work until nothing is left or a limit is met; without any plan no limit is.

    Returns:
        A simple plan, where the search had to be helped to one.
    """
    asked, simple = False, None

    def stop() -> bool:
        nonlocal asked, simple
        if solver.best is None and not asked and time.perf_counter() - begin > PATIENCE_S:
            asked, simple = True, simple_plan(instance)
            if simple is not None:
                solver.upper = min(solver.upper, int(simple.delay_s * scale.ticks_per_s) + 2)
        if solver.best is None and simple is None:
            return False
        if limits.deadline_s is not None and time.perf_counter() - begin >= limits.deadline_s:
            return True
        if limits.label_limit is not None and solver.counts.popped >= limits.label_limit:
            return True
        return solver.upper <= (1.0 + limits.epsilon) * solver.lower

    solver.run(stop)
    return simple


def _result(instance: Instance, solver: Solver, scale: Scale, begin: float, simple: Plan | None) -> Result:
    counts = vars(solver.counts).copy()
    if solver.best is None and simple is None and solver.lower < solver.upper:
        raise InputError("problem", "", f"needs more than {MAX_BITS} once-only resources to be told apart")
    if solver.best is None and simple is None:
        reason = "no plan exists: the destination is out of reach under the rules and limits"
        elapsed = time.perf_counter() - begin
        return Result(NAME, "infeasible", None, float("inf"), elapsed, reason, counts)
    # no search result beats the simple plan as long as the search has none of its own
    plan = simple if solver.best is None else _plan(instance, solver.best, scale)
    assert plan is not None
    proven = solver.lower >= solver.upper
    lower_s = plan.delay_s if proven else min(plan.delay_s, max(0, solver.lower) / scale.ticks_per_s)
    elapsed = time.perf_counter() - begin
    return Result(NAME, "optimal" if proven else "feasible", plan, lower_s, elapsed, "", counts)


def _plan(instance: Instance, sends: Ints, scale: Scale) -> Plan:
    rows = sends.copy()
    rows[:, 3] = scale.levels[sends[:, 3]]
    walk = Walk(instance)
    fault = follow(walk, rows)
    if fault:
        raise AssertionError(f"the search found a walk that breaks a rule: {fault}")
    return Plan.from_walk(walk)


def _largest_delay_s(instance: Instance) -> float:
    """[s] no legal plan takes longer: M times every processor's and every link's longest use."""
    tables = instance.tables
    used = (
        _finite(tables.layer_s).sum() + tables.latency_s.sum() + _finite(tables.transfer_s).max((1, 2)).sum()
    )
    coded = tables.encode_s.max((1, 2)).sum() + tables.decode_s.max((1, 2)).sum()
    return float(tables.micro_batches * (used + coded))


def _least_bottleneck_s(instance: Instance) -> float:
    """[s] no plan has a smaller bottleneck, inf where the processors cannot hold the model between them."""
    nobody = np.zeros(instance.tables.num_nodes, np.bool_)
    # a little less, since it adds up in another order than plans do
    return float(least_bottleneck_s(instance.tables, nobody, -1)[-1]) * (1.0 - 1e-9)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, 0.0)
