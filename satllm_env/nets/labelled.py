"""Labelled images of one split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

Step = Callable[[int], None]
"""Told how many images have been added, for a progress bar."""


class LabelledImages(NamedTuple):
    """Images and what they show."""

    images: Tensor
    """(N, px, px, 3) uint8, red, green and blue."""
    labels: Tensor
    """(N,) int64, places in the source's `classes`."""

    @property
    def sha256(self) -> str:
        """Of the images and labels."""
        return hashlib.sha256(self.images.numpy().tobytes() + self.labels.numpy().tobytes()).hexdigest()
