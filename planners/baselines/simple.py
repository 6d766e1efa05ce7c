"""The best of the simple baselines: a legal plan, quickly, where one of them has any."""

from __future__ import annotations

from planners.baselines.greedy import greedy
from planners.baselines.ground_only import ground_only
from planners.baselines.shares import proportional, uniform
from planners.baselines.single_satellite import single_satellite
from planners.baselines.split import NoSplitError
from satllm_env.problem import Instance, Plan

QUICK = (ground_only, single_satellite, proportional, uniform)
LAST = (greedy,)
"""Asked only where the quick ones have none."""


def simple_plan(instance: Instance) -> Plan | None:
    """The plan of least delay among those of the simple baselines, None where none has one."""
    best: Plan | None = None
    for baseline in (*QUICK, *LAST):
        if best is not None and baseline in LAST:
            break
        try:
            plan = baseline(instance)
        except NoSplitError:
            continue
        if best is None or plan.delay_s < best.delay_s:
            best = plan
    return best
