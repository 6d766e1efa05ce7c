"""What has become of a request."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from satllm_env.stream.servers import Admission


@dataclass(frozen=True)
class Outcome:
    """A request that is served, or that its walk has failed."""

    number: int
    arrival_s: float
    """[s] on the stream's clock."""
    reference_s: float
    """[s] a lower bound of its delay on idle servers."""
    charged_s: float
    """[s] its delay; of a failed walk what is charged in its place."""
    deadline_s: float | None
    """[s] after its arrival."""
    penalty_s: float
    """[s] charged for missing the deadline."""
    admission: Admission | None
    """How it goes through the servers, None for a failed walk."""
    energy_j: float | None
    """[J] that satellites spend on it, None where nothing is known of it."""
    charge: float
    """[1] least charge of a battery among its satellites when it arrived."""
    failure: str | None = None
    """Why its walk has failed."""

    @property
    def served(self) -> bool:
        """Whether its walk has reached the destination."""
        return self.admission is not None

    @property
    def delay_s(self) -> float:
        """[s] from arrival to result, infinite for a failed walk."""
        return math.inf if self.admission is None else self.admission.delay_s

    @property
    def static_s(self) -> float:
        """[s] what its plan takes on idle servers, infinite for a failed walk."""
        return math.inf if self.admission is None else self.admission.plan.delay_s

    @property
    def missed(self) -> bool:
        """Whether it has missed its deadline."""
        return self.deadline_s is not None and self.delay_s > self.deadline_s

    @property
    def cost_s(self) -> float:
        """[s] minus the sum of its rewards."""
        return self.charged_s + self.penalty_s

    def as_data(self) -> dict[str, Any]:
        """Plain data; what is infinite stays so."""
        return {
            "number": self.number,
            "arrival_s": self.arrival_s,
            "delay_s": self.delay_s,
            "static_s": self.static_s,
            "reference_s": self.reference_s,
            "cost_s": self.cost_s,
            "deadline_s": self.deadline_s,
            "missed": self.missed,
            "failure": self.failure,
            "energy_j": self.energy_j,
            "plan": [] if self.admission is None else self.admission.plan.steps_as_data(),
        }
