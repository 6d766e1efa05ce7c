"""Times of one moment's work."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from satllm_env.network.benchmark.cases import Case, Step

STEP_S = 61.7
"""[s] between the moments that are timed, so that none is like another."""


@dataclass(frozen=True)
class Timing:
    """How long a case took."""

    case: Case
    median_s: float
    """[s] of a moment."""
    least_s: float
    """[s] of the quickest moment: what is left where other programs disturb."""
    repeats: int


def time_case(case: Case, repeats: int) -> Timing:
    """Time a case over different moments, after one that is not counted."""
    spent = durations_s(case.step(), repeats)
    return Timing(case, median(spent), min(spent), repeats)


def durations_s(step: Step, repeats: int) -> list[float]:
    """[s] of each of `repeats` moments, after one that is not counted."""
    step(0.0)
    spent = []
    for number in range(1, repeats + 1):
        begin = time.perf_counter()
        step(number * STEP_S)
        spent.append(time.perf_counter() - begin)
    return spent
