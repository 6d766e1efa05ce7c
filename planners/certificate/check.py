"""Check of a planner's result: its plan by the rules, its bound by an own proof."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from planners.certificate.bound import TOLERANCE, BoundCheck
from planners.certificate.effort import Effort
from planners.certificate.verdict import Verdict
from planners.result import Result
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Problem, evaluate

LABEL_LIMIT = 3_000_000
"""Labels and copied states that a check may look at by default."""


def check_result(
    problem_or_instance: Problem | Instance,
    result: Result,
    *,
    label_limit: int = LABEL_LIMIT,
    deadline_s: float | None = None,
) -> Verdict:
    """Check a result without trusting anything of it.

    The plan is walked and costed by the project's own rules. The lower bound is shown again, to a
    relative 1e-9, with the proof's prices and watched resources as hints only.

    Args:
        problem_or_instance: what was planned.
        result: what the planner says.
        label_limit: labels and copied states that the check may look at; 0 leaves it with plain bounds.
        deadline_s: [s] the check gives up after this, None for never.

    Returns:
        The verdict; `unverified` where the limits were reached or the proof is missing or incomplete.
    """
    given = problem_or_instance
    instance = given if isinstance(given, Instance) else Instance.from_problem(given)
    check = _Check(instance, result)
    check.plan_keeps_its_word()
    check.claims_agree()
    if not check.refuted:
        check.bound_holds(Effort(label_limit, deadline_s))
    return check.verdict()


@dataclass
class _Check:
    instance: Instance
    result: Result
    plan: Plan | None = None
    """The plan, evaluated again."""
    refuted: bool = False
    proven: bool = False
    lower_bound_s: float = 0.0
    counter_example: Plan | None = None
    lines: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def delay_s(self) -> float:
        return self.plan.delay_s if self.plan else math.inf

    def plan_keeps_its_word(self) -> None:
        """Walk the plan and compare what it costs with what is said."""
        claimed = self.result.plan
        if claimed is None:
            return
        try:
            self.plan = evaluate(self.instance, claimed.steps)
        except (InputError, IndexError) as error:
            self._refute(f"the plan is not legal: {error}")
            return
        self.lines.append(f"the plan is legal and takes {self.plan.delay_s:.9g} s")
        for name in ("delay_s", "sum_s", "bottleneck_s", "accuracy_loss"):
            said, found = getattr(claimed, name), getattr(self.plan, name)
            if not math.isclose(said, found, rel_tol=TOLERANCE, abs_tol=1e-15):
                self._refute(f"the plan's {name} is {found:.12g}, not {said:.12g}")

    def claims_agree(self) -> None:
        """The status, the plan and the lower bound do not contradict one another."""
        status, bound = self.result.status, self.result.lower_bound_s
        if (status == "infeasible") == (self.result.plan is not None):
            self._refute(f"the status is {status!r} {'with' if self.result.plan else 'without'} a plan")
        if status == "optimal" and not bound >= self.delay_s * (1.0 - TOLERANCE):
            self._refute(f"optimal is claimed with a lower bound of only {bound:.9g} s")
        if self.plan and not self.plan.delay_s >= bound * (1.0 - TOLERANCE):
            self._refute(f"the plan itself is below the lower bound of {bound:.9g} s")
            self.counter_example = self.plan

    def bound_holds(self, effort: Effort) -> None:
        """Show the lower bound again, if there is a proof of it."""
        claimed_s: float = self.result.lower_bound_s
        proof = self.result.proof
        if self.result.status == "feasible" and claimed_s <= 0.0:
            self.proven = True
            self.lines.append("no bound is claimed")
            return
        if proof is None:
            self.lines.append("there is no proof")
            return
        check = BoundCheck(self.instance, proof, effort)
        check.run()
        self.lines += check.lines
        self.counts = dict(check.counts)
        self.counter_example = check.counter_example
        self.refuted |= check.counter_example is not None
        self.lower_bound_s = proof.lower_bound_s if check.holds else 0.0
        needed_s = math.inf if self.result.status == "infeasible" else claimed_s
        self.proven = check.holds and proof.lower_bound_s >= needed_s * (1.0 - TOLERANCE)
        if check.holds and not self.proven:
            self.lines.append(f"the proof is of {proof.lower_bound_s:.9g} s only, not {needed_s:.9g} s")

    def verdict(self) -> Verdict:
        return Verdict(
            status="refuted" if self.refuted else "valid" if self.proven else "unverified",
            delay_s=self.delay_s,
            lower_bound_s=max(0.0, self.lower_bound_s),
            lines=tuple(self.lines),
            counter_example=self.counter_example,
            counts=self.counts,
        )

    def _refute(self, line: str) -> None:
        self.refuted = True
        self.lines.append(line)
