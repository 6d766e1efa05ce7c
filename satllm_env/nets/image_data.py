"""Images to train and measure on, in splits: procedural ones, or those of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch

from satllm_env.errors import InputError
from satllm_env.nets.folder import FolderImages
from satllm_env.nets.labelled import LabelledImages, Step
from satllm_env.nets.landcover import CLASSES, DIFFICULTIES, images
from satllm_env.nets.landcover.fields import SIZE_PX

SIZES = {"train": 24_000, "calibration": 1_000, "validation": 2_000, "test": 5_000}
"""Procedural images per split where one does not say."""


class ImageSource(Protocol):
    """A set of labelled images in splits that share none."""

    name: str
    classes: tuple[str, ...]

    def split(self, split: str, count: int | None = None, step: Step | None = None) -> LabelledImages:
        """The first `count` images of a split, or all of them."""


class Landcover:
    """The procedural images, of which a split has as many as one asks for.

    Args:
        name: one of `DIFFICULTIES`.
        seed: of the data set.
    """

    def __init__(self, name: str, seed: int = 0) -> None:
        self.name, self.seed, self.classes = name, seed, CLASSES

    def split(self, split: str, count: int | None = None, step: Step | None = None) -> LabelledImages:
        """The first `count` images of a split, or the usual number."""
        indices = range(SIZES.get(split, 0) if count is None else count)
        made, labels = images(self.name, split, indices, self.seed, step)
        return LabelledImages(torch.from_numpy(made), torch.from_numpy(labels))


def image_source(name_or_folder: str | Path, seed: int = 0, image_px: int = 64) -> ImageSource:
    """A procedural data set by its name, or a folder of images such as EuroSAT or RESISC45.

    Args:
        name_or_folder: `landcover`, `landcover-hard`, or a folder with one folder of images per class.
        seed: of the procedural images, or of the folder's splits.
        image_px: [px] edge that a folder's images are brought to; procedural ones have 64 and no other.

    Raises:
        InputError: no such data set, size or folder; see `FolderImages`.
    """
    if isinstance(name_or_folder, str) and name_or_folder in DIFFICULTIES:
        if image_px != SIZE_PX:
            raise InputError("image_px", name_or_folder, f"has images of {SIZE_PX} px (asked for {image_px})")
        return Landcover(name_or_folder, seed)
    if not Path(name_or_folder).is_dir():
        known = f"unknown; known are {', '.join(DIFFICULTIES)}, or give a folder of images"
        raise InputError("data", str(name_or_folder), known)
    return FolderImages(Path(name_or_folder), seed, image_px)
