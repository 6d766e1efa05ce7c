"""The networks that come with the project are what their cards say."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from satllm_env.nets.char_lm import CharLmConfig
from satllm_env.nets.image_data import image_source
from satllm_env.nets.measure import accuracy_pct, perplexity
from satllm_env.nets.store import SHIPPED, load_card, load_net, shipped_nets
from satllm_env.nets.text_data import text

VITS = ("landcover-vit", "landcover-hard-vit")
SAMPLE = 400
"""Test images measured here; the cards' figures are of 5,000."""


def test_the_shipped_networks() -> None:
    """Two classifiers and a language model come with the project, and are small."""
    assert shipped_nets() == ("char-lm", "landcover-hard-vit", "landcover-vit")
    sizes = {name: Path(str(SHIPPED / f"{name}.safetensors")).stat().st_size for name in shipped_nets()}
    assert sizes["char-lm"] < 3e6
    assert all(sizes[name] < 6e6 for name in VITS)


@pytest.mark.parametrize("name", VITS)
def test_accuracy_is_that_of_the_card(name: str) -> None:
    """On a part of the test split the accuracy is the card's to three binomial deviations."""
    card = load_card(name)
    assert 94 <= card.test <= 98
    stated = card.test / 100
    data = image_source(card.data.source, card.data.seed).split("test", SAMPLE)
    deviation = 100 * math.sqrt(stated * (1 - stated) / SAMPLE)
    assert accuracy_pct(load_net(name), data) == pytest.approx(card.test, abs=3 * deviation)


def test_perplexity_is_that_of_the_card() -> None:
    """On a part of the test split the perplexity is the card's to 3 percent."""
    card = load_card("char-lm")
    assert isinstance(card.config, CharLmConfig)
    ids = text(card.data.source, "test", 40_000, card.data.seed)
    assert perplexity(load_net("char-lm"), ids, card.config.context) == pytest.approx(card.test, rel=0.03)


@pytest.mark.parametrize("name", ("landcover-vit", "landcover-hard-vit", "char-lm"))
@torch.inference_mode()
def test_shipped_networks_can_be_cut(name: str) -> None:
    """Blocks run in three places give the logits of the whole network."""
    net, inputs = load_net(name), _inputs(name)
    last = len(net.blocks)
    activation = net.embed(inputs)
    for first, end in ((0, 2), (2, last - 1), (last - 1, last)):
        activation = net.run_blocks(activation, first, end)
    assert torch.equal(net.head(activation), net(inputs))


def _inputs(name: str) -> Tensor:
    if name == "char-lm":
        return text("mission-log", "test", 128)[None]
    return image_source("landcover").split("test", 3).images


def test_the_environment_does_not_need_them() -> None:
    """Importing the environment imports neither these networks nor torch."""
    code = "import sys, satllm_env; assert not [m for m in sys.modules if m.startswith('satllm_env.nets')]"
    subprocess.run([sys.executable, "-c", code], check=True)
