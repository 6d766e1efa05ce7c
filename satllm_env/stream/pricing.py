"""What a request costs: its delay, and a penalty where it misses its deadline."""

from __future__ import annotations

from dataclasses import dataclass

from satllm_env.network.checks import check_number


@dataclass(frozen=True)
class Pricing:
    """Deadlines and the penalty for missing them.

    Args:
        deadline_factor: [1] deadlines against requests' reference delays; None for no deadlines.
        miss_penalty_s: [s] charged for a missed deadline.

    Raises:
        InputError: a value out of range.
    """

    deadline_factor: float | None = 3.0
    miss_penalty_s: float = 5.0

    def __post_init__(self) -> None:
        """Check the values."""
        if self.deadline_factor is not None:
            check_number("stream", "deadline_factor", self.deadline_factor, 0)
        check_number("stream", "miss_penalty_s", self.miss_penalty_s, 0)

    def deadline_s(self, reference_s: float) -> float | None:
        """[s] after its arrival, of a request with a reference delay; None for none."""
        return None if self.deadline_factor is None else self.deadline_factor * reference_s

    def penalty_s(self, delay_s: float, reference_s: float) -> float:
        """[s] charged for a delay, infinite for a walk that has failed."""
        deadline_s = self.deadline_s(reference_s)
        return self.miss_penalty_s if deadline_s is not None and delay_s > deadline_s else 0.0
