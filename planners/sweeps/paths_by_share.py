"""Cuts that move one layer and levels that move one step; the quickest path for each share of the budget."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from planners.sweeps.chain import Chain, paid_before
from planners.sweeps.scene import Scene, last_busy_s
from satllm_env.problem.instance import Ints

REACH, LEVEL_REACH, SHARES = 1, 1, 24
"""Layers and levels that a cut may move either way, and shares of the budget."""

WINDOW = 2 * REACH + 1


class ShareBench(NamedTuple):
    """K stages, W cuts each, Q levels, S shares."""

    sum_s: NDArray[np.float64]  # (K, W, Q, S)
    longest_s: NDArray[np.float64]  # (K, W, Q, S)
    loss: NDArray[np.int64]  # (K, W, Q, S)
    parent: NDArray[np.int64]  # (K, W, Q, S) (cut · Q + level) · S + share before


@numba.njit(cache=True, nogil=True)
def make_share_bench(count: int, num_levels: int) -> ShareBench:
    """Room for some stages."""
    shape = (count, WINDOW, num_levels, SHARES)
    return ShareBench(np.empty(shape), np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.int64))


@numba.njit(cache=True, nogil=True)
def path_by_shares(
    scene: Scene, threshold_s: float, stages: int, chain: Chain, bench: ShareBench, found: Ints
) -> tuple[float, float]:
    """[s] sum and bottleneck of the quickest path within the budget that is found, inf for none.

    Args:
        scene: where the way begins.
        threshold_s: [s] nothing is busy longer.
        stages: of the chain.
        chain: cuts and levels move about its own.
        bench: to work in.
        found: (2, K) its ends and levels, if there is one.
    """
    num_levels = scene.tables.loss_units.shape[0]
    paid, longest = paid_before(scene, chain)
    if longest > threshold_s and longest > scene.longest_s:
        return np.inf, np.inf
    bench.sum_s[:stages] = np.inf
    _leave(scene, threshold_s, stages, 0, scene.boundary, scene.level, -1, paid, longest, 0, chain, bench)
    for stage in range(1, stages):
        before = stage - 1
        for cut in range(WINDOW):
            begin = chain.ends[before] - REACH + cut
            for received in range(num_levels):
                for share in range(SHARES):
                    total = bench.sum_s[before, cut, received, share]
                    if total < np.inf:
                        parent = (cut * num_levels + received) * SHARES + share
                        most = bench.longest_s[before, cut, received, share]
                        lost = bench.loss[before, cut, received, share]
                        _leave(
                            scene, threshold_s, stages, stage, begin, received, parent, total, most, lost,
                            chain, bench,
                        )  # fmt: skip
    return _read_path(scene, stages, num_levels, chain, bench, found)


@numba.njit(cache=True, nogil=True)
def _leave(
    scene: Scene,
    threshold_s: float,
    stages: int,
    stage: int,
    begin: int,
    received: int,
    parent: int,
    total: float,
    longest: float,
    lost: int,
    chain: Chain,
    bench: ShareBench,
) -> None:
    """Offer a path that has come to a stage to every cut and level that the stage may end with."""
    tables, node = scene.tables, chain.nodes[stage]
    num_layers, ground = tables.layer_s.shape[1], tables.destination
    start = tables.decode_s[node, received, begin] - scene.prefix_s[node, begin]
    last, whole = stage == stages - 1, chain.ends[stage] == num_layers
    place = 0
    while place + 1 < len(scene.levels) and scene.levels[place] != chain.levels[stage]:
        place += 1
    for cut in range(WINDOW):
        end = chain.ends[stage] - REACH + cut
        if end <= begin or end > num_layers or (end == num_layers) != whole:
            continue
        computed = start + scene.prefix_s[node, end]
        if end > tables.stage_reach[node, begin] or computed > threshold_s:
            break
        if last and not whole and tables.stage_reach[ground, end] < num_layers:
            continue
        for choice in range(max(place - LEVEL_REACH, 0), min(place + LEVEL_REACH + 1, len(scene.levels))):
            if whole and choice != place:
                continue
            sent = 0 if whole else scene.levels[choice]
            loss = lost + tables.loss_units[sent, end]
            if loss > scene.left_units:
                continue
            final = last_busy_s(scene, end, sent) if last else 0.0
            busy, size = computed + tables.encode_s[node, sent, end], scene.size_s[sent, end]
            most = max(busy, chain.worst[stage] * size, final)
            if most > threshold_s:
                continue
            step = busy + chain.slowness[stage] * size + chain.latency_s[stage] + final
            share = int(SHARES * (loss / (scene.left_units + 1.0)))
            if total + step < bench.sum_s[stage, cut, sent, share]:
                bench.sum_s[stage, cut, sent, share] = total + step
                bench.longest_s[stage, cut, sent, share] = max(longest, most)
                bench.loss[stage, cut, sent, share] = loss
                bench.parent[stage, cut, sent, share] = parent


@numba.njit(cache=True, nogil=True)
def _read_path(
    scene: Scene, stages: int, num_levels: int, chain: Chain, bench: ShareBench, found: Ints
) -> tuple[float, float]:
    """Write the quickest path to `found`; what it amounts to."""
    last = stages - 1
    best, at = np.inf, -1
    for cut in range(WINDOW):
        for sent in range(num_levels):
            for share in range(SHARES):
                if bench.sum_s[last, cut, sent, share] < best:
                    best = bench.sum_s[last, cut, sent, share]
                    at = (cut * num_levels + sent) * SHARES + share
    if at < 0:
        return np.inf, np.inf
    cut, sent, share = at // (num_levels * SHARES), at // SHARES % num_levels, at % SHARES
    longest = bench.longest_s[last, cut, sent, share]
    for stage in range(last, -1, -1):
        cut, sent, share = at // (num_levels * SHARES), at // SHARES % num_levels, at % SHARES
        found[0, stage], found[1, stage] = chain.ends[stage] - REACH + cut, sent
        at = bench.parent[stage, cut, sent, share]
    return best, longest
