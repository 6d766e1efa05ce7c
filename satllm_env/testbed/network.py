"""The part of a network that a stage holds, and what it needs to run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from satllm_env.compression.codec import Codec, load_codecs
from satllm_env.nets.huggingface import random_huggingface
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import load_net
from satllm_env.testbed.job import Job, NetSource

Array = NDArray[np.generic]


def load_network(source: NetSource) -> SplitNet:
    """The whole network, without gradients.

    Raises:
        InputError: see `load_net`.
    """
    net = random_huggingface(source.net, source.seed) if source.random_init else load_net(source.net)
    return net.requires_grad_(False).eval()


def codec_file(folder: Path, level: int, boundary: int) -> Path:
    """Where the codec of a level at a boundary lies in a job's folder."""
    return folder / f"codec-{level}-{boundary}.safetensors"


class StageNet:
    """One run of a network's blocks, the embedding before the first and the head behind the last.

    Args:
        net: the network, whose other blocks are dropped.
        first: layer.
        end: one past the last layer.
    """

    def __init__(self, net: SplitNet, first: int, end: int) -> None:
        self._net, self._first, self._end, self._layers = net, first, end, len(net.blocks)
        for index in range(self._layers):
            if not first <= index < end:
                net.blocks[index] = nn.Identity()

    @torch.inference_mode()
    def __call__(self, values: Array) -> Array:
        """The payload after the stage's layers, of the one before them."""
        tensor = torch.from_numpy(values)
        if self._first == 0:
            tensor = self._net.embed(tensor)
        tensor = self._net.run_blocks(tensor, self._first, self._end)
        if self._end == self._layers:
            tensor = self._net.head(tensor)
        out: Array = tensor.contiguous().numpy()
        return out


def hop_codecs(folder: Path, job: Job, visit: int) -> Mapping[tuple[int, int], Codec]:
    """The codecs of a visit's incoming and outgoing payload, by level and boundary."""
    hops = [job.visits[number].hop for number in (visit - 1, visit) if number >= 0]
    wanted = {(hop.level, hop.boundary) for hop in hops if hop is not None and hop.level}
    return {key: load_codecs(codec_file(folder, *key))[0] for key in wanted}
