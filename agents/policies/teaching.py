"""Behaviour cloning and dataset aggregation (Ross et al. 2011): a network fitted to the planner's labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from agents.policies.learner import Tick, first_seed, set_rate, update
from agents.policies.lessons import Lessons, collect_lessons, draw_pool
from agents.policies.network import ActionScorer
from agents.policies.settings import ScorerTraining, TeachingSettings


class Losses(NamedTuple):
    """Of some states."""

    loss: torch.Tensor
    agreement: float
    """Share of states at which the highest score is an action known to be optimal."""
    entropy: float
    """[nat] of the policy."""


class Teacher:
    """Collects labelled walks round by round, and fits the network to all of them.

    Args:
        network: to be trained.
        settings: of a run whose algorithm is `bc` or `dagger`.
    """

    def __init__(self, network: ActionScorer, settings: ScorerTraining) -> None:
        assert settings.teaching is not None
        self.network, self._run = network, settings
        self._settings: TeachingSettings = settings.teaching
        self._optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=self._settings.learning_rate,
            weight_decay=self._settings.weight_decay,
        )
        self._lessons: Lessons | None = None

    @property
    def work(self) -> int:
        """Instances walked and epochs."""
        return self._settings.episodes + self._settings.epochs

    def learn(self, number: int, tick: Tick) -> dict[str, float]:
        """Collect, then fit."""
        run, settings = self._run, self._settings
        follows = number > 0 and run.algorithm == "dagger"
        seed = first_seed(run.seed, number)
        made = collect_lessons(
            draw_pool(run.scenarios, self.network.layout, settings.episodes, seed),
            self.network if follows else None,
            settings.label_limit,
            settings.explore,
            np.random.default_rng((run.seed, number)),
            lambda: tick(1),
        )
        self._lessons = made if self._lessons is None else self._lessons + made
        figures: dict[str, float] = {}
        for epoch in range(settings.epochs):
            done = (number * settings.epochs + epoch) / (run.rounds * settings.epochs)
            set_rate(self._optimizer, settings.learning_rate, done)
            figures = self._epoch(self._lessons, seed + epoch)
            tick(1)
        masked = 1.0 - float(self._lessons.masks.mean())
        return {"states": float(len(self._lessons.masks)), **figures, "masked_share": masked}

    def state(self) -> dict[str, Any]:
        """Weights, optimizer and lessons."""
        lessons = {} if self._lessons is None else self._lessons._asdict()
        return {
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "lessons": {name: torch.as_tensor(column) for name, column in lessons.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._lessons = Lessons(**{name: column.numpy() for name, column in state["lessons"].items()})

    def _epoch(self, lessons: Lessons, seed: int) -> dict[str, float]:
        rows = [torch.as_tensor(column) for column in lessons]
        device = self.network.head.weight.device
        generator, sums = torch.Generator().manual_seed(seed), np.zeros(3)
        self.network.train()
        order = torch.randperm(len(rows[0]), generator=generator)
        for some in torch.split(order, self._settings.batch_size):
            found = losses(self.network, *(column[some].to(device) for column in rows))
            update(self.network, self._optimizer, found.loss)
            sums += len(some) * np.array([found.loss.item(), found.agreement, found.entropy])
        self.network.eval()
        loss, agreement, entropy = (sums / len(rows[0])).tolist()
        return {"loss": loss, "agreement": agreement, "entropy": entropy}


def losses(
    network: ActionScorer, observations: torch.Tensor, masks: torch.Tensor, optimal: torch.Tensor
) -> Losses:
    """Cross-entropy to the actions known to be optimal, which may share the probability as they like.

    Args:
        network: whose scores are logits.
        observations: (B, size).
        masks: (B, actions) bool.
        optimal: (B, actions) bool, one at the least in every row.
    """
    logs = torch.log_softmax(network(observations, masks), dim=1)
    loss = -logs.masked_fill(~optimal, -torch.inf).logsumexp(dim=1).mean()
    agreement = optimal.gather(1, logs.argmax(dim=1, keepdim=True)).float().mean()
    entropy = -(logs.exp() * logs.masked_fill(~masks, 0.0)).sum(dim=1).mean()
    return Losses(loss, agreement.item(), entropy.item())
