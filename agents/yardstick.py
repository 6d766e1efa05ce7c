"""Evaluation while training: instances that training never sees, with their optima."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.batch_planning import BatchPolicy, plan_batch
from agents.evaluation import draw_samples, score_of
from planners import solve
from satllm_env.scenarios import Sample

GAP = "eval/gap_mean_pct_stuck_as_100"
"""The figure that decides which policy is the best of a run."""


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Instances of a scenario that training never sees, with their optima."""

    samples: list[Sample]
    optima_s: NDArray[np.float64]
    """(episodes,) [s] NaN where the optimum was not proven in time."""


def yardsticks(
    scenarios: tuple[str, ...],
    episodes: int,
    seed: int,
    deadline_s: float,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Yardstick]:
    """Draw and plan the evaluation instances of each scenario.

    Args:
        scenarios: by name.
        episodes: of each.
        seed: of the first instance.
        deadline_s: [s] for a proof.
        tick: called after every instance.
    """
    made = {}
    for name in scenarios:
        samples = draw_samples(name, episodes, seed)
        optima_s = np.full(len(samples), np.nan)
        for i, sample in enumerate(samples):
            result = solve(sample.instance, deadline_s=deadline_s)
            if result.status == "optimal":
                optima_s[i] = result.delay_s
            tick()
        made[name] = Yardstick(samples, optima_s)
    return made


def figures_of(policy: BatchPolicy, against: Mapping[str, Yardstick]) -> dict[str, float]:
    """Delay, gap and feasibility of each scenario, and `GAP`.

    `GAP` is the [%] mean gap over all instances, a walk that gets stuck counted as 100 %.
    """
    figures: dict[str, float] = {}
    penalised: list[float] = []
    for name, yardstick in against.items():
        results = plan_batch(policy, yardstick.samples)
        made = score_of(name, policy.card.name, "learned", results, yardstick.optima_s)
        penalised += [*made.gap_pct.tolist(), *[100.0] * int((~made.feasible).sum())]
        figures[f"{name}/feasible_rate"] = made.feasible_rate
        if made.feasible.any():
            figures[f"{name}/delay_s_mean"] = float(made.delay_s.mean())
        if len(made.gap_pct):
            figures[f"{name}/gap_mean_pct"] = float(made.gap_pct.mean())
            figures[f"{name}/gap_p95_pct"] = float(np.percentile(made.gap_pct, 95))
    figures[GAP] = float(np.mean(penalised))
    return figures


def is_stale(gaps_pct: Sequence[float], patience: int | None) -> bool:
    """Whether the last so many evaluations brought no smaller gap than the best one before them."""
    if patience is None or not gaps_pct:
        return False
    return len(gaps_pct) - 1 - int(np.argmin(gaps_pct)) >= patience
