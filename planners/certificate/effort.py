"""How much the check may do."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field


class OutOfEffortError(RuntimeError):
    """The check has used up what it may; nothing is decided."""


@dataclass
class Effort:
    """Work done so far, and its limits."""

    label_limit: int
    """Labels and copied states that the check may look at beyond the plain bounds."""
    deadline_s: float | None = None
    """[s] from now on, None for none."""
    labels: int = 0
    states: int = 0
    """States in copies made for watched resources."""
    splits: int = 0
    """Intervals that the check has cut in two by itself."""
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._until = math.inf if self.deadline_s is None else time.monotonic() + self.deadline_s

    def allow_search(self) -> None:
        """Stop where plain bounds do not do and no search is wanted.

        Raises:
            OutOfEffortError: the limit is 0.
        """
        if self.label_limit <= 0:
            raise OutOfEffortError("the plain bound does not do, and the limit of labels is 0")

    def check_time(self) -> None:
        """Stop at the deadline.

        Raises:
            OutOfEffortError: the deadline has passed.
        """
        if time.monotonic() > self._until:
            raise OutOfEffortError("the deadline has passed")

    def spend(self, labels: int = 0, states: int = 0) -> None:
        """Count work that is about to be done.

        Raises:
            OutOfEffortError: it is too much.
        """
        self.labels += labels
        self.states += states
        if self.labels + self.states > self.label_limit:
            raise OutOfEffortError(f"the limit of {self.label_limit} labels is reached")
        self.check_time()
