"""The codec of one boundary with parameters that gradients reach."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from satllm_env.compression.codec import BoundaryCodec, Learned
from satllm_env.compression.codec.differentiable import TorchTransform, laplace_bits, quantised
from satllm_env.compression.codec.settings import StaticMask
from satllm_env.compression.codec.sparsify import decide

_LEAST_SHARE = 1e-3  # [steps] of mean magnitude: the rate's slope vanishes below


class LearnedBoundary(nn.Module):
    """Logarithms of relative steps and, where the level has a mask, the logits of keeping.

    A component's step is the level's, times its channel component's factor and, with a transform of
    tokens, its token component's.

    Args:
        part: the calibrated codec; its quantiser is uniform.
        magnitude: mean magnitude of each component, shape (components,).
    """

    def __init__(self, part: BoundaryCodec, magnitude: NDArray[np.float32]) -> None:
        super().__init__()
        assert part.steps is not None
        self.transform = TorchTransform(part.transform)
        self.step, self.threshold, self.offset = map(torch.from_numpy, part.steps.arrays().values())
        self.magnitude = torch.maximum(torch.from_numpy(magnitude), _LEAST_SHARE * self.step)
        self.log_channels = nn.Parameter(torch.zeros(part.width))
        self.log_tokens = nn.Parameter(torch.zeros(len(self.step) // part.width))
        self.logits: nn.Parameter | None = None
        if isinstance(part.settings.sparsifier, StaticMask):
            # near even odds at a step's magnitude: what the quantiser mostly drops, the mask may drop
            self.logits = nn.Parameter(torch.log(self.magnitude / self.step) + 2)

    def relative_step(self) -> Tensor:
        """[1] shape (components,)"""
        return torch.exp(self.log_tokens[:, None] + self.log_channels).flatten()

    def forward(self, activation: Tensor, temperature: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """The activation after the codec, and the bits per element it costs.

        Args:
            activation: (B, tokens, width)
            temperature: of the mask's noise.
            rng: of the mask's noise.
        """
        step = self.step * self.relative_step()
        values = self.transform.forward(activation)
        bits = laplace_bits(values, step, self.magnitude)
        values = quantised(values, step, self.threshold, self.offset)
        if self.logits is not None:
            kept = _gumbel_keep(self.logits, len(values), temperature, rng)
            values, bits = values * kept, bits * kept
        return self.transform.undo(values).reshape(activation.shape), bits.mean()

    def learned(self) -> Learned:
        """What training found, for `calibrate`."""
        keep = None if self.logits is None else decide(self.logits.detach().numpy())
        return Learned(keep, self.relative_step().detach().numpy())


def _gumbel_keep(logits: Tensor, rows: int, temperature: float, rng: torch.Generator) -> Tensor:
    """Decisions (rows, components) of 0 or 1, with the gradient of their relaxation straight through.

    The difference of two Gumbel variables is logistic (Maddison et al. 2017, arXiv 1611.00712).
    """
    uniform = torch.rand(rows, len(logits), generator=rng).clamp(1e-6, 1 - 1e-6)
    relaxed = torch.sigmoid((logits + torch.logit(uniform)) / temperature)
    return (relaxed > 0.5).float() + relaxed - relaxed.detach()
