"""A small character-level language model: a causal transformer over the bytes of a text."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as nnf
from pydantic import ValidationInfo, field_validator
from torch import Tensor, nn

from satllm_env.errors import InputError
from satllm_env.nets.layers import Block, divides, initialise
from satllm_env.nets.split_net import SplitNet
from satllm_env.problem.schema import Count, Form

VOCABULARY = 256
"""Token ids are the bytes of the UTF-8 text, so that any text can be read."""


class CharLmConfig(Form):
    """Sizes of a character-level language model."""

    kind: Literal["char-lm"] = "char-lm"
    layers: Count = 6
    width: Count = 128
    heads: Count = 4
    context: Count = 128
    """Tokens that the model can see at most."""

    @field_validator("heads")
    @classmethod
    def _divides_width(cls, value: int, info: ValidationInfo) -> int:
        return divides(value, info, "width")


class CharLm(SplitNet):
    """A decoder with learned positions and one table for reading and writing tokens.

    Args:
        config: its sizes.
    """

    def __init__(self, config: CharLmConfig) -> None:
        super().__init__()
        self.config, self.name = config, "char-lm"
        self.tokens = nn.Parameter(torch.zeros(VOCABULARY, config.width))
        self.positions = nn.Parameter(torch.zeros(config.context, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.heads, True) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        initialise(self, config.layers)

    @property
    def width(self) -> int:
        """Features per token."""
        return self.config.width

    def embed(self, inputs: Tensor) -> Tensor:
        """(B, tokens, width) from (B, tokens) int64 bytes.

        Raises:
            InputError: more tokens than the context.
        """
        if inputs.shape[1] > self.config.context:
            raise InputError(
                self.name, "inputs", f"at most {self.config.context} tokens (got {inputs.shape[1]})"
            )
        return nnf.embedding(inputs, self.tokens) + self.positions[: inputs.shape[1]]

    def head(self, activation: Tensor) -> Tensor:
        """(B, tokens, 256) logits of each next byte."""
        logits: Tensor = self.norm(activation) @ self.tokens.T
        return logits
