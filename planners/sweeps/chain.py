"""A way's stages with the routes behind them, so that cuts and levels can be changed alone."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.sweeps.scene import MAX_PROCESSORS, Scene
from planners.sweeps.ways import MAX_SENDS, Way
from satllm_env.problem import moves
from satllm_env.problem.instance import Floats, Ints


class Chain(NamedTuple):
    """K stages at most; the destination's, if it computes, is not among them."""

    nodes: Ints  # (K,)
    ends: Ints  # (K,) where each stage ends
    levels: Ints  # (K,) at which it sends
    slowness: Floats  # (K,) of the route behind each stage
    worst: Floats  # (K,) its slowest link
    latency_s: Floats  # (K,)
    links: Ints  # (MAX_SENDS,) of the way
    stage_of: Ints  # (MAX_SENDS,) the stage that each send comes behind, −1 before the first


@numba.njit(cache=True, nogil=True)
def make_chain() -> Chain:
    """Room for any way."""
    count = MAX_PROCESSORS + 1
    return Chain(
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty(count),
        np.empty(count),
        np.empty(count),
        np.empty(MAX_SENDS, np.int64),
        np.empty(MAX_SENDS, np.int64),
    )


@numba.njit(cache=True, nogil=True)
def read_chain(scene: Scene, way: Way, chain: Chain) -> int:
    """Read a way; how many stages, 0 for a way of relays alone."""
    tables, stages = scene.tables, 0
    for number in range(way.length[0]):
        first, boundary, link, level = way.sends[number]
        if first != moves.NO_STAGE:
            if stages == len(chain.nodes):
                return 0
            chain.nodes[stages] = tables.link_source[link]
            chain.ends[stages], chain.levels[stages] = boundary, level
            chain.slowness[stages] = chain.worst[stages] = chain.latency_s[stages] = 0.0
            stages += 1
        chain.links[number], chain.stage_of[number] = link, stages - 1
        if stages > 0:
            chain.slowness[stages - 1] += scene.slowness[link]
            chain.worst[stages - 1] = max(chain.worst[stages - 1], scene.slowness[link])
            chain.latency_s[stages - 1] += tables.latency_s[link]
    return stages


@numba.njit(cache=True, nogil=True)
def paid_before(scene: Scene, chain: Chain) -> tuple[float, float]:
    """[s] what is paid, and the longest busy time, when the payload reaches the first stage."""
    total, longest, number = scene.paid_s, scene.longest_s, 0
    size = scene.size_s[scene.level, scene.boundary]
    while chain.stage_of[number] < 0:
        link = chain.links[number]
        total += scene.slowness[link] * size + scene.tables.latency_s[link]
        longest = max(longest, scene.slowness[link] * size)
        number += 1
    return total, longest


@numba.njit(cache=True, nogil=True)
def write_chain(ends: Ints, levels: Ints, chain: Chain, way: Way) -> None:
    """Write other cuts and levels into the way that was read."""
    for number in range(way.length[0]):
        stage = chain.stage_of[number]
        if stage < 0:
            continue
        send = way.sends[number]
        begins = number == 0 or chain.stage_of[number - 1] != stage
        if begins and stage > 0:
            send[0] = ends[stage - 1]
        send[1], send[3] = ends[stage], levels[stage]
