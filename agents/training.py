"""A training run: clone optimal walks, improve by MaskablePPO, evaluate against the optimum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.progress import Progress
from sb3_contrib import MaskablePPO
from stable_baselines3.common.logger import HParam, Logger, configure
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv, VecMonitor

from agents.callbacks import Checkpoints, EpisodeStatistics, Evaluation
from agents.checkpoint import has_checkpoint, load_checkpoint, save_checkpoint
from agents.cloning import clone
from agents.config import TrainingSettings
from agents.dataset import Demonstrations, WalkRequest, collect, load_dataset
from agents.dataset.extras import pyarrow
from agents.environment import TRAINING_SEEDS_FROM, env_makers
from agents.learned import Card, LearnedPolicy, policy_arguments, save_policy
from agents.policies.lessons import draw_pool
from agents.run_folder import BEST, LAST, flat, open_run
from agents.spaces import Spaces
from agents.vector_env import SB3VectorEnv
from agents.yardstick import GAP, yardsticks
from satllm_env.cli import write_text
from satllm_env.envs import SatLLMSplitVectorEnv
from satllm_env.envs.observation import ObservationLayout
from satllm_env.errors import InputError
from satllm_env.problem.schema import load_json
from satllm_env.provenance import git_revision

BEST_GAP = "best.json"


class Training:
    """One run in a folder of its own, which says how it was made and can be resumed.

    Args:
        settings: every hyper-parameter.
        folder: of the run; holds settings, logs, checkpoint, and the best and the last policy.
        command: that makes the run, for the policy's card.
        jobs: processes; 1 keeps everything in this one.
    """

    def __init__(self, settings: TrainingSettings, folder: Path, command: str, jobs: int = -1) -> None:
        self.settings, self.folder, self.command, self.jobs = settings, folder, command, jobs
        self._spaces = Spaces.of(settings.scenarios)
        self._figures: dict[str, float] = {}

    def run(self, progress: Progress, resume: bool = False) -> Path:
        """Train to the end.

        Returns:
            The folder of the best policy.

        Raises:
            InputError: the folder holds a run already (without `resume`), or none (with it); or the
                demonstrations are damaged, or not of the spaces that the scenarios need.
        """
        goes_on = resume and has_checkpoint(self.folder)
        given = None if goes_on else self._made_beforehand()  # told before anything is written
        open_run(self.folder, self.settings, self.command, resume)
        environments = self._environments()
        model, steps_done = self._model(environments), 0
        try:
            if goes_on:
                steps_done = load_checkpoint(self.folder, model)
            else:
                self._clone(model, given or self._planned(progress), progress)
                save_checkpoint(self.folder, model)
            self._improve(model, steps_done, progress)
            self._log_settings(model)
        finally:
            environments.close()
            model.logger.close()
        self._keep(model, LAST)
        return self.folder / BEST

    def _model(self, environments: VecEnv) -> MaskablePPO:
        ppo = self.settings.ppo
        model = MaskablePPO(
            "MlpPolicy",
            environments,
            learning_rate=ppo.learning_rate,
            n_steps=ppo.n_steps,
            batch_size=ppo.batch_size,
            n_epochs=ppo.n_epochs,
            gamma=ppo.gamma,
            gae_lambda=ppo.gae_lambda,
            clip_range=ppo.clip_range,
            ent_coef=ppo.ent_coef,
            vf_coef=ppo.vf_coef,
            max_grad_norm=ppo.max_grad_norm,
            target_kl=ppo.target_kl,
            policy_kwargs=policy_arguments(self.settings.network),
            seed=self.settings.seed,
            device="cpu",
        )
        # instances of reinforcement learning differ from those of cloning and of evaluation
        environments.seed(TRAINING_SEEDS_FROM * 2 + self.settings.seed * ppo.num_envs)
        model.set_logger(self._logger())
        return model

    def _environments(self) -> VecEnv:
        instances = self.settings.ppo.instances
        if instances is not None:
            return self._stepped_together(instances)
        makers = env_makers(self.settings.scenarios, self.settings.ppo.num_envs)
        return VecMonitor(DummyVecEnv(makers) if self.jobs == 1 else SubprocVecEnv(makers))

    def _stepped_together(self, instances: int) -> VecEnv:
        layout = ObservationLayout(self._spaces.num_slots, self._spaces.num_levels)
        first_seed = TRAINING_SEEDS_FROM * 2 + self.settings.seed * instances
        return SB3VectorEnv(
            SatLLMSplitVectorEnv(
                self.settings.ppo.num_envs,
                pool=draw_pool(self.settings.scenarios, layout, instances, first_seed),
                observation="lookahead",
                reward_unit="reference",
                autoreset_mode="SameStep",
            )
        )

    def _logger(self) -> Logger:
        return configure(str(self.folder), ["tensorboard", "csv"])

    def _clone(self, model: MaskablePPO, steps: Demonstrations | None, progress: Progress) -> None:
        cloning = self.settings.cloning
        if steps is None:
            return
        task = progress.add_task(f"cloning {len(steps)} steps", total=cloning.epochs)
        for epoch in clone(model.policy, steps, cloning, self.settings.seed):
            model.logger.record("cloning/cross_entropy", epoch.cross_entropy)
            model.logger.record("cloning/value_error", epoch.value_error)
            model.logger.record("cloning/agreement", epoch.agreement)
            model.logger.dump(epoch.number)
            progress.advance(task)

    def _planned(self, progress: Progress) -> Demonstrations | None:
        """Optimal walks that this run plans itself, None where the settings ask for none."""
        cloning = self.settings.cloning
        if not cloning.episodes:
            return None
        request = WalkRequest(
            scenarios=self.settings.scenarios,
            episodes=cloning.episodes,
            seed=self.settings.seed,
            deadline_s=cloning.planner_deadline_s,
        )
        task = progress.add_task("planning optimal walks", total=cloning.episodes)
        folder = self.folder / "demonstrations"
        collect(folder, request, self.command, lambda: progress.advance(task), self.jobs)
        return load_dataset(folder)

    def _made_beforehand(self) -> Demonstrations | None:
        """Optimal walks of a dataset, None where the settings name none."""
        folder = self.settings.cloning.demonstrations
        if folder is None:
            if self.settings.cloning.episodes:
                pyarrow()  # what is planned will be kept as Parquet
            return None
        steps = load_dataset(folder)
        if steps.spaces != self._spaces:
            raise InputError(folder, "spaces", f"are {steps.spaces}; training needs {self._spaces}")
        return steps

    def _improve(self, model: MaskablePPO, steps_done: int, progress: Progress) -> None:
        settings = self.settings
        task = progress.add_task("planning the evaluation", total=None)
        against = yardsticks(
            settings.scenarios,
            settings.evaluation.episodes,
            settings.evaluation.seed,
            settings.cloning.planner_deadline_s,
            lambda: progress.advance(task),
        )
        progress.remove_task(task)
        task = progress.add_task(
            "reinforcement learning", total=settings.ppo.total_steps, completed=steps_done
        )
        model.learn(
            max(0, settings.ppo.total_steps - steps_done),
            callback=[
                EpisodeStatistics(lambda steps: progress.advance(task, steps)),
                Evaluation(
                    LearnedPolicy(self._card(model), model.policy),
                    against,
                    settings.evaluation,
                    lambda figures: self._keep_best(model, figures),
                ),
                Checkpoints(self.folder, settings.checkpoint_every_steps),
            ],
            reset_num_timesteps=False,
        )

    def _keep_best(self, model: MaskablePPO, figures: dict[str, float]) -> None:
        self._figures = figures
        path = self.folder / BEST_GAP
        if path.exists() and load_json(path)["gap_mean_pct"] <= figures[GAP]:
            return
        self._keep(model, BEST)
        write_text(path, json.dumps({"gap_mean_pct": figures[GAP], "steps": model.num_timesteps}) + "\n")

    def _keep(self, model: MaskablePPO, name: str) -> None:
        save_policy(self.folder / name, model.policy, **self._card_fields(model))

    def _log_settings(self, model: MaskablePPO) -> None:
        """The hyper-parameters beside the best gap, for TensorBoard's table of runs."""
        best = load_json(self.folder / BEST_GAP)["gap_mean_pct"]
        row = HParam(flat(self.settings), {GAP: best})
        model.logger.record("hparams", row, exclude=("csv",))
        model.logger.dump(model.num_timesteps)

    def _card(self, model: MaskablePPO) -> Card:
        return Card(sha256="in training", **self._card_fields(model))

    def _card_fields(self, model: MaskablePPO) -> dict[str, Any]:
        return {
            "name": self.settings.name,
            "num_slots": self._spaces.num_slots,
            "num_levels": self._spaces.num_levels,
            "network": self.settings.network,
            "command": self.command,
            "seed": self.settings.seed,
            "scenarios": self.settings.scenarios,
            "steps": model.num_timesteps,
            "git_revision": git_revision(),
            "figures": self._figures,
        }
