"""The graph that payloads move on, with once-only resources written into its places.

A place is a node of the instance together with what has served of the resources that are watched. To
watch one more resource (`watch`) is to tell apart, at every place from which it could still be used,
whether it has served. So the passes need to know nothing of rule 1: they see places and moves.
This is decremental state-space relaxation (Righini and Salani 2008, Networks 51:155) with the state
kept in the graph: only places that a walk can reach exist.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.scaled import Scaled
from satllm_env.problem.instance import Bools, Ints

NOWHERE = -1


class Net(NamedTuple):
    """Places and moves. Rows: moves out of place x stand at out_start[x] to out_start[x + 1]."""

    node: Ints  # (X,) node of the instance
    after: Ints  # (X,) place once the node has computed, NOWHERE where it may not
    out_start: Ints  # (X + 1,)
    out_link: Ints  # (K,) link of the instance
    out_target: Ints  # (K,) place
    in_start: Ints  # (X + 1,)
    in_move: Ints  # (K,) position of the move in the rows above
    in_source: Ints  # (K,) place
    departs: Bools  # (X,) whether it is the `after` of some place
    source: int


def base_net(problem: Scaled) -> Net:
    """One place per node: nothing is watched."""
    num_nodes, num_layers = problem.reach.shape
    computes = np.asarray((problem.reach > np.arange(num_layers)).any(axis=1), np.bool_)
    computes[problem.destination] = False
    after = np.where(computes, np.arange(num_nodes), NOWHERE)
    start = problem.out_start.copy()
    links = problem.out_links
    onward = problem.link_source[links] != problem.destination
    if not onward.all():
        links = links[onward]
        start = np.concatenate(([0], np.cumsum(onward)))[start]
    node = np.arange(num_nodes)
    return _finished(node, after, start, links, problem.link_target[links], problem.source)


@numba.njit(cache=True)
def _finished(node: Ints, after: Ints, out_start: Ints, out_link: Ints, out_target: Ints, source: int) -> Net:
    """Add what follows from the moves."""
    num_places, num_moves = len(node), len(out_link)
    in_start = np.zeros(num_places + 1, np.int64)
    for target in out_target:
        in_start[target + 1] += 1
    for place in range(num_places):
        in_start[place + 1] += in_start[place]
    free = in_start.copy()
    in_move, in_source = np.empty(num_moves, np.int64), np.empty(num_moves, np.int64)
    for place in range(num_places):
        for move in range(out_start[place], out_start[place + 1]):
            target = out_target[move]
            in_move[free[target]], in_source[free[target]] = move, place
            free[target] += 1
    departs = np.zeros(num_places, np.bool_)
    for place in range(num_places):
        if after[place] != NOWHERE:
            departs[after[place]] = True
    return Net(node, after, out_start, out_link, out_target, in_start, in_move, in_source, departs, source)


@numba.njit(cache=True)
def _could_use(net: Net, watched_node: int, watched_link: int) -> Bools:
    """(X,) from where the resource (the other of the two is NOWHERE) can still be used."""
    num_places = len(net.node)
    could = np.zeros(num_places, np.bool_)
    queue = np.empty(num_places, np.int64)
    size = 0
    for place in range(num_places):
        uses = net.after[place] != NOWHERE and net.node[place] == watched_node
        for move in range(net.out_start[place], net.out_start[place + 1]):
            uses = uses or net.out_link[move] == watched_link
        if uses:
            could[place] = True
            queue[size] = place
            size += 1
    first_before = np.full(num_places, NOWHERE)  # places that compute into a place, as linked lists
    next_before = np.full(num_places, NOWHERE)
    for place in range(num_places):
        target = net.after[place]
        if target not in (NOWHERE, place):
            next_before[place] = first_before[target]
            first_before[target] = place
    head = 0
    while head < size:
        place = queue[head]
        head += 1
        for position in range(net.in_start[place], net.in_start[place + 1]):
            before = net.in_source[position]
            if not could[before]:
                could[before] = True
                queue[size] = before
                size += 1
        before = first_before[place]
        while before != NOWHERE:
            if not could[before]:
                could[before] = True
                queue[size] = before
                size += 1
            before = next_before[before]
    return could


@numba.njit(cache=True)
def watch(net: Net, watched_node: int, watched_link: int) -> tuple[Net, Ints]:
    """Tell places apart by whether a processor or a link has served.

    Args:
        net: the graph so far.
        watched_node: node whose processor is watched, NOWHERE if it is a link.
        watched_link: link that is watched, NOWHERE if it is a processor.

    Returns:
        The graph with places that a walk can reach, and for each of them the place it was.
    """
    could = _could_use(net, watched_node, watched_link)
    num_places = len(net.node)
    # copy 0: not served (or it does not matter any more); copy 1: served
    number = np.full((num_places, 2), NOWHERE)
    origin, copy = np.empty(2 * num_places, np.int64), np.empty(2 * num_places, np.int64)
    starts = np.empty(2 * num_places + 1, np.int64)
    links = np.empty(2 * len(net.out_link), np.int64)
    targets = np.empty(2 * len(net.out_link), np.int64)
    after = np.empty(2 * num_places, np.int64)
    number[net.source, 0] = 0
    origin[0], copy[0] = net.source, 0
    size, moves, head = 1, 0, 0
    while head < size:
        place, served = origin[head], copy[head]
        starts[head] = moves
        after[head] = NOWHERE
        target = net.after[place]
        if target != NOWHERE and not (served == 1 and net.node[place] == watched_node):
            twin = served if net.node[place] != watched_node else 1
            size = _number(number, origin, copy, could, target, twin, size)
            after[head] = number[target, twin if could[target] else 0]
        for move in range(net.out_start[place], net.out_start[place + 1]):
            uses = net.out_link[move] == watched_link
            if uses and served == 1:
                continue
            target = net.out_target[move]
            twin = 1 if uses else served
            size = _number(number, origin, copy, could, target, twin, size)
            links[moves] = net.out_link[move]
            targets[moves] = number[target, twin if could[target] else 0]
            moves += 1
        head += 1
    starts[size] = moves
    origin = origin[:size].copy()
    return (
        _finished(
            net.node[origin],
            after[:size].copy(),
            starts[: size + 1].copy(),
            links[:moves].copy(),
            targets[:moves].copy(),
            0,
        ),
        origin,
    )


@numba.njit(cache=True)
def _number(number: Ints, origin: Ints, copy: Ints, could: Bools, place: int, served: int, size: int) -> int:
    """Number a copy of a place if it has no number yet; the count of numbered ones."""
    twin = served if could[place] else 0
    if number[place, twin] == NOWHERE:
        number[place, twin] = size
        origin[size], copy[size] = place, twin
        return size + 1
    return size


@numba.njit(cache=True)
def restricted(net: Net, keep: Bools) -> tuple[Net, Ints]:
    """The graph with only the places to keep (the source must be one) and the places these were."""
    origin = np.flatnonzero(keep)
    number = np.full(len(net.node), NOWHERE)
    number[origin] = np.arange(len(origin))
    after = np.full(len(origin), NOWHERE)
    starts = np.zeros(len(origin) + 1, np.int64)
    links, targets = np.empty(len(net.out_link), np.int64), np.empty(len(net.out_link), np.int64)
    moves = 0
    for place in range(len(origin)):
        before = origin[place]
        if net.after[before] != NOWHERE:
            after[place] = number[net.after[before]]
        for move in range(net.out_start[before], net.out_start[before + 1]):
            target = number[net.out_target[move]]
            if target != NOWHERE:
                links[moves], targets[moves] = net.out_link[move], target
                moves += 1
        starts[place + 1] = moves
    kept = _finished(
        net.node[origin], after, starts, links[:moves].copy(), targets[:moves].copy(), number[net.source]
    )
    return kept, origin


@numba.njit(cache=True)
def without(net: Net, served_nodes: Bools, served_links: Bools) -> Net:
    """The graph, places and all, without the moves that need what has served.

    Args:
        net: a graph whose places are nodes.
        served_nodes: (N,) processors.
        served_links: (E,) links.
    """
    num_places = len(net.node)
    after = net.after.copy()
    starts = np.zeros(num_places + 1, np.int64)
    links, targets = net.out_link.copy(), net.out_target.copy()
    moves = 0
    for place in range(num_places):
        if served_nodes[net.node[place]]:
            after[place] = NOWHERE
        for move in range(net.out_start[place], net.out_start[place + 1]):
            if not served_links[net.out_link[move]]:
                links[moves], targets[moves] = net.out_link[move], net.out_target[move]
                moves += 1
        starts[place + 1] = moves
    return _finished(net.node, after, starts, links[:moves].copy(), targets[:moves].copy(), net.source)
