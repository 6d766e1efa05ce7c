"""A training run of a guide: lessons in parts, so that it can be resumed, then fitting."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress
from torch.utils.tensorboard import SummaryWriter

from agents.environment import TRAINING_SEEDS_FROM
from agents.guide.fitting import Epoch, fit, fixed_pct
from agents.guide.lessons import Lessons, collect_lessons, joined
from agents.guide.network import GuideNetwork
from agents.guide.policy import save_guide
from agents.guide.settings import GuideTraining
from agents.run_folder import BEST, command_of, flat, open_run
from satllm_env.cli import write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.provenance import git_revision

LOG = "epochs.csv"

PART = 1000
"""Instances whose lessons are written together; a resumed run keeps whole parts."""

SEEDS_PER_RUN = 10**7
"""Training seeds that a run has to itself."""


class GuideRun:
    """One run.

    Args:
        settings: every hyper-parameter.
        folder: of the run; holds settings, lessons, TensorBoard events and a CSV of every epoch, and the
            policy `best` (least expected regret, the loss, on what is held out).
        command: that makes the run, for the policy's card.
        jobs: processes that collect lessons.
    """

    def __init__(self, settings: GuideTraining, folder: Path, command: str, jobs: int = 1) -> None:
        self.settings, self.folder, self.command, self.jobs = settings, folder, command, jobs
        self._revision = git_revision()

    def run(self, progress: Progress, resume: bool = False) -> Path:
        """Train to the end.

        Returns:
            The folder of the best policy.

        Raises:
            InputError: the folder holds a run already (without `resume`), or none (with it), or its files
                are damaged.
        """
        open_run(self.folder, self.settings, self.command, resume)
        if resume:
            self.command = command_of(self.folder)
        lessons = self._lessons(progress)
        rng = np.random.default_rng((self.settings.seed, 0))
        order = rng.permutation(len(lessons.features))
        apart = max(1, round(self.settings.lessons.held_out * len(order)))
        return self._fit(lessons.rows(order[apart:]), lessons.rows(order[:apart]), progress)

    def _lessons(self, progress: Progress) -> Lessons:
        """The lessons: parts kept from before, and new ones."""
        instances, parts = self.settings.lessons.instances, []
        task = progress.add_task("instances", total=instances)
        for first in range(0, instances, PART):
            path, count = self.folder / f"lessons-{first // PART}.npz", min(PART, instances - first)
            if path.exists():
                progress.advance(task, count)
                parts.append(_read(path))
                continue
            base = TRAINING_SEEDS_FROM + SEEDS_PER_RUN * (1 + self.settings.seed) + first
            made = collect_lessons(
                self.settings.scenarios, base, count, self.jobs, lambda done: progress.advance(task, done)
            )
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **made._asdict())
            write_bytes(path, buffer.getvalue())
            parts.append(made)
        return joined(parts)

    def _fit(self, lessons: Lessons, held_out: Lessons, progress: Progress) -> Path:
        """Fit, and keep the network of the epoch with the least regret."""
        torch.manual_seed(self.settings.seed)
        network = GuideNetwork(self.settings.network)
        rows: list[Epoch] = []
        fixed = fixed_pct(lessons, held_out, self.settings.fit)
        task = progress.add_task("epochs", total=self.settings.fit.epochs)
        with SummaryWriter(str(self.folder)) as writer:
            for epoch in fit(network, lessons, held_out, self.settings.fit, self.settings.seed):
                rows.append(epoch)
                progress.advance(task)
                for name, value in epoch._asdict().items():
                    writer.add_scalar(f"guide/{name}", value, epoch.number)
                best = min(rows, key=lambda row: row.expected_pct)
                if best is epoch:
                    save_guide(self.folder / BEST, network, **self._card(len(lessons.features), best, fixed))
                if epoch.number - best.number >= self.settings.fit.patience:
                    break
            writer.add_hparams(flat(self.settings), {"best/expected_pct": best.expected_pct}, run_name=".")
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=list(Epoch._fields))
        table.writeheader()
        table.writerows(row._asdict() for row in rows)
        write_text(self.folder / LOG, text.getvalue())
        return self.folder / BEST

    def _card(self, instances: int, epoch: Epoch, fixed: float) -> dict[str, Any]:
        """The card's fields beside weights and network."""
        return {
            "name": self.settings.name,
            "sweeps": self.settings.sweeps,
            "command": self.command,
            "git_revision": self._revision,
            "seed": self.settings.seed,
            "scenarios": self.settings.scenarios,
            "instances": instances,
            "figures": {
                f"guide/{name}": value for name, value in {**epoch._asdict(), "fixed_pct": fixed}.items()
            },
        }


def _read(path: Path) -> Lessons:
    try:
        with np.load(path, allow_pickle=False) as file:
            return Lessons(**{name: file[name] for name in Lessons._fields})
    except (OSError, KeyError, ValueError) as error:
        raise InputError(str(path), "", f"cannot be read: {error}") from None
