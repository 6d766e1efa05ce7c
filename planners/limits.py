"""When a planner may stop before it has proven its plan optimal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from satllm_env.errors import InputError


@dataclass(frozen=True)
class Limits:
    """Stopping rules; a run that has no plan yet goes on until it has one or knows that there is none.

    Raises:
        InputError: a value is out of range.
    """

    deadline_s: float | None = None
    """[s] from the start of planning, None for none."""
    epsilon: float = 0.0
    """[1] stop when the delay is proven to be within 1 + epsilon times the optimum."""
    label_limit: int | None = None
    """Partial walks that the search may look at, None for no limit."""
    memory_bytes: float = 2e9
    """[bytes] what planning may take beside the instance."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.deadline_s is not None and not self.deadline_s >= 0.0:
            raise InputError("deadline_s", "", f"must be at least 0 s, not {self.deadline_s!r}")
        if not (0.0 <= self.epsilon < math.inf):
            raise InputError("epsilon", "", f"must be at least 0 and finite, not {self.epsilon!r}")
        if self.label_limit is not None and self.label_limit < 0:
            raise InputError("label_limit", "", f"must be at least 0, not {self.label_limit!r}")
        if not self.memory_bytes > 0.0:
            raise InputError("memory_bytes", "", f"must be more than 0, not {self.memory_bytes!r}")
