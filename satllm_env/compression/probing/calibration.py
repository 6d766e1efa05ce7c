"""Codecs calibrated at every boundary of a network that may be cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from satllm_env.compression.codec import Codec, CodecSettings, Learned, calibrate
from satllm_env.compression.sensitivity import output_sensitivities
from satllm_env.nets.split_net import SplitNet

BATCH = 100
"""Inputs at once."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What codecs are calibrated from: activations and sensitivities by boundary."""

    activations: Mapping[int, NDArray[np.float32]]
    """(N, tokens, width)"""
    sensitivities: Mapping[int, NDArray[np.float64]]
    """(width, width)"""

    def at(self, boundaries: Sequence[int]) -> Calibration:
        """That of some of the boundaries."""
        return Calibration(
            {boundary: self.activations[boundary] for boundary in boundaries}, self.sensitivities
        )

    def codecs(
        self,
        levels: Sequence[CodecSettings],
        learned: Mapping[int, Learned] | None = None,
        whole: bool = False,
    ) -> tuple[Codec, ...]:
        """Calibrate a codec per level.

        Raises:
            InputError: see `calibrate`.
        """
        return calibrate(levels, self.activations, learned, self.sensitivities, whole)


def measure_calibration(
    net: SplitNet,
    inputs: Tensor,
    boundaries: Sequence[int] | None = None,
    step: Callable[[int], None] | None = None,
) -> Calibration:
    """Run a network on calibration inputs.

    Args:
        net: the network.
        inputs: as `net.embed` takes them.
        boundaries: ascending; None is every one between two blocks.
        step: told how many inputs were run, twice over, for a progress bar.
    """
    wanted = list(range(1, len(net.blocks))) if boundaries is None else list(boundaries)
    parts: dict[int, list[NDArray[np.float32]]] = {boundary: [] for boundary in wanted}
    with torch.inference_mode():
        for batch in torch.split(inputs, BATCH):
            activation, before = net.embed(batch), 0
            for boundary in wanted:
                activation, before = net.run_blocks(activation, before, boundary), boundary
                parts[boundary].append(activation.numpy())
            if step:
                step(len(batch))
    activations = {boundary: np.concatenate(arrays) for boundary, arrays in parts.items()}
    return Calibration(activations, output_sensitivities(net, inputs, wanted, step=step))
