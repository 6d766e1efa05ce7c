"""Cuts that move several layers; a price on losses chooses the level of each."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from planners.sweeps.chain import Chain, paid_before
from planners.sweeps.scene import Scene, last_busy_s
from satllm_env.problem.instance import Floats, Ints

REACH, PRICE_STEPS = 4, 6
"""Layers that a cut may move either way, and bisections of the price."""

WINDOW = 2 * REACH + 1


class PriceBench(NamedTuple):
    """K stages, W cuts each."""

    level: Ints  # (K, W) chosen for each cut, −1 where none will do
    cost_s: Floats  # (K, W)
    sum_s: Floats  # (K, W)
    longest_s: Floats  # (K, W)
    loss: Ints  # (K, W)
    parent: Ints  # (K, W)
    kept: NDArray[np.int64]  # (2, K)


@numba.njit(cache=True, nogil=True)
def make_price_bench(count: int) -> PriceBench:
    """Room for some stages."""
    shape = (count, WINDOW)
    return PriceBench(
        np.empty(shape, np.int64),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape, np.int64),
        np.empty(shape, np.int64),
        np.empty((2, count), np.int64),
    )


@numba.njit(cache=True, nogil=True)
def path_within_budget(
    scene: Scene,
    threshold_s: float,
    scale_s: float,
    stages: int,
    chain: Chain,
    bench: PriceBench,
    found: Ints,
) -> tuple[float, float]:
    """[s] sum and bottleneck of the quickest path that a price keeps within the budget, inf for none.

    Args:
        scene: where the way begins.
        threshold_s: [s] nothing is busy longer.
        scale_s: [s] a typical makespan, which prices are measured by.
        stages: of the chain.
        chain: cuts move about its own.
        bench: to work in.
        found: (2, K) its ends and levels, if there is one.
    """
    left = scene.left_units
    total, longest, loss = _cheapest(scene, threshold_s, 0.0, stages, chain, bench, found)
    if loss <= left or not total < np.inf:
        return total, longest
    low, high = 0.0, 4.0 * scale_s / max(left, 1)
    best, best_longest = np.inf, np.inf
    for step in range(PRICE_STEPS):
        price = high if step == 0 else 0.5 * (low + high)
        total, longest, loss = _cheapest(scene, threshold_s, price, stages, chain, bench, found)
        if loss > left:
            if step == 0:
                low, high = high, 64.0 * high
            else:
                low = price
            continue
        high = price
        if total < best:
            best, best_longest = total, longest
            bench.kept[:, :stages] = found[:, :stages]
    if best < np.inf:
        found[:, :stages] = bench.kept[:, :stages]
    return best, best_longest


@numba.njit(cache=True, nogil=True)
def _cheapest(
    scene: Scene, threshold_s: float, price: float, stages: int, chain: Chain, bench: PriceBench, found: Ints
) -> tuple[float, float, int]:
    """[s] sum, [s] bottleneck and loss of the path with the least priced sum, which is written to `found`."""
    paid, longest = paid_before(scene, chain)
    if longest > threshold_s and longest > scene.longest_s:
        return np.inf, np.inf, 0
    bench.cost_s[:stages] = np.inf
    for stage in range(stages):
        _choose_levels(scene, threshold_s, price, stages, stage, chain, bench)
        if stage == 0:
            _leave(
                scene, threshold_s, price, stages, 0, scene.boundary, scene.level, -1, paid, paid, longest, 0,
                chain, bench,
            )  # fmt: skip
            continue
        for cut in range(WINDOW):
            cost = bench.cost_s[stage - 1, cut]
            if cost < np.inf:
                begin, received = chain.ends[stage - 1] - REACH + cut, bench.level[stage - 1, cut]
                total, most = bench.sum_s[stage - 1, cut], bench.longest_s[stage - 1, cut]
                lost = bench.loss[stage - 1, cut]
                _leave(
                    scene, threshold_s, price, stages, stage, begin, received, cut, cost, total, most, lost,
                    chain, bench,
                )  # fmt: skip
    last = stages - 1
    at = np.argmin(bench.cost_s[last])
    if not bench.cost_s[last, at] < np.inf:
        return np.inf, np.inf, 0
    total, longest, loss = bench.sum_s[last, at], bench.longest_s[last, at], bench.loss[last, at]
    for stage in range(last, -1, -1):
        found[0, stage], found[1, stage] = chain.ends[stage] - REACH + at, bench.level[stage, at]
        at = bench.parent[stage, at]
    return total, longest, loss


@numba.njit(cache=True, nogil=True)
def _choose_levels(
    scene: Scene, threshold_s: float, price: float, stages: int, stage: int, chain: Chain, bench: PriceBench
) -> None:
    """Choose the level with the least priced cost for each cut that a stage may end with."""
    tables, node = scene.tables, chain.nodes[stage]
    num_layers = tables.layer_s.shape[1]
    after = tables.destination if stage == stages - 1 else chain.nodes[stage + 1]
    for cut in range(WINDOW):
        end = chain.ends[stage] - REACH + cut
        bench.level[stage, cut] = 0 if end == num_layers else -1
        if end <= 0 or end >= num_layers:
            continue
        least = np.inf
        for sent in scene.levels:
            size = scene.size_s[sent, end]
            if chain.worst[stage] * size > threshold_s:
                continue
            cost = tables.encode_s[node, sent, end] + chain.slowness[stage] * size
            cost += tables.decode_s[after, sent, end] + price * tables.loss_units[sent, end]
            if cost < least:
                least = cost
                bench.level[stage, cut] = sent


@numba.njit(cache=True, nogil=True)
def _leave(
    scene: Scene,
    threshold_s: float,
    price: float,
    stages: int,
    stage: int,
    begin: int,
    received: int,
    parent: int,
    cost: float,
    total: float,
    longest: float,
    lost: int,
    chain: Chain,
    bench: PriceBench,
) -> None:
    """Offer a path that has come to a stage to every cut that the stage may end with."""
    tables, node = scene.tables, chain.nodes[stage]
    num_layers, ground = tables.layer_s.shape[1], tables.destination
    start = tables.decode_s[node, received, begin] - scene.prefix_s[node, begin]
    last, whole = stage == stages - 1, chain.ends[stage] == num_layers
    for cut in range(WINDOW):
        end, sent = chain.ends[stage] - REACH + cut, bench.level[stage, cut]
        if end <= begin or end > num_layers or (end == num_layers) != whole or sent < 0:
            continue
        busy = start + scene.prefix_s[node, end]
        if end > tables.stage_reach[node, begin] or busy > threshold_s:
            break
        if last and not whole and tables.stage_reach[ground, end] < num_layers:
            continue
        final = last_busy_s(scene, end, sent) if last else 0.0
        busy += tables.encode_s[node, sent, end]
        size = scene.size_s[sent, end]
        most = max(busy, chain.worst[stage] * size, final)
        if most > threshold_s:
            continue
        step = busy + chain.slowness[stage] * size + chain.latency_s[stage] + final
        loss = tables.loss_units[sent, end]
        key = cost + step + price * loss
        if key < bench.cost_s[stage, cut]:
            bench.cost_s[stage, cut], bench.sum_s[stage, cut] = key, total + step
            bench.longest_s[stage, cut] = max(longest, most)
            bench.loss[stage, cut], bench.parent[stage, cut] = lost + loss, parent
