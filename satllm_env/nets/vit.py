"""A small vision transformer."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

import torch
from pydantic import Field, ValidationInfo, field_validator
from torch import Tensor, nn

from satllm_env.errors import InputError
from satllm_env.nets.layers import Block, divides, initialise
from satllm_env.nets.split_net import SplitNet
from satllm_env.problem.schema import Count, Form, Name

PIXEL_MEAN, PIXEL_RANGE = 138.0, 44.0
"""Pixels are centred and scaled by these, about their mean and deviation over the land-cover images."""


class VitConfig(Form):
    """Sizes of a vision transformer."""

    kind: Literal["vit"] = "vit"
    classes: Annotated[tuple[Name, ...], Field(min_length=2)]
    """Names of the classes, in the order of the logits."""
    layers: Count = 12
    width: Count = 128
    heads: Count = 4
    patch: Count = 8
    """[px] edge of a patch."""
    image_px: Count = 64

    @field_validator("heads")
    @classmethod
    def _divides_width(cls, value: int, info: ValidationInfo) -> int:
        return divides(value, info, "width")

    @field_validator("patch")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError("must be a power of two")
        return value

    @field_validator("image_px")
    @classmethod
    def _whole_patches(cls, value: int, info: ValidationInfo) -> int:
        patch = info.data.get("patch", 1)
        if value % patch:
            raise ValueError(f"must be a multiple of patch ({patch})")
        return value

    @property
    def tokens(self) -> int:
        """Patches per image; there is no class token, the head takes the tokens' mean."""
        return (self.image_px // self.patch) ** 2


class Vit(SplitNet):
    """A vision transformer with learned positions and mean pooling (Zhai et al. 2022, arXiv 2106.04560).

    Patches are embedded by a few small convolutions, one halving per factor two of the patch, with which
    vision transformers train in far fewer epochs (Xiao et al. 2021, arXiv 2106.14881).

    Args:
        config: its sizes.
    """

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.config, self.name = config, "vit"
        self.stem = _stem(config.patch, config.width)
        self.positions = nn.Parameter(torch.zeros(config.tokens, config.width))
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.norm, self.classifier = nn.LayerNorm(config.width), nn.Linear(config.width, len(config.classes))
        initialise(self, config.layers)

    @property
    def width(self) -> int:
        """Features per token."""
        return self.config.width

    def embed(self, inputs: Tensor) -> Tensor:
        """(B, tokens, width) from (B, image_px, image_px, 3) uint8 images.

        Raises:
            InputError: images of another size.
        """
        px = self.config.image_px
        if inputs.shape[1:] != (px, px, 3):
            raise InputError(
                self.name, "inputs", f"must be {px} px RGB images (got {tuple(inputs.shape[1:])})"
            )
        pixels = (inputs.to(self.positions.dtype) - PIXEL_MEAN) / PIXEL_RANGE
        tokens: Tensor = self.stem(pixels.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)
        return tokens + self.positions

    def head(self, activation: Tensor) -> Tensor:
        """(B, classes) logits."""
        logits: Tensor = self.classifier(self.norm(activation).mean(1))
        return logits


def _stem(patch: int, width: int) -> nn.Sequential:
    """One token per patch: convolutions that halve the image, then one to the width."""
    halvings = patch.bit_length() - 1
    channels = [3, *(max(8, width >> (halvings - step + 1)) for step in range(1, halvings + 1))]
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GELU()]
    return nn.Sequential(*layers, nn.Conv2d(channels[-1], width, 1))
