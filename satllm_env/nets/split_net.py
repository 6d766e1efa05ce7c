"""A network that can be cut between its blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from satllm_env.errors import InputError


class SplitNet(nn.Module, ABC):
    """A stack of blocks between an embedding and a head.

    The activation at boundary b is what comes out of the first b blocks, a (B, tokens, width) tensor;
    boundary 0 is the embedding. `head(run_blocks(embed(x)))` is the whole network, and any split of the
    blocks over several calls gives the same.
    """

    name: str
    blocks: nn.ModuleList

    @property
    @abstractmethod
    def width(self) -> int:
        """Features per token."""

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """(B, tokens, width) activation at boundary 0.

        Args:
            inputs: (B, height, width, 3) uint8 images, or (B, tokens) int64 token ids.
        """

    @abstractmethod
    def head(self, activation: Tensor) -> Tensor:
        """(B, classes) logits, or (B, tokens, vocabulary), of the activation at the last boundary."""

    def run_blocks(self, activation: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """(B, tokens, width) activation at boundary `last`, from the one at boundary `first`.

        Args:
            activation: (B, tokens, width) at boundary `first`.
            first: boundary to start from.
            last: boundary to end at; None is behind the last block.

        Raises:
            InputError: the boundaries do not exist or go backwards.
        """
        end = len(self.blocks) if last is None else last
        if not 0 <= first <= end <= len(self.blocks):
            between = f"must be 0 <= first <= last <= {len(self.blocks)} (got {first} and {end})"
            raise InputError(self.name, "run_blocks", between)
        for index in range(first, end):
            activation = self.run_block(index, activation)
        return activation

    def run_block(self, index: int, activation: Tensor) -> Tensor:
        """Run one block."""
        out = self.blocks[index](activation)
        assert isinstance(out, Tensor)
        return out

    def forward(self, inputs: Tensor) -> Tensor:
        """Run the whole network; returns logits."""
        return self.head(self.run_blocks(self.embed(inputs)))

    @torch.inference_mode()
    def predict(self, inputs: Tensor, batch: int = 250) -> Tensor:
        """Logits of many inputs, `batch` at a time, without gradients."""
        return torch.cat([self(inputs[first : first + batch]) for first in range(0, len(inputs), batch)])
