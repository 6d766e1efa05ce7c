"""What a policy achieved on a scenario, as the comparing figures take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from satllm_env.errors import InputError
from satllm_env.figures import style
from satllm_env.problem.instance import Floats


@dataclass(frozen=True, eq=False)
class PolicyResult:
    """What one policy achieved on one scenario.

    Raises:
        InputError: the kind is unknown, or a number is not finite.
    """

    scenario: str
    policy: str
    kind: str
    """``planner``, ``baseline`` or ``learned``."""
    delay_s: Floats
    """(n,) [s] of its feasible plans."""
    gap_pct: Floats
    """(n',) [%] above the optimum on the same instances."""

    def __post_init__(self) -> None:
        """Check the kind and the numbers."""
        if self.kind not in style.KIND_COLOURS:
            kinds = ", ".join(style.KIND_COLOURS)
            raise InputError("result", "kind", f"must be one of {kinds}, is {self.kind!r}")
        for field in ("delay_s", "gap_pct"):
            values = np.asarray(getattr(self, field))
            if values.ndim != 1 or not np.isfinite(values).all():
                raise InputError("result", field, f"of {self.policy!r} must be a row of finite numbers")


def mean_ci95(values: Floats) -> tuple[float, float]:
    """Mean, and half the width of its 95 % confidence interval by Student's t; 0 for a single value."""
    from scipy.stats import t

    if len(values) < 2:
        return float(np.mean(values)), 0.0
    error = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return float(np.mean(values)), float(t.ppf(0.975, len(values) - 1)) * error
