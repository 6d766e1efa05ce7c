"""The reference solvers on the same problems: how much slower they are, and whether they agree."""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from planners.benchmark.families import Family
from planners.benchmark.measure import Measured, median
from planners.benchmark.timing import Timing
from planners.references import NoAnswerError, solve_by_reference
from planners.references.run import PACKAGES, Name

RATIO_TARGETS: dict[str, float] = {"cp-sat": 2_000.0, "highs": 5_000.0}
"""[1] how many times longer than ours the references should take at the paper's size."""

TOLERANCE = 1e-6
"""[1] relative, by which proven optima may differ."""


@dataclass(frozen=True)
class Attempt:
    """A reference at one problem."""

    seed: int
    time_s: float
    """[s] of building its model and solving it."""
    finished: bool
    """Whether it proved its plan optimal; otherwise `time_s` is less than it needs."""
    ours_s: float
    """[s] that our planner took."""
    fault: str = ""
    """How it contradicts our planner, or why it failed."""


@dataclass(frozen=True)
class Rivalry:
    """A reference and our planner on the same problems of a family."""

    reference: str
    family: str
    attempts: tuple[Attempt, ...]

    @property
    def median_s(self) -> float | None:
        """[s] median time of the reference; a bound from below unless `exact`."""
        return median(attempt.time_s for attempt in self.attempts)

    @property
    def exact(self) -> bool:
        """Whether the runs that were cut short lie above the median, so that it holds all the same."""
        return self.median_s == median(a.time_s if a.finished else math.inf for a in self.attempts)

    @property
    def ours_s(self) -> float | None:
        """[s] our median time on the same problems."""
        return median(attempt.ours_s for attempt in self.attempts)

    @property
    def ratio(self) -> float | None:
        """[1] how many times longer the reference takes."""
        return self.median_s / self.ours_s if self.median_s and self.ours_s else None

    @property
    def target_ratio(self) -> float | None:
        """[1] promised at the paper's size."""
        return RATIO_TARGETS.get(self.reference) if self.family.startswith("paper-") else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one, or where the runs were cut too short to tell."""
        if self.target_ratio is None or self.ratio is None:
            return None
        return True if self.ratio >= self.target_ratio else (False if self.exact else None)

    @property
    def faults(self) -> list[str]:
        """What went wrong, each one line."""
        where = f"{self.reference} on {self.family} seed"
        return [f"{where} {a.seed}: {a.fault}" for a in self.attempts if a.fault]

    def as_data(self) -> dict[str, Any]:
        """Plain data, seconds."""
        return {
            "reference": self.reference,
            "family": self.family,
            "median_s": self.median_s,
            "median_exact": self.exact,
            "ours_s": self.ours_s,
            "ratio": self.ratio,
            "target_ratio": self.target_ratio,
            "met": self.met,
            "attempts": [vars(attempt) for attempt in self.attempts],
        }


def installed_references() -> tuple[Name, ...]:
    """The references whose packages are installed."""
    names: tuple[Name, ...] = ("cp-sat", "highs")
    return tuple(name for name in names if importlib.util.find_spec(PACKAGES[name]))


def compete(
    reference: Name,
    measured: Measured,
    seeds: int,
    limit_s: float,
    done: Callable[[], None] = lambda: None,
) -> Rivalry:
    """Let a reference plan the first problems of a family that have plans.

    Args:
        reference: the reference.
        measured: the family and our planner's times.
        seeds: how many problems.
        limit_s: [s] time limit per problem.
        done: called after each problem.

    Raises:
        InputError: its package is missing.
    """
    attempts = []
    for timing in measured.feasible[:seeds]:
        attempts.append(_attempt(reference, measured.family, timing, limit_s))
        done()
    return Rivalry(reference, measured.family.name, tuple(attempts))


def _attempt(reference: Name, measured: Family, timing: Timing, limit_s: float) -> Attempt:
    begin = time.perf_counter()
    try:
        result = solve_by_reference(measured.make(timing.seed), reference, limit_s)
    except NoAnswerError as error:
        # it says so for a time limit as for a crash, which comes sooner
        crashed = time.perf_counter() - begin < limit_s
        return Attempt(timing.seed, limit_s, False, timing.wall_s, str(error) if crashed else "")
    finished = result.status != "feasible"
    fault = contradiction(timing, result.delay_s, result.lower_bound_s)
    return Attempt(timing.seed, result.plan_time_s, finished, timing.wall_s, fault)


def contradiction(ours: Timing, delay_s: float, lower_bound_s: float) -> str:
    """How ours and a reference's result exclude each other: a plan quicker than the other's proven bound.

    Args:
        ours: our result.
        delay_s: [s] of the reference's plan, inf without one.
        lower_bound_s: [s] that the reference has proven, inf where it says that no plan exists.

    Returns:
        One line, empty where they do not.
    """
    slack = 1.0 - TOLERANCE
    if delay_s < ours.lower_bound_s * slack:
        return f"a plan of {delay_s:.9g} s, below our proven bound of {ours.lower_bound_s:.9g} s"
    if ours.delay_s < lower_bound_s * slack:
        return f"a proven bound of {lower_bound_s:.9g} s, above our plan of {ours.delay_s:.9g} s"
    return ""
