"""What every algorithm that trains an action scorer has in common."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch

from agents.environment import TRAINING_SEEDS_FROM
from agents.policies.network import ActionScorer

SEEDS_PER_RUN, SEEDS_PER_ROUND = 10**7, 10**5
"""Training seeds that a run and a round have to themselves."""

Tick = Callable[[int], None]
"""Told how much more of a round is done."""


class Learner(Protocol):
    """Learns in rounds; each hangs on the settings, its number and the state after the one before alone."""

    network: ActionScorer

    @property
    def work(self) -> int:
        """What a round's ticks come to."""

    def learn(self, number: int, tick: Tick) -> dict[str, float]:
        """Make a round and return its figures."""

    def state(self) -> dict[str, Any]:
        """Everything that the next round needs, as tensors, numbers and dictionaries."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""


def first_seed(seed: int, number: int) -> int:
    """Of the instances of a round."""
    return TRAINING_SEEDS_FROM + SEEDS_PER_RUN * (1 + seed) + SEEDS_PER_ROUND * number


def set_rate(optimizer: torch.optim.Optimizer, start: float, done: float) -> None:
    """The learning rate after a share of a run, along a cosine to zero."""
    for group in optimizer.param_groups:
        group["lr"] = start * 0.5 * (1.0 + math.cos(math.pi * done))


def update(network: ActionScorer, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One step down the gradient, its norm 1 at the most."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
