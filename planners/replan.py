"""Replanning: the best plan for a problem that has changed, counting the weights that must move."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from planners.astar.run import Outcome, search_exactly
from planners.limits import Limits
from planners.loading import Loading, Resident, held_layers
from planners.replan_result import SAME, Candidate, Replan
from planners.result import Status
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Problem, evaluate
from satllm_env.problem.plan import Step

_LIMITED = ", computing only layers that are held or can be loaded"


def replan(
    problem: Problem | Instance,
    current: Plan | Sequence[Step],
    *,
    load_rate_bps: float | Mapping[str, float],
    resident: Resident | None = None,
    deadline_s: float | None = None,
    epsilon: float = 0.0,
    label_limit: int | None = None,
    memory_bytes: float = 2e9,
) -> Replan:
    """Find the best plan for a changed problem, and say whether switching to it pays.

    A node that computes layers whose weights it does not hold loads them once, when the first micro-batch
    reaches it and before it computes that; the other micro-batches do not wait for the weights again. Weights
    come from the node's own storage or uplink and occupy no link of the problem. The cost of a plan is

        cost = delay + Σ load = Σ (busy + latency) + Σ load + (M − 1) · max busy

    A load is a set-up before the first job on a machine of a flow shop, whose makespan is
    Σ (busy + latency) + max over i of [Σ_{k ≤ i} load_k + (M − 1) · busy_i], i and k counting processors
    and links along the way. That is the cost if a bottleneck comes no earlier than the last load (or M = 1
    or nothing is loaded), and less otherwise, since micro-batches then catch up behind a load. Loading
    ahead of the first micro-batch can only be quicker. So the cost is never too small.

    Memory limits a stage, as in every plan: weights held but not used make room for those that are loaded.

    Args:
        problem: the problem as it is now.
        current: the plan in force, made for the problem as it was; it may name nodes, links and levels that
            are no more. Layers are those of the same model.
        load_rate_bps: [bit/s] at which weights that a node does not hold come to it, for all nodes or by
            node id. inf is in no time; a node at 0 or left out loads nothing, so it may only compute layers
            that it holds. No default: it decides, and no value suits every constellation.
        resident: layers, from 0, that each node holds, by node id; nodes left out hold none. By default
            each node holds what `current` computes there.
        deadline_s: [s] when to stop proving; `long_run` has what is left of it by then.
        epsilon: [1] as of `solve`, on the cost.
        label_limit: partial walks that each of the two searches may look at.
        memory_bytes: [bytes] as of `solve`.

    Returns:
        The plan of least cost, the plan in force on the changed problem, and how they compare.

    Raises:
        InputError: an unknown node or layer in `resident` or `load_rate_bps`, a value out of range, or a
            problem too large.
    """
    begin = time.perf_counter()
    limits = Limits(deadline_s, epsilon, label_limit, memory_bytes)
    instance = problem if isinstance(problem, Instance) else Instance.from_problem(problem)
    steps = current.steps if isinstance(current, Plan) else tuple(current)
    loading = Loading(instance, held_layers(steps, instance) if resident is None else resident, load_rate_bps)
    kept, fault = _keep(loading, steps)
    # a load that takes longer than keeping the plan costs is part of no cheaper plan
    searched, load_s = loading.within(kept.cost_s if kept else math.inf)
    found = search_exactly(searched, limits, load_s)
    best, status = _best(loading, kept, found)
    long_run = _long_run(loading, kept, best, _left(limits, begin)) if best else None
    return Replan(
        status=status,
        best=best,
        lower_bound_s=min(found.lower_bound_s, best.cost_s) if best else found.lower_bound_s,
        reason=found.reason + (_LIMITED if best is None and searched is not instance else ""),
        kept_candidate=kept,
        kept_fault=fault,
        long_run_candidate=long_run,
        plan_time_s=time.perf_counter() - begin,
    )


def _keep(loading: Loading, steps: Sequence[Step]) -> tuple[Candidate | None, str]:
    """The plan in force on the changed problem, or what it breaks there."""
    try:
        plan = evaluate(loading.instance, steps, "the plan in force")
    except InputError as error:
        return None, str(error)
    fault = loading.fault(plan)
    return (None, f"the plan in force: {fault}") if fault else (Candidate(plan, loading.loads(plan)), "")


def _best(loading: Loading, kept: Candidate | None, found: Outcome) -> tuple[Candidate | None, Status]:
    """The cheaper of what was kept and what was found; the kept one where they cost the same."""
    new = _candidate(loading, found.plan)
    assert kept is None or new is not None, "the search denies the plan in force"
    if new is None or kept is None or new.cost_s < kept.cost_s * (1.0 - SAME):
        return new, found.status
    # a search cut short may have missed that the kept plan reaches its bound
    proven = found.status == "optimal" or kept.cost_s <= found.lower_bound_s * (1.0 + SAME)
    return kept, "optimal" if proven else "feasible"


def _long_run(loading: Loading, kept: Candidate | None, best: Candidate, limits: Limits) -> Candidate:
    """The plan of least delay once its weights are loaded; one at hand where it is as good."""
    at_hand = [candidate for candidate in (kept, best) if candidate is not None]
    searched, load_s = loading.within(math.inf)
    if load_s is not None:
        found = _candidate(loading, search_exactly(searched, limits).plan)
        at_hand += [found] if found is not None else []
    least_s = min(candidate.delay_s for candidate in at_hand)
    return next(candidate for candidate in at_hand if candidate.delay_s <= least_s * (1.0 + SAME))


def _candidate(loading: Loading, plan: Plan | None) -> Candidate | None:
    """A plan of the instance searched as one of the problem itself."""
    if plan is None:
        return None
    plan = replace(plan, instance=loading.instance)
    return Candidate(plan, loading.loads(plan))


def _left(limits: Limits, begin: float) -> Limits:
    if limits.deadline_s is None:
        return limits
    return replace(limits, deadline_s=max(0.0, limits.deadline_s - (time.perf_counter() - begin)))
