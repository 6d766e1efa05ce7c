"""Fitting the guide's network to lessons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from agents.guide.lessons import Lessons
from agents.guide.network import GuideNetwork, expected_best
from agents.guide.settings import FitSettings


class Epoch(NamedTuple):
    """Means over an epoch, and over the scenes held out after it; regrets in percent."""

    number: int
    loss: float
    entropy: float
    """[nat] of the preferences."""
    expected_pct: float
    """Regret of the best of the draws, on average; held out."""
    greedy_pct: float
    """Regret of the best of as many preferred sweeps; held out."""
    first_pct: float
    """Regret of the most preferred sweep alone; held out."""


def regrets_of(lessons: Lessons, cap: float) -> torch.Tensor:
    """(S, cells) by how much each sweep's delay exceeds the best one's, [1], up to the cap."""
    best = lessons.delays_s.min(axis=1, keepdims=True)
    return torch.as_tensor(np.minimum(lessons.delays_s / best - 1.0, cap).astype(np.float32))


def fit(
    network: GuideNetwork, lessons: Lessons, held_out: Lessons, settings: FitSettings, seed: int
) -> Iterator[Epoch]:
    """Fit a network to lessons, yielding after every epoch.

    The loss is the expected regret of the best of some draws, in percent (`expected_best`). The learning
    rate falls along a cosine.

    Args:
        network: changed in place.
        lessons: learned from.
        held_out: for the figures alone.
        settings: of fitting.
        seed: of the order of rows.
    """
    features, regrets = torch.as_tensor(lessons.features), regrets_of(lessons, settings.regret_cap)
    unseen, unseen_regrets = torch.as_tensor(held_out.features), regrets_of(held_out, settings.regret_cap)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=settings.epochs)
    generator = torch.Generator().manual_seed(seed)
    for number in range(1, settings.epochs + 1):
        network.train()
        order, sums = torch.randperm(len(features), generator=generator), np.zeros(2)
        for some in torch.split(order, settings.batch_size):
            logits = network(features[some])
            entropy = _entropy(logits)
            loss = 100.0 * expected_best(logits, regrets[some], settings.draws).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss - settings.entropy * entropy)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            sums += len(some) * np.array([loss.item(), entropy.item()])
        schedule.step()
        network.eval()
        mean_loss, mean_entropy = (sums / len(features)).tolist()
        expected, greedy, first = _figures(network, unseen, unseen_regrets, settings)
        yield Epoch(number, mean_loss, mean_entropy, expected, greedy, first)


def fixed_pct(lessons: Lessons, held_out: Lessons, settings: FitSettings) -> float:
    """[%] held-out regret of the best of a fixed choice of sweeps, the same for every request.

    What the network has to beat. As many sweeps as draws are chosen one after the other, each the one that
    does best together with those before it on the lessons.

    Args:
        lessons: chosen on.
        held_out: measured on.
        settings: of fitting.
    """
    regrets, unseen = (regrets_of(part, settings.regret_cap) for part in (lessons, held_out))
    chosen: list[int] = []
    least = torch.full((len(regrets),), settings.regret_cap)
    for _ in range(settings.draws):
        chosen.append(int(torch.minimum(least[:, None], regrets).mean(0).argmin()))
        least = torch.minimum(least, regrets[:, chosen[-1]])
    return 100.0 * unseen[:, chosen].amin(1).mean().item()


def _entropy(logits: torch.Tensor) -> torch.Tensor:
    """[nat] of the softmax, mean over the rows."""
    logarithms = torch.log_softmax(logits, dim=1)
    return -(logarithms.exp() * logarithms).sum(1).mean()


def _figures(
    network: GuideNetwork, features: torch.Tensor, regrets: torch.Tensor, settings: FitSettings
) -> tuple[float, float, float]:
    with torch.inference_mode():
        logits = network(features)
        expected = expected_best(logits, regrets, settings.draws).mean()
        preferred = logits.topk(settings.draws, dim=1).indices
        greedy = regrets.gather(1, preferred).amin(1).mean()
        first = regrets.gather(1, preferred[:, :1]).mean()
    return 100.0 * expected.item(), 100.0 * greedy.item(), 100.0 * first.item()
