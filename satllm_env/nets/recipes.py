"""From data to a trained, measured and stored network: what `scripts/train_net.py` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from satllm_env.errors import InputError
from satllm_env.nets.char_lm import CharLmConfig
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import NetCard, build, halved, load_card, load_net, save_net, versions
from satllm_env.nets.tasks import Task
from satllm_env.nets.training import TrainingSettings, train
from satllm_env.nets.vit import VitConfig


@dataclass(frozen=True)
class Recipe:
    """Everything that makes a network."""

    name: str
    """Of the network."""
    task: Task
    config: VitConfig | CharLmConfig
    settings: TrainingSettings
    command: str
    start: str | None = None
    """Network to go on from; None is from scratch."""

    def run(self, path: Path, bar: Progress, note: Callable[[str], None]) -> NetCard:
        """Train, measure and store.

        Args:
            path: of the card; the weights go beside it.
            bar: to show progress on.
            note: told loss and validation measure after every epoch.

        Raises:
            InputError: the data cannot be read, or the network to start from has other sizes.
        """
        net = self._first()
        sampler = self.task.sampler(self.settings.batch, bar)
        total = self.settings.epochs * sampler.steps
        line = bar.add_task("training", total=total)
        losses: list[float] = []

        def step(done: int, loss: float) -> None:
            losses.append(loss)
            bar.update(line, completed=done, description=f"training, loss {loss:.3f}")
            if done % sampler.steps == 0:
                mean = sum(losses[-sampler.steps :]) / sampler.steps
                value = self._evaluate(net, "validation")
                note(f"epoch {done // sampler.steps}: loss {mean:.3f}, validation {value}")

        train(net, sampler, self.settings, step)
        return self._store(halved(net), path)

    def _first(self) -> SplitNet:
        if self.start is None:
            return build(self.config, self.settings.seed)
        if load_card(self.start).config != self.config:
            raise InputError("start", self.start, "has other sizes or classes than the network to train")
        return load_net(self.start)

    def _evaluate(self, net: SplitNet, split: str) -> str:
        net.eval()
        value = self.task.value(net, split)
        net.train()
        return f"{self.task.measure} {value:.3f}"

    def _store(self, net: SplitNet, path: Path) -> NetCard:
        return save_net(
            net.eval(), path, name=self.name, config=self.config, measure=self.task.measure,
            test=self.task.value(net, "test"), data=self.task.card(), training=self.settings,
            start=self.start, command=self.command, versions=versions(),
        )  # fmt: skip
