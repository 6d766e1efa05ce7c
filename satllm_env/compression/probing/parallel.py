"""Runs over sets of cuts on several processes, each with its share of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from joblib import Parallel, delayed
from torch import Tensor

from satllm_env.compression.codec import Codec
from satllm_env.compression.probing.outcome import CutSet, Outcome
from satllm_env.compression.probing.probe import Probe, join
from satllm_env.nets.split_net import SplitNet

CHUNK = 200
"""Inputs at once: their activations at every boundary are kept meanwhile."""


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
    for count, part in Parallel(n_jobs=jobs, return_as="generator", pre_dispatch=2 * jobs)(tasks):
        parts.append(part)
        if step:
            step(count)
    return join(parts)


def _run(probe: Probe, sets: list[CutSet]) -> tuple[int, dict[CutSet, Outcome]]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order on any number of cores
    try:
        return len(probe.inputs), probe.run(sets)
    finally:
        torch.set_num_threads(threads)
