"""A training run of an action scorer, round by round: resumable, and stopped where it gains no more."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress
from torch.utils.tensorboard import SummaryWriter

from agents.checkpoint import has_checkpoint, read_state, write_state
from agents.environment import action_space_of
from agents.policies.learner import Learner
from agents.policies.network import ActionScorer
from agents.policies.policy import ScorerCard, ScorerPolicy, save_scorer
from agents.policies.q_learning import QLearner
from agents.policies.settings import ScorerTraining
from agents.policies.teaching import Teacher
from agents.run_folder import BEST, LAST, flat, open_run
from agents.yardstick import GAP, Yardstick, figures_of, is_stale, yardsticks
from satllm_env.cli import write_text
from satllm_env.envs.observation import ObservationLayout
from satllm_env.provenance import git_revision

LOG = "rounds.csv"

Row = dict[str, float]


class ScorerRun:
    """One run.

    Whatever its rounds do hangs on the last checkpoint, the settings and the round's number alone, so that
    a run that is killed and resumed ends with the weights of one that was not.

    Args:
        settings: every hyper-parameter.
        folder: of the run; holds settings, a checkpoint, TensorBoard events, a CSV of every round, and two
            policies: `best` (least gap on the evaluation instances) and `last`.
        command: that makes the run, for the policy's card.
    """

    def __init__(self, settings: ScorerTraining, folder: Path, command: str) -> None:
        self.settings, self.folder, self.command = settings, folder, command
        self.rows: list[Row] = []
        """The figures of every round so far."""
        self._layout = ObservationLayout(*action_space_of(settings.scenarios))
        self._revision = git_revision()

    def run(self, progress: Progress, resume: bool = False) -> Path:
        """Train to the end.

        Returns:
            The folder of the best policy.

        Raises:
            InputError: the folder holds a run already (without `resume`), or none (with it), or its files
                are damaged; or the settings leave nothing to learn from.
        """
        open_run(self.folder, self.settings, self.command, resume)
        learner = self._learner()
        if resume and has_checkpoint(self.folder):
            read_state(self.folder, lambda state: self._restore(learner, state))
        against = self._against(progress)
        task = progress.add_task("rounds", total=self.settings.rounds, completed=len(self.rows))
        with SummaryWriter(str(self.folder)) as writer:
            while len(self.rows) < self.settings.rounds and not self._stale:
                self._round(learner, against, writer, progress)
                progress.advance(task)
            writer.add_hparams(flat(self.settings), {f"best/{GAP}": min(self._gaps_pct)}, run_name=".")
        return self.folder / BEST

    def _learner(self) -> Learner:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(self.settings.seed)
        network = ActionScorer(self._layout, self.settings.network).eval().to(device)
        make = QLearner if self.settings.algorithm == "dqn" else Teacher
        return make(network, self.settings)

    def _restore(self, learner: Learner, state: dict[str, Any]) -> None:
        learner.restore(state["learner"])
        self.rows = state["rows"]

    def _against(self, progress: Progress) -> dict[str, Yardstick]:
        scenarios, settings = self.settings.scenarios, self.settings.evaluation
        task = progress.add_task("planning the evaluation", total=len(scenarios) * settings.episodes)
        against = yardsticks(
            scenarios,
            settings.episodes,
            settings.seed,
            settings.planner_deadline_s,
            lambda: progress.advance(task),
        )
        progress.remove_task(task)
        return against

    def _round(
        self, learner: Learner, against: dict[str, Yardstick], writer: SummaryWriter, progress: Progress
    ) -> None:
        number, begin, cpu = len(self.rows), time.perf_counter(), time.process_time()
        task = progress.add_task(f"round {number}", total=learner.work)
        figures = learner.learn(number, lambda done: progress.advance(task, done))
        progress.remove_task(task)
        learned = {f"train/{name}": value for name, value in figures.items()}
        row = {"round": float(number), **learned, **self._evaluated(learner, against)}
        row |= {"time/wall_s": time.perf_counter() - begin, "time/cpu_s": time.process_time() - cpu}
        self.rows.append(row)
        for name, value in row.items():
            writer.add_scalar(name, value, number)
        writer.flush()
        self._keep(learner)

    def _evaluated(self, learner: Learner, against: dict[str, Yardstick]) -> Row:
        card = ScorerCard(sha256="in training", network=learner.network.shape, **self._card({}))
        return figures_of(ScorerPolicy(card, learner.network), against)

    def _keep(self, learner: Learner) -> None:
        """Write what the round leaves; the checkpoint last, since it says that the rest is whole."""
        row = self.rows[-1]
        save_scorer(self.folder / LAST, learner.network, **self._card(row))
        if row[GAP] < min(self._gaps_pct[:-1], default=float("inf")):
            save_scorer(self.folder / BEST, learner.network, **self._card(row))
        text = io.StringIO()
        names = dict.fromkeys(name for row in self.rows for name in row)
        writer = csv.DictWriter(text, fieldnames=list(names))
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.folder / LOG, text.getvalue())
        write_state(self.folder, {"learner": learner.state(), "rows": self.rows})

    @property
    def _gaps_pct(self) -> list[float]:
        return [row[GAP] for row in self.rows]

    @property
    def _stale(self) -> bool:
        return is_stale(self._gaps_pct, self.settings.evaluation.patience)

    def _card(self, row: Row) -> dict[str, Any]:
        """The card's fields beside weights and network."""
        return {
            "name": self.settings.name,
            "num_slots": self._layout.num_slots,
            "num_levels": self._layout.num_levels,
            "command": self.command,
            "git_revision": self._revision,
            "seed": self.settings.seed,
            "scenarios": self.settings.scenarios,
            "algorithm": self.settings.algorithm,
            "states": int(row.get("train/states", 0)),
            "steps": int(row.get("train/steps", 0)),
            "figures": {name: value for name, value in row.items() if not name.startswith("time/")},
        }
