"""What the resources that are left to a walk can still do; it changes only when the payload moves.

Two bounds, both relaxations of the rules. **Reachability**: what the walk has used stays used, what it
will use may be used again (`satllm_env.problem.reachability`). A payload with more layers done can do
whatever one with fewer can, because a stage that starts later fits at least as far; so the answer for
every boundary is one number, the fewest layers done with which the destination can be reached.
**Capacity**: the processors on the way can hold the layers that are left, each serving once
(`satllm_env.problem.capacity`).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from satllm_env.problem.instance import Bools, Floats, Ints, Tables
from satllm_env.problem.moves import LEGAL, arrival_fault

EVERYTHING = 2**62
"""More layers than any processors hold."""


Counts = NDArray[np.uint32]
"""Numbers and indices: as small as they can be, and never to be taken for indices from the end."""


class Reach(NamedTuple):
    """What the bounds need to know of an instance, made once."""

    fewest_before: Counts  # (N, L + 1) fewest layers done on arrival if a node has to send boundary ≥ n on
    longest: Counts  # (N,) most layers of one stage
    in_start: Counts  # (N + 1,) as in `Tables`
    in_links: Counts  # (E,)
    in_nodes: Counts  # (E,) where they come from
    out_start: Counts  # (N + 1,)
    out_links: Counts  # (E,)
    out_nodes: Counts  # (E,) where they lead
    share_node: Counts  # (K,) the processor of every possible number of layers on one, the quickest first
    share_s: Floats  # (K,) [s] of those layers
    fewest_at_end: int  # fewest layers done with which the walk may end


class Leftover(NamedTuple):
    """The bounds as things stand, and with this node's processor served as well; written in place."""

    opens: Ints  # (D,) fewest layers done with which leaving over a slot can lead on, L + 1 for never
    opens_after: Ints  # (D,)
    least_s: Floats  # (L + 1,) [s] least bottleneck by number of layers left, inf beyond what memory holds
    least_after_s: Floats  # (L + 1,)


class Room(NamedTuple):
    """Room to work in, so that no step asks for memory; what it holds in between means nothing."""

    labels: Counts  # (N,)
    tried: Counts  # (N,)
    queue: Counts  # (N + 1,)
    waiting: Bools  # (N,)
    detour: Bools  # (N,)
    ahead: Bools  # (N,)
    row: Floats  # (L + 2,)
    row_after: Floats  # (L + 2,)


def reach_of(tables: Tables) -> Reach:
    """Make an instance's tables for the bounds."""
    num_nodes, num_layers = tables.layer_s.shape
    boundaries = np.arange(num_layers + 1)
    # rounding must not make a later start look worse than an earlier one
    furthest = np.maximum.accumulate(tables.stage_reach, axis=1)
    before = np.stack([np.searchsorted(furthest[v], boundaries) for v in range(num_nodes)])
    longest = (tables.stage_reach - boundaries[:-1]).max(axis=1)
    legal_ends = [b for b in boundaries.tolist() if arrival_fault(tables, b) == LEGAL]
    share_s, share_node = _shares(tables, longest)
    return Reach(
        fewest_before=np.minimum(before, boundaries).astype(np.uint32),
        longest=longest.astype(np.uint32),
        in_start=tables.in_start.astype(np.uint32),
        in_links=tables.in_links.astype(np.uint32),
        in_nodes=tables.link_source[tables.in_links].astype(np.uint32),
        out_start=tables.out_start.astype(np.uint32),
        out_links=tables.out_links.astype(np.uint32),
        out_nodes=tables.link_target[tables.out_links].astype(np.uint32),
        share_node=share_node.astype(np.uint32),
        share_s=share_s,
        fewest_at_end=min(legal_ends),
    )


def _shares(tables: Tables, longest: Ints) -> tuple[Floats, Ints]:
    """Multiples of each processor's quickest layer, up to its longest stage, sorted."""
    node = np.repeat(np.arange(len(longest)), longest)
    first = np.concatenate(([0], np.cumsum(longest)[:-1]))
    count = np.arange(len(node)) - first[node] + 1
    share_s = count * tables.layer_s.min(axis=1)[node]
    order = np.argsort(share_s, kind="stable")
    return share_s[order], node[order]


def empty_leftover(num_slots: int, num_layers: int) -> Leftover:
    """Room for the bounds."""
    return Leftover(
        np.zeros(num_slots, np.int64),
        np.zeros(num_slots, np.int64),
        np.zeros(num_layers + 1),
        np.zeros(num_layers + 1),
    )


def make_room(num_nodes: int, num_layers: int) -> Room:
    """Room to work in for instances of up to some nodes and layers."""
    labels, tried, queue = np.zeros((3, num_nodes + 1), np.uint32)
    waiting, detour, ahead = np.zeros((3, num_nodes), np.bool_)
    return Room(labels, tried, queue, waiting, detour, ahead, *np.zeros((2, num_layers + 2)))


@numba.njit(cache=True, nogil=True, forceinline=True)
def find_leftover(
    tables: Tables,
    reach: Reach,
    out: Ints,
    here: int,
    boundary: int,
    used_nodes: Bools,
    used_links: Bools,
    room: Room,
    left: Leftover,
) -> None:
    """Find, in place, what is left to a walk whose payload has just arrived at a node.

    A slot opens if its end can lead on once the link has carried. First every node's way on that does
    not pass `here` again is found, once for all slots; where such a way suffices for the layers done,
    nothing better has to be looked for, so fewer layers than `boundary` are not told apart from it.

    Args:
        tables: the instance's arrays.
        reach: the instance's tables for the bounds.
        out: (D,) link of each of the node's slots, −1 for none.
        here: node that holds the payload; not the destination.
        boundary: layers done.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        room: to work in.
        left: filled.
    """
    num_nodes, num_layers = tables.layer_s.shape
    for node in range(num_nodes):
        room.labels[node] = num_layers + 1
        room.detour[node] = False
    room.labels[tables.destination] = max(reach.fewest_at_end, boundary)
    _settle(
        tables,
        reach,
        used_nodes,
        used_links,
        boundary,
        tables.destination,
        here,
        -1,
        -1,
        here,
        room.labels,
        room,
    )
    ways = 0
    for slot in range(len(out)):
        if out[slot] >= 0 and not used_links[out[slot]]:
            ways += room.labels[tables.link_target[out[slot]]] <= num_layers
    if ways > 0:
        _mark_detours(tables, reach, here, used_links, room)
    for slot in range(len(out)):
        _open_slot(tables, reach, out, slot, here, boundary, ways, used_nodes, used_links, room, left)
    _held_ahead(tables, reach, here, here, EVERYTHING, ways > 0, used_nodes, used_links, room)
    _least_bottlenecks(reach, num_layers - boundary, num_layers, ways > 0, here, used_nodes, room, left)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _settle(
    tables: Tables,
    reach: Reach,
    used_nodes: Bools,
    used_links: Bools,
    boundary: int,
    first: int,
    closed: int,
    barred: int,
    served: int,
    goal: int,
    labels: Counts,
    room: Room,
) -> None:
    """Correct labels from a node on until they are settled, or that of `goal` is `boundary`, the least.

    A label is the fewest layers done with which a payload at a node can reach the destination.

    Args:
        tables: the instance's arrays.
        reach: the instance's tables for the bounds.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        boundary: least label.
        first: node whose label is new.
        closed: node that no way passes, −1 for none.
        barred: a link that counts as used, −1 for none.
        served: a node whose processor counts as served, −1 for none.
        goal: node whose label is asked for; one that is closed to settle them all.
        labels: (N,) corrected in place.
        room: to work in.
    """
    num_nodes = len(used_nodes)
    queue, waiting = room.queue, room.waiting
    waiting[:] = False
    queue[0] = first
    head, size = 0, 1
    while size > 0 and labels[goal] > boundary:
        node = queue[head]
        head = head + 1 if head + 1 < num_nodes else 0
        size -= 1
        waiting[node] = False
        for position in range(reach.in_start[node], reach.in_start[node + 1]):
            before = reach.in_nodes[position]
            # first what is quick to see: nothing is left to correct, or no way may pass
            if labels[before] <= boundary or before == tables.destination or before == closed:
                continue
            link = reach.in_links[position]
            if used_links[link] or link == barred:
                continue
            layers = labels[node]
            if not used_nodes[before] and before != served:
                layers = max(reach.fewest_before[before, layers], boundary)
            if layers < labels[before]:
                labels[before] = layers
                if not waiting[before]:
                    waiting[before] = True
                    tail = head + size
                    queue[tail if tail < num_nodes else tail - num_nodes] = before
                    size += 1


@numba.njit(cache=True, nogil=True, forceinline=True)
def _mark_detours(tables: Tables, reach: Reach, here: int, used_links: Bools, room: Room) -> None:
    """Mark the nodes that reach the destination by way of `here` only, and `here`."""
    num_layers = tables.layer_s.shape[1]
    room.detour[here] = True
    room.queue[0] = here
    head, size = 0, 1
    while head < size:
        node = room.queue[head]
        head += 1
        for position in range(reach.in_start[node], reach.in_start[node + 1]):
            before = reach.in_nodes[position]
            if (
                room.labels[before] <= num_layers
                or room.detour[before]
                or used_links[reach.in_links[position]]
            ):
                continue
            room.detour[before] = True
            room.queue[size] = before
            size += 1


@numba.njit(cache=True, nogil=True, forceinline=True)
def _open_slot(
    tables: Tables,
    reach: Reach,
    out: Ints,
    slot: int,
    here: int,
    boundary: int,
    ways: int,
    used_nodes: Bools,
    used_links: Bools,
    room: Room,
    left: Leftover,
) -> None:
    """Find when a slot opens; `ways` slots lead on without passing `here` again."""
    num_layers, link = tables.layer_s.shape[1], out[slot]
    left.opens[slot] = left.opens_after[slot] = num_layers + 1
    if link < 0 or used_links[link]:
        return
    target = tables.link_target[link]
    label = room.labels[target]
    if target == tables.destination:
        left.opens[slot] = left.opens_after[slot] = label
        return
    returns = ways > (label <= num_layers)  # whether `here` leads on over another slot
    if label > num_layers and not (returns and room.detour[target]):
        return
    opens, opens_after = label, label
    if label > boundary and returns:
        opens_after = _label_past(
            tables, reach, out, slot, here, boundary, here, used_nodes, used_links, room
        )
        opens = opens_after
        if opens > boundary and not used_nodes[here] and reach.longest[here] > 0:
            opens = _label_past(tables, reach, out, slot, here, boundary, -1, used_nodes, used_links, room)
    held, held_after = _held_ahead(
        tables, reach, target, here, num_layers - boundary, returns, used_nodes, used_links, room
    )
    left.opens[slot] = max(opens, num_layers - held)
    left.opens_after[slot] = max(opens_after, num_layers - held_after)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _label_past(
    tables: Tables,
    reach: Reach,
    out: Ints,
    slot: int,
    here: int,
    boundary: int,
    served: int,
    used_nodes: Bools,
    used_links: Bools,
    room: Room,
) -> int:
    """Label of a slot's end where ways may pass `here` again, but not this slot's link."""
    num_nodes, num_layers = tables.layer_s.shape
    for node in range(num_nodes):
        room.tried[node] = room.labels[node]
    best = num_layers + 1
    for other in range(len(out)):
        if other != slot and out[other] >= 0 and not used_links[out[other]]:
            best = min(best, room.labels[tables.link_target[out[other]]])
    if not used_nodes[here] and here != served and best <= num_layers:
        best = max(reach.fewest_before[here, best], boundary)
    room.tried[here] = best
    goal = tables.link_target[out[slot]]
    _settle(
        tables, reach, used_nodes, used_links, boundary, here, -1, out[slot], served, goal, room.tried, room
    )
    return int(room.tried[goal])


@numba.njit(cache=True, nogil=True, forceinline=True)
def _held_ahead(
    tables: Tables,
    reach: Reach,
    start: int,
    here: int,
    enough: int,
    returns: bool,
    used_nodes: Bools,
    used_links: Bools,
    room: Room,
) -> tuple[int, int]:
    """Layers that the processors on the ways from a node can hold between them; marks where it leads.

    Args:
        tables: the instance's arrays.
        reach: the instance's tables for the bounds.
        start: where the ways start.
        here: node that holds the payload.
        enough: layers at which the search may stop.
        returns: whether `here` leads on.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        room: to work in.

    Returns:
        The layers, and without the processor of `here`.
    """
    num_layers, queue, ahead = tables.layer_s.shape[1], room.queue, room.ahead
    for node in range(len(used_nodes)):
        ahead[node] = False
    ahead[start] = True
    queue[0] = start
    head, size, held, held_after = 0, 1, 0, 0
    while head < size and held_after < enough:
        node = queue[head]
        head += 1
        leads_on = (room.labels[node] <= num_layers) | (returns & room.detour[node])
        holds = reach.longest[node] * (leads_on & (not used_nodes[node]))
        held += holds
        held_after += holds * (node != here)
        if node == tables.destination:
            continue
        for position in range(reach.out_start[node], reach.out_start[node + 1]):
            after = reach.out_nodes[position]
            fresh = (not ahead[after]) & (not used_links[reach.out_links[position]])
            ahead[after] |= fresh
            queue[size] = after
            size += fresh
    return held, held_after


@numba.njit(cache=True, nogil=True, forceinline=True)
def _least_bottlenecks(
    reach: Reach,
    most: int,
    num_layers: int,
    returns: bool,
    here: int,
    used_nodes: Bools,
    room: Room,
    left: Leftover,
) -> None:
    """Least bottlenecks of up to `most` layers: the r-th smallest share is what r layers need."""
    for node in range(len(used_nodes)):  # from where it leads to what may share
        leads_on = (room.labels[node] <= num_layers) | (returns & room.detour[node])
        room.ahead[node] &= leads_on & (not used_nodes[node])
    row, row_after = room.row, room.row_after
    row[0] = row_after[0] = 0.0
    count, count_after = 1, 1
    for share in range(len(reach.share_s)):
        node = reach.share_node[share]
        # what is not counted is written over: no jumps, which could not be foreseen
        row[count] = row_after[count_after] = reach.share_s[share]
        count += room.ahead[node] & (count <= most)
        count_after += room.ahead[node] & (node != here)
        if count_after > most:
            break
    for layers in range(num_layers + 1):
        left.least_s[layers] = row[layers] if layers < count else np.inf
        left.least_after_s[layers] = row_after[layers] if layers < count_after else np.inf
