"""What planning returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from planners.proof import Proof
from satllm_env.problem import Plan

Status = Literal["optimal", "feasible", "infeasible"]


@dataclass(frozen=True)
class Result:
    """A plan, or why there is none, and what is proven about it."""

    planner: str
    status: Status
    """`optimal` only where proven; `infeasible` where the planner has no plan: for an exact planner a
    proof that none exists."""
    plan: Plan | None
    lower_bound_s: float
    """[s] proven: no legal plan has a smaller delay; inf where none exists, 0 where nothing is proven."""
    plan_time_s: float
    """[s] that planning took."""
    reason: str = ""
    """Why there is no plan."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How much work was done, by kind."""
    proof: Proof | None = None
    """What `planners.certificate` needs to check the bound, from planners that give it."""

    @property
    def feasible(self) -> bool:
        """Whether there is a plan."""
        return self.plan is not None

    @property
    def delay_s(self) -> float:
        """[s] delay of the plan, inf without one."""
        return self.plan.delay_s if self.plan else float("inf")

    @property
    def sum_s(self) -> float:
        """[s] what one micro-batch takes from end to end, inf without a plan."""
        return self.plan.sum_s if self.plan else float("inf")

    @property
    def bottleneck_s(self) -> float:
        """[s] the longest busy time, inf without a plan."""
        return self.plan.bottleneck_s if self.plan else float("inf")

    @property
    def accuracy_loss(self) -> float:
        """[percentage points] lost by the plan's cuts, inf without a plan."""
        return self.plan.accuracy_loss if self.plan else float("inf")

    @property
    def isl_bytes(self) -> float:
        """[bytes] over inter-satellite links, inf without a plan."""
        return self.plan.isl_bytes if self.plan else float("inf")

    @property
    def downlink_bytes(self) -> float:
        """[bytes] over links with an end on the ground, inf without a plan."""
        return self.plan.downlink_bytes if self.plan else float("inf")

    @property
    def gap(self) -> float:
        """[1] how far the plan may be from the optimum at most, relative to the lower bound."""
        if self.plan is None or self.lower_bound_s <= 0.0:
            return float("inf")
        return max(0.0, self.delay_s / self.lower_bound_s - 1.0)

    def summary(self) -> str:
        """One or two lines for people."""
        head = f"{self.planner}: {self.status}"
        if self.plan is None:
            return f"{head}: {self.reason}" if self.reason else head
        bound = f", proven within {self.gap:.3%} of the optimum" if self.status == "feasible" else ""
        if self.gap == float("inf"):
            bound = ""
        return (
            f"{head}, delay {self.delay_s:.6g} s = {self.sum_s:.6g} s + "
            f"{self.plan.instance.tables.micro_batches - 1} x {self.bottleneck_s:.6g} s{bound}\n"
            f"accuracy loss {self.accuracy_loss:.4g} points, {self.isl_bytes:.4g} bytes between satellites, "
            f"{self.downlink_bytes:.4g} bytes to the ground, planned in {1e3 * self.plan_time_s:.3g} ms"
        )
