"""Training batches: shuffled and turned images, windows of a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from satllm_env.errors import InputError


class Sampler(Protocol):
    """What a network is trained on."""

    @property
    def steps(self) -> int:
        """Batches per epoch."""

    def epoch(self, rng: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of inputs and targets."""


class ImageSampler:
    """Every image once per epoch, in one of the eight ways to turn and mirror a square.

    Args:
        images: (N, px, px, 3) uint8.
        labels: (N,) int64.
        batch: images per step; what does not fill one is left out of the epoch.
    """

    def __init__(self, images: Tensor, labels: Tensor, batch: int) -> None:
        self._images, self._labels, self._batch = images, labels, min(batch, len(images))

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return len(self._images) // self._batch

    def epoch(self, rng: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of (B, px, px, 3) images and (B,) labels."""
        order = torch.randperm(len(self._images), generator=rng)
        for step in range(self.steps):
            rows = order[step * self._batch : (step + 1) * self._batch]
            yield _turned(self._images[rows], rng), self._labels[rows]


def _turned(images: Tensor, rng: torch.Generator) -> Tensor:
    """Each image in one of its eight symmetries, at random."""
    down, right, swap = torch.rand(3, len(images), 1, 1, 1, generator=rng) < 0.5
    images = torch.where(down, images.flip(1), images)
    images = torch.where(right, images.flip(2), images)
    return torch.where(swap, images.transpose(1, 2), images)


class TextSampler:
    """Random windows of a text, about as many characters per epoch as it has.

    Args:
        text: (N,) int64 bytes.
        context: tokens per window.
        batch: windows per step.

    Raises:
        InputError: the text does not fill one window.
    """

    def __init__(self, text: Tensor, context: int, batch: int) -> None:
        if len(text) <= context:
            raise InputError("text", "", f"must have more than {context} bytes to train on (got {len(text)})")
        self._text, self._context, self._batch = text, context, batch

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return max(1, len(self._text) // (self._context * self._batch))

    def epoch(self, rng: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of (B, context) bytes and the bytes that follow each."""
        window = torch.arange(self._context + 1)
        for _ in range(self.steps):
            starts = torch.randint(len(self._text) - self._context, (self._batch, 1), generator=rng)
            windows = self._text[starts + window]
            yield windows[:, :-1], windows[:, 1:]
