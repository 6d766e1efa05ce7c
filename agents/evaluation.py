"""Policies, planners and baselines over the same instances, measured against the optimum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from planners import Result
from satllm_env.errors import InputError
from satllm_env.scenarios import Sample, load_scenario

CONFIDENCE = 0.95
RESAMPLES = 2000

Plan = Callable[[Sample], Result]


class BrokenPlanError(InputError):
    """What a contender gave is no legal plan: the line says which rule it breaks."""


@dataclass(frozen=True)
class Contender:
    """Something that plans."""

    name: str
    kind: str
    """``planner``, ``baseline`` or ``learned``."""
    plan: Plan


@dataclass(frozen=True, eq=False)
class Score:
    """One contender on one scenario; arrays run over its feasible episodes where nothing else is said."""

    scenario: str
    policy: str
    kind: str
    feasible: NDArray[np.bool_]
    """(episodes,)"""
    delay_s: NDArray[np.float64]
    gap_pct: NDArray[np.float64]
    """[%] above the optimum of the same instance."""
    isl_bytes: NDArray[np.float64]
    downlink_bytes: NDArray[np.float64]
    accuracy_loss: NDArray[np.float64]
    plan_time_s: NDArray[np.float64]
    """(episodes,)"""

    @property
    def feasible_rate(self) -> float:
        """[1] share of instances with a plan."""
        return float(self.feasible.mean())

    @property
    def gap_ci95_pct(self) -> tuple[float, float]:
        """[%] bootstrap confidence interval of the mean gap over instances."""
        return mean_interval(self.gap_pct)


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % bootstrap interval (percentile, 2,000 resamples, fixed seed) of a mean; NaN of no values."""
    if len(values) == 0:
        return float("nan"), float("nan")
    if np.ptp(values) == 0.0:
        return float(values[0]), float(values[0])
    interval = bootstrap(
        (values,),
        np.mean,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def draw_samples(scenario: str, episodes: int, seed: int) -> list[Sample]:
    """Instances of a scenario; episode `i` is the one that ``plan.py --seed (seed + i)`` plans."""
    loaded = load_scenario(scenario)
    return [loaded.sample(seed + i) for i in range(episodes)]


def score(
    scenario: str,
    contender: Contender,
    samples: Sequence[Sample],
    optima_s: NDArray[np.float64],
    tick: Callable[[], None] = lambda: None,
) -> tuple[Score, list[Result]]:
    """Let a contender plan every instance.

    Args:
        scenario: its name.
        contender: what plans.
        samples: the instances.
        optima_s: (episodes,) [s] proven optimal delays, NaN where unknown.
        tick: called after every instance.

    Returns:
        The score and the results, in the order of the instances.
    """
    results = list(_plan_all(contender, samples, tick))
    return score_of(scenario, contender.name, contender.kind, results, optima_s), results


def score_of(
    scenario: str, policy: str, kind: str, results: Sequence[Result], optima_s: NDArray[np.float64]
) -> Score:
    """The score of results that are there, in the order of the instances; see `score`."""
    plans = [result.plan for result in results if result.plan is not None]
    feasible = np.array([result.plan is not None for result in results])
    delay_s = np.array([plan.delay_s for plan in plans])
    return Score(
        scenario=scenario,
        policy=policy,
        kind=kind,
        feasible=feasible,
        delay_s=delay_s,
        gap_pct=gaps_pct(delay_s, optima_s[feasible]),
        isl_bytes=np.array([plan.isl_bytes for plan in plans]),
        downlink_bytes=np.array([plan.downlink_bytes for plan in plans]),
        accuracy_loss=np.array([plan.accuracy_loss for plan in plans]),
        plan_time_s=np.array([result.plan_time_s for result in results]),
    )


def _plan_all(contender: Contender, samples: Sequence[Sample], tick: Callable[[], None]) -> Iterator[Result]:
    for sample in samples:
        yield contender.plan(sample)
        tick()


def gaps_pct(delay_s: NDArray[np.float64], optima_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[%] above the optimum, instance by instance; those without a known optimum are left out."""
    known = np.isfinite(optima_s)
    gaps: NDArray[np.float64] = 100.0 * (delay_s[known] / optima_s[known] - 1.0)
    # a plan rebuilt in another order of additions may lie a rounding error below the optimum
    return np.where(np.abs(gaps) < 1e-9, 0.0, gaps)
