"""Tiny networks whose outputs depend on their inputs, with codecs to measure on them."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from satllm_env.compression.codec import Codec, CodecSettings, klt_levels, parse_settings
from satllm_env.compression.probing.calibration import Calibration, measure_calibration
from satllm_env.nets.char_lm import CharLm
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import build
from satllm_env.nets.vit import Vit
from tests.unit.nets.nets import LM, VIT

BLOCKS = 4
BOUNDARIES = (1, 2, 3)
GAIN = 6.0
"""Times fresh weights, whose outputs are all but the same for every input."""
LOSSLESS = parse_settings({"name": "whole", "quantiser": {"kind": "float", "bits": 32}}, "test")


@cache
def lively_vit() -> SplitNet:
    """A classifier of 16 px images into three classes, four blocks deep, 16 wide, 16 tokens."""
    net = _lively(build(VIT.model_copy(update={"layers": BLOCKS})))
    assert isinstance(net, Vit)
    net.classifier.weight *= 20
    net.classifier.bias -= net.predict(_images(200, seed=9)).mean(0)
    return net


@cache
def lively_lm() -> SplitNet:
    """A language model over bytes, four blocks deep, 16 wide, that sees 24 bytes."""
    return _lively(build(LM.model_copy(update={"layers": BLOCKS})))


def lively(kind: str) -> SplitNet:
    """The one or the other."""
    return lively_vit() if kind == "vit" else lively_lm()


def inputs_of(net: SplitNet, count: int, seed: int = 0) -> Tensor:
    """Random images, or random text."""
    if isinstance(net, CharLm):
        return torch.randint(0, 256, (count, LM.context), generator=torch.Generator().manual_seed(seed))
    return _images(count, seed)


def _images(count: int, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    centre = torch.randint(40, 216, (count, 1, 1, 3), generator=rng)
    return (centre + torch.randint(-40, 40, (count, 16, 16, 3), generator=rng)).to(torch.uint8)


def targets_of(net: SplitNet, inputs: Tensor, right: float = 0.8, seed: int = 1) -> Tensor:
    """What the network itself says, but for some share of the outputs."""
    rng = torch.Generator().manual_seed(seed)
    logits = net.predict(inputs)
    said = logits.argmax(-1).clone()
    other = torch.randint(0, logits.shape[-1], said.shape, generator=rng)
    return torch.where(torch.rand(said.shape, generator=rng) < right, said, other)


@cache
def calibration(kind: str) -> Calibration:
    """Of one of the networks, at every boundary."""
    net = lively(kind)
    return measure_calibration(net, inputs_of(net, 64, seed=2))


def codecs(
    kind: str, levels: tuple[CodecSettings, ...] | None = None, whole: bool = False
) -> tuple[Codec, ...]:
    """Codecs of some levels, by default of three steps, for one of the networks."""
    return calibration(kind).codecs(levels or klt_levels((0.5, 1.0, 2.0)), whole=whole)


def _lively(net: SplitNet) -> SplitNet:
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.dim() > 1:
                parameter *= GAIN
    return net.eval().requires_grad_(False)
