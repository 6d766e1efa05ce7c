"""Tiny networks and image folders that several tests share."""

from pathlib import Path

import numpy as np
from PIL import Image

from satllm_env.nets.char_lm import CharLm, CharLmConfig
from satllm_env.nets.store import build
from satllm_env.nets.vit import Vit, VitConfig

VIT = VitConfig(classes=("a", "b", "c"), layers=3, width=16, heads=2, patch=4, image_px=16)
LM = CharLmConfig(layers=3, width=16, heads=2, context=24)


def tiny_vit(seed: int = 0) -> Vit:
    """A vision transformer of three blocks for 16 px images."""
    net = build(VIT, seed)
    assert isinstance(net, Vit)
    return net.eval()


def tiny_lm(seed: int = 0) -> CharLm:
    """A language model of three blocks that sees 24 bytes."""
    net = build(LM, seed)
    assert isinstance(net, CharLm)
    return net.eval()


def image_folder(folder: Path, classes: dict[str, int], px: int, ending: str = "jpg") -> Path:
    """Folders of images named as EuroSAT's and RESISC45's are, each class of its own brightness.

    Args:
        folder: to make them in.
        classes: images per class.
        px: edge of the images.
        ending: of the files.
    """
    rng = np.random.default_rng(0)
    for number, (name, count) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            level = 40 + 80 * number
            pixels = rng.integers(level, level + 30, (px, px, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{name}_{index + 1}.{ending}")
    return folder
