"""Training of the networks: AdamW, cosine schedule, mixed precision on the CPU."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import torch
import torch.nn.functional as nnf
from pydantic import Field
from torch import Tensor, nn

from satllm_env.nets.samplers import Sampler
from satllm_env.nets.split_net import SplitNet
from satllm_env.problem.schema import Count, Finite, Form

Share = Annotated[Finite, Field(ge=0, le=1)]
Positive = Annotated[Finite, Field(gt=0)]


class TrainingSettings(Form):
    """Every hyper-parameter of a training."""

    epochs: Count
    batch: Count = 128
    learning_rate: Positive = 1e-3
    """At its highest, after the warm-up; it falls to a hundredth of that along a cosine."""
    warm_up: Share = 0.05
    """Of all steps."""
    weight_decay: Annotated[Finite, Field(ge=0)] = 0.05
    """Of matrices; vectors do not decay."""
    smoothing: Share = 0.05
    """Of labels."""
    tokens_kept: Annotated[Finite, Field(gt=0, le=1)] = 0.5
    """Share of the tokens that the early epochs see, drawn anew for each input: half the work for most of
    the gain (PatchDropout, Liu et al. 2023, arXiv 2208.07220)."""
    dropping: Share = 0.7
    """Share of the steps that drop tokens."""
    seed: Annotated[int, Field(ge=0, strict=True)] = 0


def train(
    net: SplitNet,
    sampler: Sampler,
    settings: TrainingSettings,
    step: Callable[[int, float], None] | None = None,
) -> None:
    """Train a network in place; the same seed gives the same weights on the same machine.

    Args:
        net: as initialised, or trained before.
        sampler: of inputs and targets.
        settings: hyper-parameters.
        step: told after every step its number, from 1 to all, and its loss in nat.
    """
    rng = torch.Generator().manual_seed(settings.seed)
    total = settings.epochs * sampler.steps
    optimizer = _optimizer(net, settings)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _schedule(settings, total))
    net.train()
    done = 0
    for _ in range(settings.epochs):
        for inputs, targets in sampler.epoch(rng):
            kept = settings.tokens_kept if done < settings.dropping * total else 1.0
            loss = _loss(net, inputs, targets, kept, settings.smoothing, rng)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            if step:
                step(done, loss.item())
    net.eval()


def _optimizer(net: nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    matrices = [parameter for parameter in net.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in net.parameters() if parameter.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), fused=True)


def _schedule(settings: TrainingSettings, total: int) -> Callable[[int], float]:
    warm_up = max(1, round(settings.warm_up * total))

    def factor(done: int) -> float:
        if done < warm_up:
            return (done + 1) / warm_up
        place = (done - warm_up) / max(1, total - warm_up)
        return 0.01 + 0.99 * (1 + math.cos(math.pi * place)) / 2

    return factor


def _loss(
    net: SplitNet, inputs: Tensor, targets: Tensor, kept: float, smoothing: float, rng: torch.Generator
) -> Tensor:
    """Cross-entropy [nat] per target."""
    # bfloat16 products are about twice as fast on CPUs that have them; weights and sums stay float32
    with torch.autocast("cpu", torch.bfloat16):
        activation = net.embed(inputs)
        if kept < 1:
            activation = _some_tokens(activation, kept, rng)
        logits = net.head(net.run_blocks(activation)).float()
    return nnf.cross_entropy(logits.flatten(0, -2), targets.flatten(), label_smoothing=smoothing)


def _some_tokens(activation: Tensor, kept: float, rng: torch.Generator) -> Tensor:
    """(B, fewer tokens, width): other tokens for every input."""
    batch, tokens, width = activation.shape
    count = max(1, round(kept * tokens))
    chosen = torch.rand(batch, tokens, generator=rng).argsort(1)[:, :count]
    return activation.gather(1, chosen[..., None].expand(-1, -1, width))
