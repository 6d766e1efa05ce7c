"""The moves open to a walk that do not obviously lead into a dead end."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.problem import Walk, moves
from satllm_env.problem.instance import Bools, Ints, Tables
from satllm_env.problem.reachability import finishable

COMPUTE = -1
"""Stands for a link in the option to compute one more layer."""


class Option(NamedTuple):
    """A move: COMPUTE, or a link and a level."""

    link: int
    level: int


def options(walk: Walk) -> list[Option]:
    """Legal moves after which the walk can still be finished, as far as reachability can tell.

    Computing comes first, then links in slot order, each with its levels.
    """
    found = _options(walk.instance.tables, walk.ints, walk.used_nodes, walk.used_links)
    return [Option(int(link), int(level)) for link, level in found]


def make(walk: Walk, option: Option) -> None:
    """Make a move."""
    if option.link == COMPUTE:
        walk.compute()
    else:
        walk.send(option.link, option.level)


def copy(walk: Walk) -> Walk:
    """The same walk, to be continued another way."""
    twin = Walk(walk.instance)
    twin.ints[:], twin.reals[:] = walk.ints, walk.reals
    twin.used_nodes[:], twin.used_links[:] = walk.used_nodes, walk.used_links
    twin.sends.extend(walk.sends)
    return twin


@numba.njit(cache=True)
def _options(tables: Tables, ints: Ints, used_nodes: Bools, used_links: Bools) -> Ints:
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    degree = tables.out_start[node + 1] - tables.out_start[node]
    num_levels = tables.loss_units.shape[0]
    found = np.empty((1 + degree * num_levels, 2), np.int64)
    count = 0
    if moves.compute_fault(tables, ints, used_nodes) == moves.LEGAL:
        can = finishable(tables, used_nodes, used_links, node)
        if _can_leave(tables, ints, used_links, can):
            found[0, 0], found[0, 1] = COMPUTE, 0
            count = 1
    here = node if ints[moves.STAGE_START] != moves.NO_STAGE else -1
    for position in range(tables.out_start[node], tables.out_start[node + 1]):
        link = tables.out_links[position]
        if used_links[link]:
            continue
        used_links[link] = True
        can = finishable(tables, used_nodes, used_links, here)
        used_links[link] = False
        if not can[tables.link_target[link], boundary]:
            continue
        for level in range(num_levels):
            if moves.send_fault(tables, ints, used_links, link, level) == moves.LEGAL:
                found[count, 0], found[count, 1] = link, level
                count += 1
    return found[:count]


@numba.njit(cache=True)
def _can_leave(tables: Tables, ints: Ints, used_links: Bools, can: Bools) -> bool:
    """Whether the stage, once longer by a layer, can end in a send to where the walk can be finished."""
    node, boundary = ints[moves.NODE], ints[moves.BOUNDARY]
    first = boundary if ints[moves.STAGE_START] == moves.NO_STAGE else ints[moves.STAGE_START]
    for position in range(tables.out_start[node], tables.out_start[node + 1]):
        link = tables.out_links[position]
        if used_links[link]:
            continue
        for end in range(boundary + 1, tables.stage_reach[node, first] + 1):
            if can[tables.link_target[link], end]:
                return True
    return False
