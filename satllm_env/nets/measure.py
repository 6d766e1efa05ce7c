"""What a network is worth: accuracy on images, perplexity on text."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as nnf
from torch import Tensor

from satllm_env.nets.labelled import LabelledImages
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.text_data import windows

BATCH = 64
"""Windows at once."""


def accuracy_pct(net: SplitNet, data: LabelledImages) -> float:
    """Percent of the images whose likeliest class is their label."""
    right = net.predict(data.images).argmax(-1) == data.labels
    return 100 * int(right.sum()) / len(right)


def perplexity(net: SplitNet, ids: Tensor, context: int) -> float:
    """e to the mean cross-entropy [nat] of each byte given those before it in its window.

    Args:
        net: a language model over bytes.
        ids: (N,) int64 bytes; what does not fill a last window is left out.
        context: bytes per window. Windows do not overlap, so early bytes of each are guessed from few.
    """
    inputs, targets = windows(ids, context)
    total = 0.0
    with torch.inference_mode():
        for first in range(0, len(inputs), BATCH):
            logits = net(inputs[first : first + BATCH]).flatten(0, 1)
            following = targets[first : first + BATCH].flatten()
            total += nnf.cross_entropy(logits, following, reduction="sum").item()
    return math.exp(total / targets.numel())
