"""When each resource of a pipeline works on each micro-batch: the flow shop's recurrence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from satllm_env.problem.instance import Floats, Ints
from satllm_env.problem.plan import Plan, Stage, Transfer


@dataclass(frozen=True, eq=False)
class Schedule:
    """Busy intervals of R resources for some of the M micro-batches, from the first one's start."""

    start_s: Floats
    """(R, K) [s]"""
    end_s: Floats
    """(R, K) [s] of the busy time; a link's latency comes after it."""
    makespan_s: float
    """[s] until the last of all M micro-batches is through, the last latency included."""


def schedule(plan: Plan) -> Schedule:
    """Intervals of every micro-batch of a plan; the makespan is the plan's delay."""
    return flow_shop(plan.resources, plan.instance.tables.micro_batches)


def flow_shop(
    resources: Sequence[Stage | Transfer], micro_batches: int, batches: Ints | None = None
) -> Schedule:
    """Send identical micro-batches through resources that serve first in, first out.

    ``C(r, m) = max(C(r, m − 1), C(r − 1, m) + latency(r − 1)) + busy(r)``: the permutation flow shop's
    recurrence (Pinedo, Scheduling, 6th ed. 2022, section 6.1), with time lags between machines.

    Args:
        resources: R processors and links in the order in which a micro-batch meets them.
        micro_batches: M ≥ 1.
        batches: (K,) micro-batches whose intervals are kept, all by default; for a large M.
    """
    every = np.arange(micro_batches)
    kept = every if batches is None else batches
    start_s = np.empty((len(resources), len(kept)))
    end_s = np.empty_like(start_s)
    ready_s = np.zeros(micro_batches)
    for r, resource in enumerate(resources):
        # max-plus prefix: C(r, m) − (m + 1)·busy is the running maximum of ready(m) − m·busy
        begun_s = np.maximum.accumulate(ready_s - every * resource.busy_s) + every * resource.busy_s
        done_s = begun_s + resource.busy_s
        start_s[r], end_s[r] = begun_s[kept], done_s[kept]
        ready_s = done_s + (resource.latency_s if isinstance(resource, Transfer) else 0.0)
    return Schedule(start_s, end_s, float(ready_s[-1]))
