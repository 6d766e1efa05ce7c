"""What replanning returns."""

from __future__ import annotations

import math
from dataclasses import dataclass

from planners.loading import Load, runs
from planners.result import Status
from satllm_env.problem import Plan

SAME = 1e-9
"""[1] costs that differ by less, relatively, count as equal: nobody switches plans for rounding."""


@dataclass(frozen=True)
class Candidate:
    """A plan and the weights that must move before it can run."""

    plan: Plan
    loads: tuple[Load, ...]

    @property
    def delay_s(self) -> float:
        """[s] of a batch once the weights are there."""
        return self.plan.delay_s

    @property
    def load_s(self) -> float:
        """[s] that loading adds to the first batch."""
        return sum(load.load_s for load in self.loads)

    @property
    def cost_s(self) -> float:
        """[s] of the first batch."""
        return self.delay_s + self.load_s


@dataclass(frozen=True)
class Replan:
    """The plan to run now that the problem has changed, beside the plan in force."""

    status: Status
    """`optimal` where proven: no legal plan costs less for the next batch, loads included; `infeasible`
    where it is proven that no plan exists."""
    best: Candidate | None
    """The plan of least cost known; the kept one where no other costs less."""
    lower_bound_s: float
    """[s] proven: no legal plan has a smaller cost; inf where none exists."""
    reason: str
    """Why there is no plan."""
    kept_candidate: Candidate | None
    """The plan in force on the changed problem, None where it is no longer legal."""
    kept_fault: str
    """Which rule the plan in force breaks, or what it needs that is gone; ``""`` where it is legal."""
    long_run_candidate: Candidate | None
    """The plan of least delay known once weights are loaded; its proof is as far as the limits allowed."""
    plan_time_s: float
    """[s] that replanning took."""

    @property
    def plan(self) -> Plan | None:
        """The plan to run, None where none exists."""
        return self.best.plan if self.best else None

    @property
    def delay_s(self) -> float:
        """[s] delay of the plan without loads, inf without one."""
        return self.best.delay_s if self.best else math.inf

    @property
    def load_s(self) -> float:
        """[s] that loading adds to the next batch, 0 without a plan."""
        return self.best.load_s if self.best else 0.0

    @property
    def cost_s(self) -> float:
        """[s] of the next batch, loads included; inf without a plan."""
        return self.best.cost_s if self.best else math.inf

    @property
    def loads(self) -> tuple[Load, ...]:
        """What each node must load for the plan, in its order."""
        return self.best.loads if self.best else ()

    @property
    def moved_bytes(self) -> float:
        """[bytes] of weights that must move for the plan."""
        return sum(load.weight_bytes for load in self.loads)

    @property
    def kept(self) -> Plan | None:
        """The plan in force on the changed problem, None where it is no longer legal."""
        return self.kept_candidate.plan if self.kept_candidate else None

    @property
    def kept_delay_s(self) -> float:
        """[s] delay of the plan in force on the changed problem, inf where it is gone."""
        return self.kept_candidate.delay_s if self.kept_candidate else math.inf

    @property
    def kept_cost_s(self) -> float:
        """[s] of the next batch if the plan is kept, inf where it is gone; with what it must still load."""
        return self.kept_candidate.cost_s if self.kept_candidate else math.inf

    @property
    def switch(self) -> bool:
        """Whether switching pays with the next batch, or must be since the plan in force is gone."""
        return self.cost_s < self.kept_cost_s

    @property
    def saving_s(self) -> float:
        """[s] that switching saves on the next batch: 0 where it does not pay, inf where it must be."""
        return self.kept_cost_s - self.cost_s if self.switch else 0.0

    @property
    def long_run(self) -> Plan | None:
        """The plan of least delay once weights are loaded, None where no plan exists."""
        return self.long_run_candidate.plan if self.long_run_candidate else None

    @property
    def break_even_batches(self) -> float:
        """[1] batches after which `long_run` has earned its loads, against keeping the plan in force.

        Where the plan in force is gone, against `plan`. 0 where it loads nothing more than that; inf where
        it is no quicker, or no plan exists.
        """
        other = self.kept_candidate or self.best
        if other is None or self.long_run_candidate is None:
            return math.inf
        more_s = self.long_run_candidate.load_s - other.load_s
        gain_s = other.delay_s - self.long_run_candidate.delay_s
        if more_s <= 0.0:
            return 0.0
        return more_s / gain_s if gain_s > 0.0 else math.inf

    def summary(self) -> str:
        """Two to five lines for people."""
        if self.best is None:
            return "\n".join((f"infeasible: {self.reason}", self._kept_line()))
        lines = [self._verdict(), self._kept_line()]
        if self.switch:
            lines.append(f"new plan: {_in_words(self.best)}")
        lines += [*self._load_lines(), *self._long_run_lines()]
        return "\n".join(lines)

    def _verdict(self) -> str:
        proof = "proven" if self.status == "optimal" else f"no plan below {self.lower_bound_s:.6g} s"
        if self.kept_candidate is None:
            return f"switch ({proof}): the plan in force is no longer legal"
        if self.switch:
            return f"switch ({proof}): saves {self.saving_s:.6g} s on the next batch, loads included"
        return f"keep the plan in force ({proof}): nothing saves time on the next batch, loads included"

    def _kept_line(self) -> str:
        if self.kept_candidate is None:
            return self.kept_fault
        return f"plan in force: {_in_words(self.kept_candidate)}"

    def _load_lines(self) -> list[str]:
        if not self.loads:
            return []
        parts = (f"{load.node} layers {runs(load.layers)} in {load.load_s:.4g} s" for load in self.loads)
        return [f"weights to move: {self.moved_bytes:.4g} bytes ({'; '.join(parts)})"]

    def _long_run_lines(self) -> list[str]:
        quickest, batches = self.long_run_candidate, self.break_even_batches
        if quickest is None or quickest is self.best or not 0.0 < batches < math.inf:
            return []
        other = "keeping the plan" if self.kept_candidate else "the new plan"
        since = f"better than {other} from batch {math.ceil(batches)}"
        return [f"in the long run: {_in_words(quickest)}, {since}"]


def _in_words(candidate: Candidate) -> str:
    text = f"delay {candidate.delay_s:.6g} s"
    return f"{text} and {candidate.load_s:.6g} s of loading" if candidate.loads else text
