"""A way made better where it stands: other cuts and levels on the same processors and routes.

Under a threshold on busy times that is a shortest path over cuts and levels. The threshold falls from
the way's own bottleneck as long as that pays. In the wide polish cuts move several layers, and a price on
losses, bisected until the budget is kept, chooses the level of every cut. In the close one cuts move one
layer and levels one step, and of the paths that use about the same share of the budget the quickest stays.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.sweeps.chain import Chain, make_chain, read_chain, write_chain
from planners.sweeps.paths_by_price import PriceBench, make_price_bench, path_within_budget
from planners.sweeps.paths_by_share import ShareBench, make_share_bench, path_by_shares
from planners.sweeps.scene import Scene
from planners.sweeps.ways import Way
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Ints

WIDE_DESCENTS, CLOSE_DESCENTS = 8, 4
"""Thresholds tried."""

PATIENCE = 2
"""Thresholds without a gain before it ends."""


class Bench(NamedTuple):
    """What polishing works in."""

    chain: Chain
    by_price: PriceBench
    by_share: ShareBench
    found: Ints  # (2, K) ends and levels of the path at hand
    best: Ints  # (2, K) of the best one


@numba.njit(cache=True, nogil=True)
def make_bench(num_levels: int) -> Bench:
    """Room for ways of an instance with some levels."""
    chain = make_chain()
    count = len(chain.nodes)
    by_price, by_share = make_price_bench(count), make_share_bench(count, num_levels)
    return Bench(chain, by_price, by_share, np.empty((2, count), np.int64), np.empty((2, count), np.int64))


@numba.njit(cache=True, nogil=True)
def polish(scene: Scene, close: bool, bench: Bench, way: Way) -> None:
    """Make a way better.

    Args:
        scene: where the way begins.
        close: which of the two polishes.
        bench: to work in.
        way: improved in place.
    """
    chain, found = bench.chain, bench.found
    stages = read_chain(scene, way, chain)
    if stages == 0:
        return
    best_s, longest_s = way.values_s[0], way.values_s[1]
    threshold_s, stale, improved = longest_s * (1.0 + 1e-9), 0, False
    for _ in range(CLOSE_DESCENTS if close else WIDE_DESCENTS):
        if close:
            total, longest = path_by_shares(scene, threshold_s, stages, chain, bench.by_share, found)
        else:
            total, longest = path_within_budget(
                scene, threshold_s, best_s, stages, chain, bench.by_price, found
            )
        if not total < np.inf:
            break
        value = makespan_s(total, longest, scene.tables.micro_batches)
        if value < best_s * (1.0 - 1e-9):
            best_s, longest_s, stale, improved = value, longest, 0, True
            bench.best[:, :stages] = found[:, :stages]
        else:
            stale += 1
            if stale > PATIENCE:
                break
        chain.ends[:stages], chain.levels[:stages] = found[0, :stages], found[1, :stages]
        threshold_s = longest * (1.0 - 1e-6)
        if scene.tables.micro_batches == 1 or threshold_s <= scene.longest_s:
            break
    if improved:
        write_chain(bench.best[0], bench.best[1], chain, way)
        way.values_s[0], way.values_s[1] = best_s, longest_s
