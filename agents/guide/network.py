"""The guide's network: from what is seen of a scene to a preference among the sweeps."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from agents.guide.features import PROCESSOR_FEATURES, PROCESSORS_AT, SIZE
from planners.sweeps.cells import NUM_CELLS
from planners.sweeps.scene import MAX_PROCESSORS
from satllm_env.problem.schema import Count, Form

Encoder = Literal["attention", "flat"]
"""`attention`: a processor is a token among the others; `flat`: a perceptron over everything."""


class GuideShape(Form):
    """Shape of the network."""

    encoder: Encoder = "attention"
    width: Count = 64
    heads: Count = 4
    hidden: Count = 192


class GuideNetwork(nn.Module):
    """Preferences among the cells (`planners.sweeps.cells`); their softmax is a chance to be drawn.

    Args:
        shape: of the network.
    """

    def __init__(self, shape: GuideShape) -> None:
        super().__init__()
        self.shape = shape
        size = SIZE
        if shape.encoder == "attention":
            self.embed = nn.Linear(PROCESSOR_FEATURES, shape.width)
            self.mix = nn.Linear(shape.width, 3 * shape.width)
            self.out = nn.Linear(shape.width, shape.width)
            size = PROCESSORS_AT + 2 * shape.width
        self.body = nn.Sequential(
            nn.Linear(size, shape.hidden),
            nn.SiLU(),
            nn.Linear(shape.hidden, shape.hidden),
            nn.SiLU(),
            nn.Linear(shape.hidden, NUM_CELLS),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Preferences (B, cells).

        Args:
            features: (B, `SIZE`) by `write_features`.
        """
        if self.shape.encoder == "flat":
            logits: torch.Tensor = self.body(features)
            return logits
        tokens = features[:, PROCESSORS_AT:].reshape(len(features), MAX_PROCESSORS, PROCESSOR_FEATURES)
        present = tokens[..., 0] > 0.5
        hidden = nn.functional.silu(self.embed(tokens))
        hidden = hidden + self._attend(hidden, present)
        weights = present[..., None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)
        largest = (hidden * weights).amax(1)
        scores: torch.Tensor = self.body(torch.cat([features[:, :PROCESSORS_AT], mean, largest], dim=1))
        return scores

    def _attend(self, hidden: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        batch, count, width = hidden.shape
        split = self.mix(hidden).reshape(batch, count, 3, self.shape.heads, -1).permute(2, 0, 3, 1, 4)
        anyone = present | ~present.any(1, keepdim=True)  # a scene without processors attends to nothing real
        mixed = nn.functional.scaled_dot_product_attention(
            split[0], split[1], split[2], attn_mask=anyone[:, None, None, :]
        )
        attended: torch.Tensor = self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        return attended


def expected_best(logits: torch.Tensor, regrets: torch.Tensor, draws: int) -> torch.Tensor:
    """(B,) expected least regret of some cells drawn by their chances, with replacement, in closed form.

    With cells in the order of their regrets r₁ ≤ r₂ ≤ …, chances pᵢ and tails Sᵢ = Σ_{j ≥ i} pⱼ, the least of
    k draws is rᵢ with probability Sᵢᵏ − Sᵢ₊₁ᵏ. The mean is differentiable, so nothing has to be drawn.

    Args:
        logits: (B, cells) preferences.
        regrets: (B, cells) of each cell alone.
        draws: k.
    """
    ordered, order = regrets.sort(dim=1)
    chances = torch.softmax(logits, dim=1).gather(1, order)
    tails = chances.flip(1).cumsum(1).flip(1).clamp(0.0, 1.0)
    powers = tails**draws
    after = torch.cat([powers[:, 1:], torch.zeros_like(powers[:, :1])], dim=1)
    return ((powers - after) * ordered).sum(1)
