"""Training of masks and step sizes: one set of parameters for any cuts, and several cuts at once.

Each step of the training draws a set of cuts, runs the network with the codec at each of them, and
lowers the KL divergence of its output from the uncompressed network's plus a price on the bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from satllm_env.compression.codec import Codec, Learned
from satllm_env.compression.codec.settings import UniformSteps
from satllm_env.compression.cuts import draw_cuts
from satllm_env.compression.divergence import kl_nat
from satllm_env.compression.learned_boundary import LearnedBoundary
from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.training import Positive
from satllm_env.problem.schema import Count, Form

LOGITS_RATE = 10.0
"""[1] times the learning rate for the mask's logits, which have farther to go than logarithms of steps."""
_MEASURED = 200  # inputs that the components' magnitudes are measured on


class LearningSettings(Form):
    """Every hyper-parameter of the training."""

    bit_price: Positive
    """[nat] of KL divergence that one bit per element is worth."""
    steps: Count = 300
    batch: Count = 32
    learning_rate: Positive = 0.03
    """Of Adam; it falls to 0 along a cosine."""
    most_cuts: Count = 4
    temperature: Positive = 0.5
    """[1] of the mask's Gumbel noise (Jang et al. 2017, arXiv 1611.01144)."""
    seed: Annotated[int, Field(ge=0, strict=True)] = 0


def learn(
    net: SplitNet,
    codec: Codec,
    inputs: Tensor,
    settings: LearningSettings,
    step: Callable[[int, float, float], None] | None = None,
) -> dict[int, Learned]:
    """Train a level's step sizes, and its mask where its settings name one.

    Args:
        net: its parameters stay as they are.
        codec: of the level, calibrated whole at every boundary that may be cut; a static mask in it is where
            the mask's training starts from.
        inputs: to train on, as `net.embed` takes them.
        settings: hyper-parameters.
        step: told after every step its number, the divergence [nat] and the bits per element of a cut.

    Returns:
        What was learned at each boundary, for `calibrate`.

    Raises:
        InputError: the level's quantiser has no steps to learn, or the codec is not whole.
    """
    if not isinstance(codec.settings.quantiser, UniformSteps):
        raise InputError(codec.settings.name, "quantiser", "only a uniform quantiser has steps to learn")
    _require_whole(codec)
    rng = torch.Generator().manual_seed(settings.seed)
    cuts_rng = np.random.default_rng(settings.seed)
    parts = _learned_boundaries(net, codec, inputs[:_MEASURED])
    parameters = [parameter for part in parts.values() for parameter in part.parameters()]
    logits = [part.logits for part in parts.values() if part.logits is not None]
    steps = [parameter for part in parts.values() for parameter in (part.log_channels, part.log_tokens)]
    groups: list[dict[str, Any]] = [
        {"params": steps},
        {"params": logits, "lr": LOGITS_RATE * settings.learning_rate},
    ]
    optimizer = torch.optim.Adam(groups, settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.steps)
    for done in range(1, settings.steps + 1):
        chosen = inputs[torch.randint(len(inputs), (settings.batch,), generator=rng)]
        cuts = draw_cuts(cuts_rng, list(parts), settings.most_cuts)
        divergence, bits = _run(net, chosen, {cut: parts[cut] for cut in cuts}, settings.temperature, rng)
        optimizer.zero_grad()
        torch.autograd.backward(divergence + settings.bit_price * bits, inputs=parameters)
        optimizer.step()
        schedule.step()
        if step:
            step(done, divergence.item(), bits.item() / len(cuts))
    return {boundary: part.learned() for boundary, part in parts.items()}


def _require_whole(codec: Codec) -> None:
    for boundary, part in codec.boundaries.items():
        basis = part.transform.arrays().get("basis", np.zeros((0, 0)))
        if basis.shape[0] != basis.shape[1]:
            raise InputError(codec.settings.name, f"boundary {boundary}", "must be calibrated whole to learn")


@torch.no_grad()
def _learned_boundaries(net: SplitNet, codec: Codec, inputs: Tensor) -> dict[int, LearnedBoundary]:
    """Untrained parameters of each boundary, ascending."""
    parts, before, activation = {}, 0, net.embed(inputs)
    for boundary in sorted(codec.boundaries):
        activation = net.run_blocks(activation, before, boundary)
        part = codec.boundaries[boundary]
        components = part.components(activation.numpy())
        parts[boundary] = LearnedBoundary(part, np.abs(components).mean(axis=0))
        before = boundary
    return parts


def _run(
    net: SplitNet,
    inputs: Tensor,
    parts: Mapping[int, LearnedBoundary],
    temperature: float,
    rng: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """KL divergence [nat] per output, and bits per element, summed over the cuts."""
    with torch.no_grad():
        activation = net.run_blocks(net.embed(inputs), 0, min(parts))
        whole = net.head(net.run_blocks(activation, min(parts)))
    bits = torch.zeros(())
    for cut, following in zip(parts, [*list(parts)[1:], None], strict=True):
        activation, cost = parts[cut](activation, temperature, rng)
        bits = bits + cost
        activation = net.run_blocks(activation, cut, following)
    return kl_nat(whole, net.head(activation)).mean(), bits
