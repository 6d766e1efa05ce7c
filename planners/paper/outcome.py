"""What schemes achieved at the points of a sweep, and how they compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from planners.paper.scheme import GROUND_ONLY, PLANNER, Scheme
from planners.paper.setting import Setting
from planners.result import Result
from satllm_env.problem.instance import Bools, Floats

Quantity = Literal["delay_s", "total_bytes"]
RESAMPLES = 2_000
DASH = "–"


class Point(NamedTuple):
    """A scheme at a setting."""

    setting: Setting
    scheme: Scheme


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a scheme achieved on the requests of a setting; NaN where it has no plan."""

    delay_s: Floats
    """(n,) [s]"""
    isl_bytes: Floats
    """(n,) [bytes]"""
    downlink_bytes: Floats
    """(n,) [bytes]"""
    accuracy_loss: Floats
    """(n,) [percentage points]"""
    stages: Floats
    """(n,) satellites, and the ground, that compute."""
    proven: int
    """Plans proven optimal, or proven not to exist."""

    @classmethod
    def of(cls, results: Sequence[Result]) -> Outcome:
        """Of the results of one scheme."""
        plans = [result.plan for result in results]
        names = ("delay_s", "isl_bytes", "downlink_bytes", "accuracy_loss")
        columns = {
            name: np.array([np.nan if plan is None else getattr(plan, name) for plan in plans])
            for name in names
        }
        return cls(
            **columns,
            stages=np.array([np.nan if plan is None else len(plan.stages) for plan in plans]),
            proven=sum(result.status == "optimal" or _proven_none(result) for result in results),
        )

    @property
    def total_bytes(self) -> Floats:
        """(n,) [bytes] over links of all kinds."""
        return self.isl_bytes + self.downlink_bytes

    @property
    def feasible(self) -> Bools:
        """(n,) whether there is a plan."""
        return ~np.isnan(self.delay_s)

    def found(self, quantity: Quantity) -> Floats:
        """(k,) of the requests that have a plan."""
        return np.asarray(getattr(self, quantity)[self.feasible])

    def mean(self, quantity: Quantity) -> float:
        """Over the requests that have a plan, NaN if none has."""
        found = self.found(quantity)
        return float(found.mean()) if len(found) else float("nan")

    def as_data(self) -> dict[str, float | int | None]:
        """Plain data: means over the requests that have a plan."""
        columns = ("delay_s", "isl_bytes", "downlink_bytes", "accuracy_loss", "stages")
        means = {
            f"{name}_mean": float(np.nanmean(getattr(self, name))) if self.feasible.any() else None
            for name in columns
        }
        plans = int(self.feasible.sum())
        return {"requests": len(self.delay_s), "plans": plans, "proven": self.proven} | means


def _proven_none(result: Result) -> bool:
    return result.status == "infeasible" and result.lower_bound_s == float("inf")


@dataclass(frozen=True)
class Ratio:
    """A mean over another mean, with a 95 % interval; NaN where there is nothing to compare."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there was something to compare."""
        return not np.isnan(self.value)

    @property
    def change_text(self) -> str:
        """As a change with its interval, such as ``−42 % (−47 to −36)``."""
        _, low, high = self.as_changes
        return f"{self.change_only} ({signed(low)} to {signed(high)})" if self.known else DASH

    @property
    def change_only(self) -> str:
        """As a change, such as ``−42 %``."""
        return f"{signed(self.as_changes[0])} %" if self.known else DASH

    @property
    def times_text(self) -> str:
        """As a factor, such as ``2.03×``."""
        return f"{self.value:.2f}×" if self.known else DASH

    @property
    def as_times(self) -> tuple[float, float, float]:
        """[1] value, low and high."""
        return self.value, self.low, self.high

    @property
    def as_changes(self) -> tuple[float, float, float]:
        """[%] value, low and high as changes."""
        return 100 * (self.value - 1), 100 * (self.low - 1), 100 * (self.high - 1)


def signed(value: float) -> str:
    """A whole number with its sign, ``−42``; one decimal where it is small or near a bound of −100."""
    digits = 1 if abs(value) < 2 or value < -95 else 0
    return f"{value:+.{digits}f}".replace("-", "−")


def ratio(ours: Outcome, theirs: Outcome, quantity: Quantity = "delay_s") -> Ratio:
    """Mean of ours over mean of theirs, over the requests for which both have a plan.

    The interval is the bootstrap's over requests, drawn in pairs.
    """
    both = ours.feasible & theirs.feasible
    if not both.any():
        return Ratio(float("nan"), float("nan"), float("nan"))
    a, b = getattr(ours, quantity)[both], getattr(theirs, quantity)[both]
    rows = np.random.default_rng(0).integers(len(a), size=(RESAMPLES, len(a)))
    low, high = np.percentile(a[rows].sum(axis=1) / b[rows].sum(axis=1), (2.5, 97.5))
    return Ratio(float(a.sum() / b.sum()), float(low), float(high))


class Results:
    """Outcomes by point."""

    def __init__(self, outcomes: Mapping[Point, Outcome]) -> None:
        self._outcomes = outcomes

    def of(self, setting: Setting, scheme: Scheme = PLANNER) -> Outcome:
        """What a scheme achieved at a setting."""
        return self._outcomes[Point(setting, scheme)]

    def ratio(
        self,
        setting: Setting,
        theirs: Scheme = GROUND_ONLY,
        quantity: Quantity = "delay_s",
        ours: Scheme = PLANNER,
    ) -> Ratio:
        """Of a scheme to another one at a setting."""
        return ratio(self.of(setting, ours), self.of(setting, theirs), quantity)

    def proven(self) -> tuple[int, int]:
        """The planner's plans that are proven optimal, and all that it was asked for."""
        asked = [outcome for point, outcome in self._outcomes.items() if point.scheme == PLANNER]
        return sum(outcome.proven for outcome in asked), sum(len(outcome.delay_s) for outcome in asked)

    def as_data(self) -> list[dict[str, object]]:
        """Plain data, point by point."""
        return [
            {"setting": _differences(point.setting), "scheme": point.scheme.label, **outcome.as_data()}
            for point, outcome in self._outcomes.items()
        ]


def points(settings: Iterable[Setting], schemes: Iterable[Scheme]) -> list[Point]:
    """Every scheme at every setting."""
    compared = tuple(schemes)
    return [Point(setting, scheme) for setting in settings for scheme in compared]


def _differences(setting: Setting) -> dict[str, object]:
    """What a setting is about, and what it has otherwise than the plainest one."""
    plain, always = Setting(), ("model", "resolution", "s2g_gbps", "over", "profile")
    values = vars(setting)
    return {name: values[name] for name in values if name in always or values[name] != getattr(plain, name)}
