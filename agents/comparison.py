"""A comparison: every contender over the same seeded instances of every scenario."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.contenders import OPTIMUM, contender
from agents.evaluation import Contender, Score, draw_samples, score
from planners import Result
from satllm_env.scenarios import Sample, load_scenario


@dataclass(frozen=True, eq=False)
class Showcase:
    """An instance with its optimal plan, for the figures."""

    scenario: str
    sample: Sample
    result: Result
    seed: int
    """The instance is that of ``plan.py --seed``."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What came out."""

    scenarios: tuple[str, ...]
    episodes: int
    seed: int
    scores: tuple[Score, ...]
    showcases: tuple[Showcase, ...]
    """One per scenario: the first of the instances whose optimal plan has the most stages."""
    unproven: int
    """Instances whose optimum was not proven in time; gaps leave them out."""
    footnotes: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain data with the keys of ``compare.py --json``; what is undefined is null."""
        return {
            "episodes": self.episodes,
            "seed": self.seed,
            "scenarios": list(self.scenarios),
            "results": [score_as_data(entry) for entry in self.scores],
            "unproven_optima": self.unproven,
            "footnotes": list(self.footnotes),
        }


def score_as_data(entry: Score) -> dict[str, Any]:
    """One (scenario, policy) as plain data."""
    low, high = entry.gap_ci95_pct
    return {
        "scenario": entry.scenario,
        "policy": entry.policy,
        "kind": entry.kind,
        "feasible_rate": entry.feasible_rate,
        "delay_s_mean": _mean(entry.delay_s),
        "gap_mean_pct": _mean(entry.gap_pct),
        "gap_median_pct": _known(np.median(entry.gap_pct)) if len(entry.gap_pct) else None,
        "gap_p95_pct": _known(np.percentile(entry.gap_pct, 95)) if len(entry.gap_pct) else None,
        "gap_ci95_pct": [_known(low), _known(high)],
        "isl_bytes_mean": _mean(entry.isl_bytes),
        "downlink_bytes_mean": _mean(entry.downlink_bytes),
        "accuracy_loss_mean": _mean(entry.accuracy_loss),
        "plan_time_s_mean": _mean(entry.plan_time_s),
    }


def _mean(values: np.ndarray) -> float | None:
    return _known(values.mean()) if len(values) else None


def _known(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)


def compare(
    scenarios: Sequence[str],
    names: Sequence[str],
    episodes: int,
    seed: int,
    deadline_s: float | None,
    tick: Callable[[str], None] = lambda what: None,
) -> Comparison:
    """Run a comparison.

    Args:
        scenarios: names or TOML files.
        names: contenders; the exact planner plans in any case, since gaps are measured against it.
        episodes: instances per scenario.
        seed: instance `i` is that of ``plan.py --seed (seed + i)``.
        deadline_s: [s] for the exact planner, per instance.
        tick: called before every plan with what is going on.

    Raises:
        InputError: an unknown scenario or contender.
    """
    optimum = contender(OPTIMUM, seed, deadline_s)
    others = [contender(name, seed, deadline_s) for name in names if name != OPTIMUM]
    scores: list[Score] = []
    showcases: list[Showcase] = []
    unproven = 0
    for scenario in scenarios:
        samples = draw_samples(scenario, episodes, seed)
        _warm_up([optimum, *others], samples[0])
        label = load_scenario(scenario).name
        results = _optima(optimum, samples, lambda: tick(f"{label}: {OPTIMUM}"))  # noqa: B023
        optima_s = np.array([r.delay_s if r.status == "optimal" else np.nan for r in results])
        unproven += sum(result.status == "feasible" for result in results)
        for entry in [optimum, *others] if OPTIMUM in names else others:
            if entry is optimum:
                made, _ = score(label, _replay(optimum, results), samples, optima_s)
            else:
                what = f"{label}: {entry.name}"
                made, _ = score(label, entry, samples, optima_s, lambda: tick(what))  # noqa: B023
            scores.append(made)
        showcases += _showcase(label, samples, results, seed)
    return Comparison(
        scenarios=tuple(load_scenario(name).name for name in scenarios),
        episodes=episodes,
        seed=seed,
        scores=tuple(scores),
        showcases=tuple(showcases),
        unproven=unproven,
        footnotes=_footnotes(scenarios),
    )


def _warm_up(contenders: Sequence[Contender], sample: Sample) -> None:
    """Load compiled code before anything is timed."""
    for entry in contenders:
        entry.plan(sample)


def _optima(optimum: Contender, samples: Sequence[Sample], tick: Callable[[], None]) -> list[Result]:
    results = []
    for sample in samples:
        results.append(optimum.plan(sample))
        tick()
    return results


def _replay(optimum: Contender, results: Sequence[Result]) -> Contender:
    """The exact planner again, from the results at hand."""
    made = iter(results)
    return Contender(optimum.name, optimum.kind, lambda sample: next(made))


def _showcase(
    scenario: str, samples: Sequence[Sample], results: Sequence[Result], seed: int
) -> list[Showcase]:
    pairs = enumerate(zip(samples, results, strict=True), start=seed)
    planned = [(number, s, r, r.plan) for number, (s, r) in pairs if r.plan is not None]
    if not planned:
        return []
    number, sample, result, _ = max(planned, key=lambda entry: len(entry[3].stages))
    return [Showcase(scenario, sample, result, number)]


def _footnotes(scenarios: Sequence[str]) -> tuple[str, ...]:
    profiles = {profile.name: profile for name in scenarios for profile in load_scenario(name).profiles}
    return tuple(f"Compression levels are the profile {p.name!r}: {p.standing}" for p in profiles.values())
