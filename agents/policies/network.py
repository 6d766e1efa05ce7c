"""A network that scores every action by the same weights, whatever the slots and levels."""

from __future__ import annotations

from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import nn
from torch.nn.functional import scaled_dot_product_attention, silu

from satllm_env.envs.lookahead import ACTION_FEATURES
from satllm_env.envs.observation import LEVEL_FEATURES, REQUEST_FEATURES, SLOT_FEATURES, ObservationLayout
from satllm_env.problem.schema import Count, Form

Encoder = Literal["attention", "mlp"]
"""`attention`: an action is a token; `mlp`: a multi-layer perceptron over the observation as it is."""

FEATURES = REQUEST_FEATURES + 1 + SLOT_FEATURES + LEVEL_FEATURES + ACTION_FEATURES
"""Of a token."""


class ScorerShape(Form):
    """Shape of the network."""

    encoder: Encoder = "attention"
    width: Count = 64
    heads: Count = 4
    """Of attention; the other encoder has none."""
    blocks: Count = 2

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared out among {self.heads} heads")
        return self


class ActionScorer(nn.Module):
    """Scores of the actions: logits of a policy, or returns to come in Q-learning.

    With attention, a token per action holds the request, the action's slot and level, and what the bounds
    say of it (`LookaheadObservation`); masked actions are not attended to.

    Args:
        layout: of the plain observation.
        shape: of the network.
    """

    def __init__(self, layout: ObservationLayout, shape: ScorerShape) -> None:
        super().__init__()
        self.layout, self.shape = layout, shape
        attends, width, actions = shape.encoder == "attention", shape.width, layout.num_actions
        size = FEATURES if attends else layout.size + ACTION_FEATURES * actions
        self.embed = nn.Linear(size, width)
        self.blocks = nn.ModuleList(
            _Attention(width, shape.heads) if attends else nn.Linear(width, width)
            for _ in range(shape.blocks)
        )
        self.head = nn.Linear(width, 1 if attends else actions)

    def forward(self, observations: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Scores (B, actions), −inf where masked.

        Args:
            observations: (B, size) of `LookaheadObservation`.
            masks: (B, actions) bool.
        """
        if self.shape.encoder == "attention":
            hidden = self.embed(self.tokens(observations))
            for block in self.blocks:
                hidden = block(hidden, masks)
            scores = self.head(hidden)[..., 0]
        else:
            hidden = silu(self.embed(observations))
            for block in self.blocks:
                hidden = silu(block(hidden))
            scores = self.head(hidden)
        shown: torch.Tensor = scores.masked_fill(~masks, -torch.inf)
        return shown

    def tokens(self, observations: torch.Tensor) -> torch.Tensor:
        """(B, actions, features) what is seen of each action; no learned number is in it."""
        layout, batch = self.layout, len(observations)
        slots, levels, actions = layout.num_slots, layout.num_levels, layout.num_actions
        plain, bounds = observations[:, : layout.size], observations[:, layout.size :]
        by_slot = plain[:, layout.slots_at : layout.levels_at].reshape(batch, slots, 1, SLOT_FEATURES)
        by_level = plain[:, layout.levels_at :].reshape(batch, 1, levels, LEVEL_FEATURES)
        sends = torch.cat(
            [by_slot.expand(-1, -1, levels, -1), by_level.expand(-1, slots, -1, -1)], dim=3
        ).flatten(1, 2)
        own = torch.cat([sends.new_zeros(batch, 1, sends.shape[2]), sends], dim=1)
        computes = own.new_zeros(batch, actions, 1)
        computes[:, 0] = 1.0
        request = plain[:, None, :REQUEST_FEATURES].expand(-1, actions, -1)
        return torch.cat([request, computes, own, bounds.reshape(batch, actions, -1)], dim=2)


class _Attention(nn.Module):
    """Attention over the unmasked actions and a perceptron, each beside a way around it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, hidden: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        batch, actions, width = hidden.shape
        split = self.mix(self.before(hidden)).reshape(batch, actions, 3, self.heads, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=masks[:, None, None, :])
        hidden = hidden + self.out(mixed.transpose(1, 2).reshape(batch, actions, width))
        narrow: torch.Tensor = self.narrow(silu(self.wide(self.between(hidden))))
        return hidden + narrow
