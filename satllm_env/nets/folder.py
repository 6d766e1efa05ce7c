"""Image sets in folders, one folder per class, as EuroSAT and RESISC45 come.

EuroSAT (Helber et al. 2019) has 10 folders of 64×64 JPEG images, NWPU-RESISC45 (Cheng et al. 2017) 45
folders of 256×256 ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from satllm_env.errors import InputError
from satllm_env.nets.labelled import LabelledImages, Step

SHARES = {"train": 0.70, "calibration": 0.05, "validation": 0.05, "test": 0.20}
"""Of each class's images; every split takes whole images, and at least one."""
LEAST_IMAGES = 20
"""Per class, so that every split gets some."""
ENDINGS = (".jpg", ".jpeg", ".png")
LARGEST_PX = 8192


class FolderImages:
    """The images of a folder, split at random within each class; which image goes where hangs on the seed.

    Files beside the class folders and hidden files are not read.

    Args:
        folder: holds one folder per class; the folders' names are the classes, sorted.
        seed: of the splits.
        image_px: [px] edge of the square that images are brought to: the largest square in the middle,
            scaled with a bicubic filter; images of that size stay as they are.

    Raises:
        InputError: fewer than two class folders, a class with too few images, or a file that is no image.
    """

    def __init__(self, folder: Path, seed: int = 0, image_px: int = 64) -> None:
        self.name, self._image_px, self._seed = folder.resolve().name, image_px, seed
        classes = sorted(entry for entry in folder.iterdir() if entry.is_dir() and _seen(entry))
        if len(classes) < 2:
            raise InputError(
                str(folder), "", f"must hold a folder per class, two at least (got {len(classes)})"
            )
        self.classes = tuple(entry.name for entry in classes)
        self._files: dict[str, list[tuple[Path, int]]] = {split: [] for split in SHARES}
        for label, entry in enumerate(classes):
            self._divide(_image_files(entry), label)
        for number, split in enumerate(SHARES):
            files = self._files[split]
            order = np.random.default_rng((seed, 1, number)).permutation(len(files))
            self._files[split] = [files[place] for place in order]

    def _divide(self, files: list[Path], label: int) -> None:
        order = np.random.default_rng((self._seed, 0, label)).permutation(len(files))
        ends = np.floor(np.cumsum(list(SHARES.values())) * len(files) + 1e-9).astype(int)
        for split, places in zip(SHARES, np.split(order, ends[:-1]), strict=True):
            self._files[split] += [(files[place], label) for place in places]

    def split(self, split: str, count: int | None = None, step: Step | None = None) -> LabelledImages:
        """The first `count` images of a split, or all of them.

        Raises:
            InputError: no such split, fewer images in it, or a file that cannot be read as an RGB image.
        """
        if split not in SHARES:
            raise InputError("split", split, f"unknown; known are {', '.join(SHARES)}")
        files = self._files[split]
        if count is not None and count > len(files):
            raise InputError(self.name, split, f"has {len(files)} images (asked for {count})")
        files = files[:count]
        images = np.empty((len(files), self._image_px, self._image_px, 3), np.uint8)
        for place, (path, _) in enumerate(files):
            images[place] = read_image(path, self._image_px)
            if step:
                step(1)
        labels = torch.tensor([label for _, label in files], dtype=torch.int64)
        return LabelledImages(torch.from_numpy(images), labels)


def _image_files(folder: Path) -> list[Path]:
    files = sorted(entry for entry in folder.iterdir() if _seen(entry))
    for file in files:
        if file.suffix.lower() not in ENDINGS or not file.is_file():
            raise InputError(str(file), "", f"is not an image file ({', '.join(ENDINGS)})")
    if len(files) < LEAST_IMAGES:
        raise InputError(str(folder), "", f"must hold at least {LEAST_IMAGES} images (got {len(files)})")
    return files


def _seen(entry: Path) -> bool:
    return not entry.name.startswith(".")


def read_image(path: Path, image_px: int) -> np.ndarray:
    """(image_px, image_px, 3) uint8 pixels of an image file.

    Raises:
        InputError: the file cannot be read, is damaged, not RGB, or larger than 8192 px.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            if image.mode != "RGB":
                raise InputError(str(path), "", f"must be an RGB image (mode is {image.mode})")
            if max(image.size) > LARGEST_PX:
                raise InputError(
                    str(path), "", f"must be at most {LARGEST_PX} px wide and high (got {image.size})"
                )
            if image.size == (image_px, image_px):
                return np.asarray(image)
            return np.asarray(ImageOps.fit(image, (image_px, image_px), Image.Resampling.BICUBIC))
    except InputError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(str(path), "", f"cannot be read as an image: {error}") from None
