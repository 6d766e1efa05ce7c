"""What happens beside training: evaluation against the optimum, checkpoints, progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from agents.checkpoint import save_checkpoint
from agents.config import EvaluationSettings
from agents.learned import LearnedPolicy
from agents.yardstick import GAP, Yardstick, figures_of, is_stale


class Evaluation(BaseCallback):
    """Evaluate between rollouts, keep the best policy, and stop where it gains no more.

    Args:
        policy: plans with the network in training.
        against: evaluation instances by scenario.
        settings: how often, and how long without a gain.
        keep: called with the figures of every evaluation.
    """

    def __init__(
        self,
        policy: LearnedPolicy,
        against: Mapping[str, Yardstick],
        settings: EvaluationSettings,
        keep: Callable[[dict[str, float]], None],
    ) -> None:
        super().__init__()
        self._policy, self._against, self._settings, self._keep = policy, against, settings, keep
        self._last: int | None = None
        self._gaps_pct: list[float] = []

    def _on_rollout_start(self) -> None:
        if self._last is not None and self.num_timesteps - self._last < self._settings.every_steps:
            return
        self._evaluate()

    def _on_training_end(self) -> None:
        if self._last != self.num_timesteps:
            self._evaluate()

    def _evaluate(self) -> None:
        self._last = self.num_timesteps
        figures = figures_of(self._policy, self._against)
        self._gaps_pct.append(figures[GAP])
        for name, value in figures.items():
            self.logger.record(name, value)
        self.logger.dump(self.num_timesteps)
        self._keep(figures)

    def _on_step(self) -> bool:
        return not is_stale(self._gaps_pct, self._settings.patience)


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
    """Record what a rollout was like: delays and feasibility of its episodes, share of masked actions.

    Args:
        advance: called with the environment steps done since the last call.
    """

    def __init__(self, advance: Callable[[int], None] = lambda steps: None) -> None:
        super().__init__()
        self._advance = advance
        self._delays_s: list[float] = []
        self._over_reference: list[float] = []
        self._masked: list[float] = []
        self._stuck = 0

    def _on_step(self) -> bool:
        self._masked.append(1.0 - float(np.mean(self.locals["action_masks"])))
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
        self.logger.record("train_episodes/masked_share", float(np.mean(self._masked)))
        if ended:
            self.logger.record("train_episodes/feasible_rate", len(self._delays_s) / ended)
        if self._delays_s:
            self.logger.record("train_episodes/delay_s_mean", float(np.mean(self._delays_s)))
            self.logger.record("train_episodes/delay_over_bound", float(np.mean(self._over_reference)))
        self._delays_s, self._over_reference, self._masked, self._stuck = [], [], [], 0
