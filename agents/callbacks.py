"""What happens beside training: evaluation against the optimum, checkpoints, progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from agents.checkpoint import save_checkpoint
from agents.config import EvaluationSettings
from agents.evaluation import Contender, draw_samples, score
from agents.learned import LearnedPolicy
from planners import solve
from satllm_env.scenarios import Sample


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Instances of a scenario that training never sees, with their optima."""

    samples: list[Sample]
    optima_s: NDArray[np.float64]
    """(episodes,) [s] NaN where the optimum was not proven in time."""


def yardsticks(
    scenarios: tuple[str, ...],
    settings: EvaluationSettings,
    deadline_s: float,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Yardstick]:
    """Draw and plan the evaluation instances of each scenario."""
    made = {}
    for name in scenarios:
        samples = draw_samples(name, settings.episodes, settings.seed)
        optima_s = np.full(len(samples), np.nan)
        for i, sample in enumerate(samples):
            result = solve(sample.instance, deadline_s=deadline_s)
            if result.status == "optimal":
                optima_s[i] = result.delay_s
            tick()
        made[name] = Yardstick(samples, optima_s)
    return made


def evaluate_policy(policy: LearnedPolicy, against: Mapping[str, Yardstick], logger: Logger) -> float:
    """Record delay, gap and feasibility of each scenario.

    Returns:
        [%] mean gap over all feasible instances, a walk that gets stuck counted as 100 %.
    """
    penalised: list[float] = []
    for name, yardstick in against.items():
        contender = Contender(policy.card.name, "learned", policy.plan)
        made, _ = score(name, contender, yardstick.samples, yardstick.optima_s)
        penalised += [*made.gap_pct.tolist(), *[100.0] * int((~made.feasible).sum())]
        logger.record(f"{name}/feasible_rate", made.feasible_rate)
        if made.feasible.any():
            logger.record(f"{name}/delay_s_mean", float(made.delay_s.mean()))
        if len(made.gap_pct):
            logger.record(f"{name}/gap_mean_pct", float(made.gap_pct.mean()))
            logger.record(f"{name}/gap_p95_pct", float(np.percentile(made.gap_pct, 95)))
    mean = float(np.mean(penalised))
    logger.record("eval/gap_mean_pct_stuck_as_100", mean)
    return mean


class Evaluation(BaseCallback):
    """Evaluate between rollouts, every so many steps, and keep the best policy.

    Args:
        policy: plans with the network in training.
        against: evaluation instances by scenario.
        every_steps: least number of environment steps between evaluations.
        keep: called with the steps done when the policy is the best so far.
    """

    def __init__(
        self,
        policy: LearnedPolicy,
        against: Mapping[str, Yardstick],
        every_steps: int,
        keep: Callable[[int, float], None],
    ) -> None:
        super().__init__()
        self._policy, self._against, self._every, self._keep = policy, against, every_steps, keep
        self._last: int | None = None

    def _on_rollout_start(self) -> None:
        if self._last is not None and self.num_timesteps - self._last < self._every:
            return
        self._evaluate()

    def _on_training_end(self) -> None:
        self._evaluate()

    def _evaluate(self) -> None:
        self._last = self.num_timesteps
        gap = evaluate_policy(self._policy, self._against, self.logger)
        self.logger.dump(self.num_timesteps)
        self._keep(self.num_timesteps, gap)

    def _on_step(self) -> bool:
        return True


class Checkpoints(BaseCallback):
    """Write a checkpoint between rollouts, every so many steps, and at the end."""

    def __init__(self, folder: Path, every_steps: int) -> None:
        super().__init__()
        self._folder, self._every, self._last = folder, every_steps, 0

    def _on_training_start(self) -> None:
        self._last = self.num_timesteps

    def _on_rollout_start(self) -> None:
        if self.num_timesteps - self._last >= self._every:
            self._save()

    def _on_training_end(self) -> None:
        self._save()

    def _save(self) -> None:
        self._last = self.num_timesteps
        save_checkpoint(self._folder, self.model)  # type: ignore[arg-type]

    def _on_step(self) -> bool:
        return True


class EpisodeStatistics(BaseCallback):
    """Record delay in seconds and feasibility of the episodes that end in each rollout.

    Args:
        advance: called with the environment steps done since the last call.
    """

    def __init__(self, advance: Callable[[int], None] = lambda steps: None) -> None:
        super().__init__()
        self._advance = advance
        self._delays_s: list[float] = []
        self._over_reference: list[float] = []
        self._stuck = 0

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if "delay_s" not in info:
                continue
            if info["is_success"]:
                self._delays_s.append(info["delay_s"])
                self._over_reference.append(info["delay_s"] / info["reference_s"])
            else:
                self._stuck += 1
        self._advance(self.training_env.num_envs)
        return True

    def _on_rollout_end(self) -> None:
        ended = len(self._delays_s) + self._stuck
        if ended:
            self.logger.record("train_episodes/feasible_rate", len(self._delays_s) / ended)
        if self._delays_s:
            self.logger.record("train_episodes/delay_s_mean", float(np.mean(self._delays_s)))
            self.logger.record("train_episodes/delay_over_bound", float(np.mean(self._over_reference)))
        self._delays_s, self._over_reference, self._stuck = [], [], 0
