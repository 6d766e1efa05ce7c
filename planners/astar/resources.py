"""Processors and directed links that a walk uses more than once, and the bits by which labels know them."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.scaled import Scaled
from satllm_env.problem.instance import Ints

MAX_BITS = 62
"""Bits of a label's mask."""


NO_WALK: Ints = np.empty((0, 4), np.int64)
"""The sends of no walk."""


class Bits(NamedTuple):
    """Bit of each resource that labels keep account of, −1 for the others."""

    node_bit: Ints  # (N,)
    link_bit: Ints  # (E,)
    used: int


def no_bits(problem: Scaled) -> Bits:
    """Labels keep account of nothing."""
    nodes, links = len(problem.prefix), len(problem.latency)
    return Bits(np.full(nodes, -1, np.int64), np.full(links, -1, np.int64), 0)


def add_bits(bits: Bits, nodes: list[int], links: list[int]) -> Bits:
    """Let labels keep account of more; resources past `MAX_BITS` are left out."""
    node_bit, link_bit, used = bits.node_bit.copy(), bits.link_bit.copy(), bits.used
    for table, chosen in ((node_bit, nodes), (link_bit, links)):
        for resource in chosen:
            if table[resource] < 0 and used < MAX_BITS:
                table[resource] = used
                used += 1
    return Bits(node_bit, link_bit, used)


@numba.njit(cache=True)
def serves_again(problem: Scaled, sends: Ints) -> bool:
    """Whether a walk (as of `repeated`) uses a processor or link more than once."""
    nodes = np.zeros(len(problem.prefix), np.bool_)
    links = np.zeros(len(problem.latency), np.bool_)
    for k in range(len(sends)):
        link = sends[k, 2]
        node = problem.link_source[link]
        if links[link] or (sends[k, 0] >= 0 and nodes[node]):
            return True
        links[link] = True
        nodes[node] = nodes[node] or sends[k, 0] >= 0
    return False


def repeated(problem: Scaled, sends: Ints) -> tuple[list[int], list[int]]:
    """Processors and links that a walk uses more than once.

    Args:
        problem: the instance.
        sends: (K, 4) as `satllm_env.problem.Walk.sends`.
    """
    nodes = problem.link_source[sends[sends[:, 0] >= 0, 2]].tolist()
    links = sends[:, 2].tolist()
    return _twice(nodes), _twice(links)


def _twice(items: list[int]) -> list[int]:
    return [] if len(set(items)) == len(items) else sorted({i for i in items if items.count(i) > 1})
