"""What the check of a result found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from satllm_env.problem import Plan

Status = Literal["valid", "refuted", "unverified"]


@dataclass(frozen=True)
class Verdict:
    """Whether a planner's result holds."""

    status: Status
    """`valid` where everything claimed was shown, `refuted` where something claimed is false,
    `unverified` where neither could be shown."""
    delay_s: float
    """[s] of the result's plan by the project's delay function; inf without a legal one."""
    lower_bound_s: float
    """[s] shown here to a relative 1e-9: no legal plan has a smaller delay. 0 where nothing was shown."""
    lines: tuple[str, ...]
    """What was found, for people."""
    counter_example: Plan | None
    """A legal plan with a smaller delay than the claimed bound."""
    counts: Mapping[str, int]
    """How much work was done, by kind."""

    def summary(self) -> str:
        """Some lines for people."""
        work = ", ".join(f"{number} {what}" for what, number in self.counts.items() if number)
        head = f"{self.status}: delay {self.delay_s:.9g} s, no plan below {self.lower_bound_s:.9g} s"
        return "\n  ".join((head, *self.lines, *((f"work: {work}",) if work else ())))
