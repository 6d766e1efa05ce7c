"""How sensitive a network's output is to an error of its activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from satllm_env.nets.split_net import SplitNet

BATCH = 50
"""Inputs at once."""


def output_sensitivities(
    net: SplitNet,
    inputs: Tensor,
    boundaries: Sequence[int],
    seed: int = 0,
    step: Callable[[int], None] | None = None,
) -> dict[int, NDArray[np.float64]]:
    """The Fisher information of the output about each boundary's activation, channel by channel.

    The mean over tokens of g·gᵀ, where g is the gradient of log p(y) by a token's activation and y is
    drawn from the network's own output p. To second order an error e of a token's activation makes a KL
    divergence of ½·eᵀFe, F that matrix at the token (Amari 1998, doi:10.1162/089976698300017746).

    Args:
        net: a classifier or a language model; its parameters get no gradients.
        inputs: as `net.embed` takes them.
        boundaries: ascending.
        seed: of the draws of y.
        step: told how many inputs were added, for a progress bar.

    Returns:
        (W, W) by boundary, in nat per squared unit of the activation.
    """
    rng = torch.Generator().manual_seed(seed)
    sums = {boundary: np.zeros((net.width, net.width)) for boundary in boundaries}
    tokens = 0
    for first in range(0, len(inputs), BATCH):
        gradients = _gradients(net, inputs[first : first + BATCH], boundaries, rng)
        for boundary, gradient in gradients.items():
            rows = gradient.reshape(-1, net.width).double().numpy()
            sums[boundary] += rows.T @ rows
        tokens += len(rows)
        if step:
            step(min(BATCH, len(inputs) - first))
    return {boundary: total / tokens for boundary, total in sums.items()}


def _gradients(
    net: SplitNet, inputs: Tensor, boundaries: Sequence[int], rng: torch.Generator
) -> dict[int, Tensor]:
    """Gradients of the log-likelihood of drawn outputs by the activation at each boundary."""
    with torch.no_grad():
        activation = net.run_blocks(net.embed(inputs), 0, boundaries[0])
    activations = [activation.requires_grad_()]
    for before, after in zip(boundaries, (*boundaries[1:], None), strict=True):
        activations.append(net.run_blocks(activations[-1], before, after))
    logits = net.head(activations.pop()).flatten(0, -2)
    drawn = torch.multinomial(logits.detach().softmax(-1), 1, generator=rng)
    likelihood = logits.log_softmax(-1).gather(-1, drawn).sum()
    return dict(zip(boundaries, torch.autograd.grad(likelihood, activations), strict=True))
