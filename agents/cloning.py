"""Behaviour cloning: cross-entropy to optimal actions under their masks, and the value's squared error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy

from agents.config import CloningSettings
from agents.dataset import Demonstrations


class Epoch(NamedTuple):
    """Means over an epoch."""

    number: int
    cross_entropy: float
    value_error: float
    agreement: float
    """Share of steps at which the likeliest action is the demonstrated one."""


def clone(
    policy: MaskableActorCriticPolicy, steps: Demonstrations, settings: CloningSettings, seed: int
) -> Iterator[Epoch]:
    """Fit the policy to the demonstrations, yielding after every epoch.

    The learning rate falls to zero along a cosine.
    """
    optimizer = torch.optim.Adam(policy.parameters(), lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=settings.epochs)
    rng = np.random.default_rng(seed)
    policy.set_training_mode(True)
    for number in range(1, settings.epochs + 1):
        sums = np.zeros(3)
        for rows in np.array_split(rng.permutation(len(steps)), -(-len(steps) // settings.batch_size)):
            sums += len(rows) * np.array(_update(policy, optimizer, steps, rows, settings.value_weight))
        schedule.step()
        yield Epoch(number, *(sums / len(steps)).tolist())
    policy.set_training_mode(False)


def _update(
    policy: MaskableActorCriticPolicy,
    optimizer: torch.optim.Optimizer,
    steps: Demonstrations,
    rows: np.ndarray,
    value_weight: float,
) -> tuple[float, float, float]:
    observations = torch.as_tensor(steps.observations[rows])
    actions = torch.as_tensor(steps.actions[rows])
    latent_pi, latent_vf = policy.mlp_extractor(policy.extract_features(observations))
    distribution = policy._get_action_dist_from_latent(latent_pi)
    distribution.apply_masking(steps.masks[rows])
    cross_entropy = -distribution.log_prob(actions).mean()
    values = policy.value_net(latent_vf).flatten()
    value_error = torch.nn.functional.mse_loss(values, torch.as_tensor(steps.returns[rows]))
    optimizer.zero_grad()
    loss: torch.Tensor = cross_entropy + value_weight * value_error
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    agreement = (distribution.mode() == actions).float().mean()
    return cross_entropy.item(), value_error.item(), agreement.item()
