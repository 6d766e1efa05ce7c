"""What a network's layers take and weigh on this machine."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from satllm_env.nets.split_net import SplitNet

RUNS = 15
"""Timed runs of every layer, of which the median counts."""
BYTES_PER_VALUE = 4


@dataclass(frozen=True)
class Measured:
    """A network on one core of this machine, for micro-batches of one size.

    The embedding counts to the first layer, the head to the last.
    """

    name: str
    layer_s: tuple[float, ...]
    """[s] per micro-batch."""
    weight_bytes: tuple[int, ...]
    input: Tensor
    """A micro-batch."""
    activation_shape: tuple[int, ...]
    result_shape: tuple[int, ...]

    @property
    def activation_bytes(self) -> int:
        """[bytes] of a boundary between two blocks, uncompressed."""
        return BYTES_PER_VALUE * torch.Size(self.activation_shape).numel()

    @property
    def result_bytes(self) -> int:
        """[bytes] of the output."""
        return BYTES_PER_VALUE * torch.Size(self.result_shape).numel()

    @property
    def input_bytes(self) -> int:
        """[bytes] of a micro-batch as it is taken."""
        return self.input.nbytes


@torch.inference_mode()
def measure_network(net: SplitNet, micro_batch: Tensor, runs: int = RUNS) -> Measured:
    """Time every layer alone, on one core.

    Args:
        net: the network.
        micro_batch: inputs as `net.embed` takes them.
        runs: of which medians are taken.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        passes = [_timed_pass(net, micro_batch) for _ in range(runs + 1)][1:]
    finally:
        torch.set_num_threads(threads)
    activation = net.embed(micro_batch)
    result = net.head(net.run_blocks(activation))
    return Measured(
        name=net.name,
        layer_s=tuple(statistics.median(column) for column in zip(*passes, strict=True)),
        weight_bytes=_weights(net),
        input=micro_batch,
        activation_shape=tuple(activation.shape),
        result_shape=tuple(result.shape),
    )


def _timed_pass(net: SplitNet, micro_batch: Tensor) -> list[float]:
    """[s] of every layer, one after the other."""
    marks = [time.perf_counter()]
    activation = net.embed(micro_batch)
    for index in range(len(net.blocks)):
        activation = net.run_block(index, activation)
        if index == len(net.blocks) - 1:
            net.head(activation)
        marks.append(time.perf_counter())
    return [after - before for before, after in pairwise(marks)]


def _weights(net: SplitNet) -> tuple[int, ...]:
    """[bytes] of each block; what is not of a block counts half to the first and half to the last."""
    blocks = [_bytes(block) for block in net.blocks]
    rest = _bytes(net) - sum(blocks)
    blocks[0] += rest // 2
    blocks[-1] += rest - rest // 2
    return tuple(blocks)


def _bytes(module: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in module.parameters())
