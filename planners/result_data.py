"""Results as plain data, the form of the commands' JSON."""

from __future__ import annotations

import math
from typing import Any

from planners.certificate import Verdict
from planners.result import Result


def result_as_data(result: Result) -> dict[str, Any]:
    """The JSON object of a result; without a plan its figures are null."""
    plan = result.plan
    return {
        "planner": result.planner,
        "status": result.status,
        "delay_s": plan and plan.delay_s,
        "sum_s": plan and plan.sum_s,
        "bottleneck_s": plan and plan.bottleneck_s,
        "accuracy_loss": plan and plan.accuracy_loss,
        "isl_bytes": plan and plan.isl_bytes,
        "downlink_bytes": plan and plan.downlink_bytes,
        "plan_time_s": result.plan_time_s,
        "lower_bound_s": result.lower_bound_s if math.isfinite(result.lower_bound_s) else None,
        "reason": result.reason,
        "counts": dict(result.counts),
        "steps": plan.steps_as_data() if plan else [],
    }


def verdict_as_data(verdict: Verdict) -> dict[str, Any]:
    """The JSON object of a certificate's verdict."""
    example = verdict.counter_example
    return {
        "status": verdict.status,
        "delay_s": verdict.delay_s if math.isfinite(verdict.delay_s) else None,
        "lower_bound_s": verdict.lower_bound_s if math.isfinite(verdict.lower_bound_s) else None,
        "findings": list(verdict.lines),
        "counts": dict(verdict.counts),
        "counter_example": example and example.steps_as_data(),
    }
