"""Runs over sets of cuts on several processes, each with its share of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray
from torch import Tensor

from satllm_env.compression.codec import Codec
from satllm_env.compression.probing.outcome import CutSet, Outcome
from satllm_env.compression.probing.probe import PAYLOAD_INPUTS, Probe, cross, join
from satllm_env.nets.split_net import SplitNet

TIMED_INPUTS = 32
"""Inputs per payload where codecs are timed: about 1 MB, near a large network's micro-batch."""
CHUNK = 13 * PAYLOAD_INPUTS
"""Inputs at once, in whole payloads: their activations at every boundary are kept meanwhile."""


def run_sets(
    net: SplitNet,
    codecs: Sequence[Codec],
    inputs: Tensor,
    targets: Tensor,
    sets: Iterable[CutSet],
    jobs: int = 1,
    step: Callable[[int], None] | None = None,
) -> dict[CutSet, Outcome]:
    """Run a network over sets of cuts, on all inputs; the number of processes changes no result.

    Args:
        net: the network.
        codecs: levels.
        inputs: as `net.embed` takes them.
        targets: their right outputs.
        sets: of cuts; repeated ones run once.
        jobs: processes, with one thread each.
        step: told how many inputs were run, for a progress bar.
    """
    wanted = sorted(set(sets))
    chunks = zip(torch.split(inputs, CHUNK), torch.split(targets, CHUNK), strict=True)
    tasks = (delayed(_run)(Probe(net, codecs, chunk, right), wanted) for chunk, right in chunks)
    parts = []
    with parallel_config(backend="loky", inner_max_num_threads=1):
        for count, part in Parallel(n_jobs=jobs, return_as="generator", pre_dispatch=2 * jobs)(tasks):
            parts.append(part)
            if step:
                step(count)
    return join(parts)


def time_codecs(
    codecs: Sequence[Codec], activations: Mapping[int, NDArray[np.float32]]
) -> list[tuple[float, float]]:
    """[s/byte] that each codec takes to encode and to decode on one core: medians over payloads.

    Args:
        codecs: levels.
        activations: (N, tokens, width) by boundary.
    """
    # in a process of its own: NumPy's threads can only be set at its start
    with parallel_config(backend="loky", inner_max_num_threads=1):
        found: list[list[tuple[float, float]]] = Parallel(n_jobs=2)([delayed(_time)(codecs, activations)])
    return found[0]


def _time(
    codecs: Sequence[Codec], activations: Mapping[int, NDArray[np.float32]]
) -> list[tuple[float, float]]:
    torch.set_num_threads(1)
    found = []
    for codec in codecs:
        crossings = [
            cross(codec, boundary, part, TIMED_INPUTS)[1]
            for boundary, activation in activations.items()
            for part in torch.split(torch.tensor(activation), TIMED_INPUTS)
        ]
        encode = np.median([crossing.encode_s / crossing.raw_bytes for crossing in crossings])
        decode = np.median([crossing.decode_s / crossing.raw_bytes for crossing in crossings])
        found.append((float(encode), float(decode)))
    return found


def _run(probe: Probe, sets: list[CutSet]) -> tuple[int, dict[CutSet, Outcome]]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order on any number of cores
    try:
        return len(probe.inputs), probe.run(sets)
    finally:
        torch.set_num_threads(threads)
