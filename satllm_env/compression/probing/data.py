"""Inputs and right outputs of a network's data, split by split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from satllm_env.errors import InputError
from satllm_env.nets.char_lm import CharLmConfig
from satllm_env.nets.image_data import Landcover, image_source
from satllm_env.nets.store import NetCard
from satllm_env.nets.text_data import text, windows


class Items(NamedTuple):
    """Inputs and what they should give."""

    inputs: Tensor
    """(N, px, px, 3) uint8 images, or (N, context) bytes."""
    targets: Tensor
    """(N,) classes, or the (N, context) bytes that follow."""

    @property
    def sha256(self) -> str:
        """Of both."""
        return hashlib.sha256(self.inputs.numpy().tobytes() + self.targets.numpy().tobytes()).hexdigest()


@dataclass(frozen=True)
class ProbeData:
    """The data of a network, or other ones of the same kind.

    Args:
        card: of the network.
        source: name of procedural data, a folder or a file; None is what the card names.
    """

    card: NetCard
    source: str | None = None

    @property
    def name(self) -> str:
        """Of the data."""
        return self.source or self.card.data.source

    def split(self, split: str, count: int) -> Items:
        """The first inputs of a split, or as many as it has.

        Raises:
            InputError: the data cannot be read, or does not fit the network.
        """
        config, seed = self.card.config, self.card.data.seed
        if isinstance(config, CharLmConfig):
            inputs, targets = windows(text(self.name, split, seed=seed), config.context)
            return Items(inputs[:count], targets[:count])
        source = image_source(self.name, seed, config.image_px)
        if source.classes != config.classes:
            raise InputError("data", self.name, "has other classes than the network was trained on")
        made = isinstance(source, Landcover)  # of which a split has as many as one asks for
        images = source.split(split, count if made else None)
        return Items(images.images[:count], images.labels[:count])
