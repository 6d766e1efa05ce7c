"""From an instance to a result: scale, solve, walk the plan by the rules."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from planners.astar.interrupt import Interrupt
from planners.astar.labels import LABEL_BYTES
from planners.astar.pieces import proof_of
from planners.astar.resources import NO_WALK
from planners.astar.scaled import Scale, scale_instance
from planners.astar.solver import Solver
from planners.baselines.simple import simple_plan
from planners.follow import follow
from planners.limits import Limits
from planners.proof import Proof
from planners.result import Result, Status
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Walk
from satllm_env.problem.capacity import least_bottleneck_s
from satllm_env.problem.instance import Floats, Ints

NAME = "astar"

COARSE_TICKS = 1 << 34
"""A plan of fewer ticks than this is too coarsely rounded: the instance is scaled again to its delay."""

FAR = 1.1
"""Where time is up with the best plan further than this from the bound, the simple ones are asked, too."""

STATE_BYTES, TRANSFER_BYTES = 160, 24
"""Memory that tables take per state (boundary, level, node) and per (boundary, level, link), all told."""


@dataclass(frozen=True)
class Outcome:
    """What a search has found and proven, weights that must be loaded counted in."""

    status: Status
    plan: Plan | None
    delay_s: float
    """[s] the plan's delay and what loading adds, inf without a plan."""
    lower_bound_s: float
    """[s] of the same, inf where no plan exists."""
    reason: str
    counts: Mapping[str, int]
    proof: Proof


def plan_exactly(instance: Instance, limits: Limits) -> Result:
    """Find a plan of least delay, and prove it, unless the limits stop the proof early.

    Args:
        instance: the problem.
        limits: when to stop early.

    Raises:
        InputError: the tables would not fit the memory limit.
    """
    begin = time.perf_counter()
    found = search_exactly(instance, limits)
    elapsed = time.perf_counter() - begin
    return Result(
        NAME, found.status, found.plan, found.lower_bound_s, elapsed, found.reason, found.counts, found.proof
    )


def search_exactly(instance: Instance, limits: Limits, load_s: Floats | None = None) -> Outcome:
    """The search itself.

    Args:
        instance: the problem.
        limits: when to stop early.
        load_s: (N, L) [s] by which computing a layer at a node delays the first micro-batch, and so the
            sum, without occupying the processor for the others; none by default.

    Raises:
        InputError: the tables would not fit the memory limit.
    """
    with Interrupt() as interrupt:  # all compiled code runs inside
        return _search(instance, limits, load_s, interrupt)


def _search(instance: Instance, limits: Limits, load_s: Floats | None, interrupt: Interrupt) -> Outcome:
    begin = time.perf_counter()
    max_labels = room_for_labels(instance, limits)
    least_s = _least_bottleneck_s(instance)
    if not least_s < math.inf:
        return _without_plan("no set of nodes can hold all layers", {}, Proof(math.inf, math.inf, ()))
    bound_s, incumbent = _largest_delay_s(instance, load_s), NO_WALK
    while True:
        problem, scale = scale_instance(instance, bound_s, load_s)
        ticks = scale.ticks_per_s
        solver = Solver(problem, int(bound_s * ticks) + 1, int(least_s * ticks), incumbent, max_labels)
        run = _Run(instance, solver, limits, begin, interrupt.check)
        solver.run(run.stop)
        if run.too_coarse and not solver.upper / ticks < bound_s / 2:
            run.may_be_coarse = True
            solver.run(run.stop)
        if not run.too_coarse:
            return _outcome(run, scale, least_s, load_s)
        assert solver.best is not None
        # a coarse plan's ticks may be off by as many as micro-batches: only its seconds are sure
        found = _plan(instance, solver.best, scale)
        bound_s = (found.delay_s + loading_s(found, load_s)) * (1.0 + 1e-9)
        incumbent = solver.best


class _Run:
    """One solver at work, and when it stops.

    Args:
        instance: the problem.
        solver: what works.
        limits: when to stop early.
        begin: time at which planning began.
        check: raises if the user has interrupted.
    """

    def __init__(
        self, instance: Instance, solver: Solver, limits: Limits, begin: float, check: Callable[[], None]
    ) -> None:
        self.instance, self.solver, self.limits, self.begin = instance, solver, limits, begin
        self.simple: Plan | None = None
        """A simple plan, where time was up before the search had a good one."""
        self.may_be_coarse = False
        self._check, self._asked = check, False

    @property
    def too_coarse(self) -> bool:
        """Whether the best plan has so few ticks that rounding could matter."""
        return not self.may_be_coarse and self.solver.best is not None and self.solver.upper < COARSE_TICKS

    def stop(self) -> bool:
        """Whether to stop: a limit is met, and there is a plan or the simple ones have none."""
        self._check()
        solver, limits = self.solver, self.limits
        if self.too_coarse:
            return True
        if solver.best is not None and solver.upper <= (1.0 + limits.epsilon) * solver.lower:
            return True
        late = limits.deadline_s is not None and time.perf_counter() - self.begin >= limits.deadline_s
        worked = limits.label_limit is not None and solver.counts.popped >= limits.label_limit
        if not (late or worked):
            return False
        if not self._asked and solver.upper > FAR * solver.lower:
            self._asked, self.simple = True, simple_plan(self.instance)
        return solver.best is not None or self.simple is not None


def _outcome(run: _Run, scale: Scale, least_s: float, load_s: Floats | None) -> Outcome:
    solver = run.solver
    counts = vars(solver.counts).copy()
    proven = solver.lower >= solver.upper
    optimal = proven and solver.best is not None
    plan = None if solver.best is None else _plan(run.instance, solver.best, scale)
    if run.simple is not None and not optimal:
        plan = min(
            (one for one in (run.simple, plan) if one), key=lambda one: one.delay_s + loading_s(one, load_s)
        )
    if plan is None:
        if not proven:
            raise InputError("problem", "", _unsolved(solver))
        proof = proof_of(run.instance, solver.pieces, scale, least_s, math.inf)
        return _without_plan(
            "no plan exists: the destination is out of reach under the rules and limits", counts, proof
        )
    delay_s = plan.delay_s + loading_s(plan, load_s)
    # where the search has no plan, it may have proven that none is better than what the bound allows
    lower_s = delay_s if optimal else min(delay_s, solver.lower / scale.ticks_per_s)
    status: Status = "optimal" if optimal else "feasible"
    proof = proof_of(run.instance, solver.pieces, scale, least_s, lower_s)
    return Outcome(status, plan, delay_s, lower_s, "", counts, proof)


def _without_plan(reason: str, counts: Mapping[str, int], proof: Proof) -> Outcome:
    return Outcome("infeasible", None, math.inf, math.inf, reason, counts, proof)


def _unsolved(solver: Solver) -> str:
    if solver.exhausted:
        return f"needs more than {solver.max_labels} partial walks, which the memory limit does not allow"
    return "too many processors and links serve again and again to be told apart"


def loading_s(plan: Plan, load_s: Floats | None) -> float:
    """[s] that loading a plan's weights adds to its delay.

    Args:
        plan: the plan.
        load_s: (N, L) [s] as of `search_exactly`.
    """
    if load_s is None:
        return 0.0
    return float(sum(load_s[stage.node, stage.first_layer : stage.end_layer].sum() for stage in plan.stages))


def _plan(instance: Instance, sends: Ints, scale: Scale) -> Plan:
    rows = sends.copy()
    rows[:, 3] = scale.levels[sends[:, 3]]
    walk = Walk(instance)
    fault = follow(walk, rows)
    if fault:
        raise AssertionError(f"the search found a walk that breaks a rule: {fault}")
    return Plan.from_walk(walk)


def room_for_labels(instance: Instance, limits: Limits) -> int:
    """How many labels fit beside the tables.

    Raises:
        InputError: the tables alone do not fit the memory limit.
    """
    tables = instance.tables
    boundaries, levels, nodes = tables.num_layers + 1, tables.num_levels, tables.num_nodes
    states = boundaries * levels * nodes
    transfers = boundaries * levels * len(tables.latency_s)
    needed = STATE_BYTES * states + TRANSFER_BYTES * transfers
    if needed > limits.memory_bytes:
        what = f"{states} states ({boundaries} boundaries x {levels} levels x {nodes} nodes)"
        raise InputError(
            "problem",
            "",
            f"{what} need about {needed:.3g} bytes; the limit is {limits.memory_bytes:.3g} bytes",
        )
    return int((limits.memory_bytes - needed) / LABEL_BYTES)


def _largest_delay_s(instance: Instance, load_s: Floats | None) -> float:
    """[s] no legal plan takes longer: M times every processor's and every link's longest use."""
    tables = instance.tables
    used = (
        _finite(tables.layer_s).sum() + tables.latency_s.sum() + _finite(tables.transfer_s).max((1, 2)).sum()
    )
    coded = tables.encode_s.max((1, 2)).sum() + tables.decode_s.max((1, 2)).sum()
    loads = 0.0 if load_s is None else load_s.sum()
    return float(tables.micro_batches * (used + coded) + loads)


def _least_bottleneck_s(instance: Instance) -> float:
    """[s] no plan has a smaller bottleneck, inf where the processors cannot hold the model between them."""
    nobody = np.zeros(instance.tables.num_nodes, np.bool_)
    # a little less, since it adds up in another order than plans do
    return float(least_bottleneck_s(instance.tables, nobody, -1)[-1]) * (1.0 - 1e-9)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, 0.0)
