"""A sweep: the best way on that hands each processor all it may do under a threshold and a price.

A label stands for the set of processors that serve and the last of them, where the payload has just
arrived. Its stage computes as many layers as threshold and memory let it (or one only, which turns a raw
input into something small), encodes at some level and goes by the quickest route to a processor outside
the set. Labels are compared by what they have paid, the priced losses and what is left to compute: one
stays of each set and last processor, and a limited number of each stage. So no processor serves twice, in
time that does not grow with the states of the problem; the best way of a sweep need not be the best
there is.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.sweeps.labels import Labels, begin_stage, make_labels, narrow, place_of
from planners.sweeps.scene import Scene, last_busy_s
from planners.sweeps.ways import MAX_SENDS, Way, make_way
from satllm_env.problem import moves
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Bools, Floats, Ints

MOST_SHORT = 2
"""Stages of one layer alone that a way may begin with."""


class Terms(NamedTuple):
    """What a sweep keeps to, and what follows from it."""

    threshold_s: float
    per_unit_s: float  # [s / loss unit]
    mean_pace_s: float  # [s] of a typical layer still to come
    shorts: bool
    grounded: bool  # whether the destination computes
    most: Ints  # (K,) layers that a processor may take under the threshold, at most


class Cuts(NamedTuple):
    """Cuts that a stage may end with, in no order."""

    end: Ints
    level: Ints
    loss: Ints  # of the way up to there
    busy_s: Floats  # of the stage
    size_s: Floats  # of the payload on the first link
    key_s: Floats  # what labels are compared by, but for the transfer and the decoding
    listed: Ints  # (1,) how many


class Board(NamedTuple):
    """What sweeps work in."""

    labels: Labels
    cuts: Cuts
    trial: Way  # the best way of the sweep at hand
    spare: Way  # one being written
    carried: Bools  # (E,)
    bar_s: Floats  # (1,) [s] only ways below this are kept


@numba.njit(cache=True, nogil=True)
def make_board(scene: Scene) -> Board:
    """Room for sweeps over a scene."""
    carried, most = np.empty(len(scene.used_links), np.bool_), 2 * len(scene.levels)
    cuts = Cuts(
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most),
        np.empty(most),
        np.empty(most),
        np.zeros(1, np.int64),
    )
    return Board(make_labels(len(scene.nodes)), cuts, make_way(), make_way(), carried, np.full(1, np.inf))


@numba.njit(cache=True, nogil=True)
def sweep(scene: Scene, threshold_s: float, price: float, shorts: bool, board: Board) -> bool:
    """Find the best way under a threshold; it stands in ``board.trial`` (length 0: none below the bar).

    Args:
        scene: what is swept.
        threshold_s: [s] no processor or link is busy longer.
        price: of losses: what spending the whole budget costs, as a share of a typical makespan.
        shorts: whether stages of one layer alone are tried, too.
        board: to work in; its bar falls to the way found.

    Returns:
        Whether the budget refused a cut, so that a higher price may change what is found.
    """
    board.trial.length[0] = 0
    board.trial.values_s[:] = np.inf
    _ground_now(scene, threshold_s, board)
    rest, count = scene.tables.layer_s.shape[1] - scene.boundary, len(scene.nodes)
    if rest == 0 or count == 0:
        return False
    terms = _terms(scene, threshold_s, price, shorts)
    if terms.most.sum() < rest and not terms.grounded:
        return False
    labels, refused, first = board.labels, False, 0
    begin_stage(0, labels)
    _begin(scene, terms, board)
    for _ in range(count):
        narrow(labels)
        behind = labels.begin[1]
        if behind == first:
            break
        begin_stage(behind, labels)
        for row in range(first, behind):
            refused |= _extend(scene, terms, row, board)
        first = behind
    return refused


@numba.njit(cache=True, nogil=True)
def _terms(scene: Scene, threshold_s: float, price: float, shorts: bool) -> Terms:
    tables, count = scene.tables, len(scene.nodes)
    num_layers = tables.layer_s.shape[1]
    rest, pace = num_layers - scene.boundary, scene.pace_s
    if tables.micro_batches > 1:  # else everything runs on the quickest
        pace = 0.0
        for node in scene.nodes:
            pace += scene.prefix_s[node, num_layers] / num_layers / count
    scale = tables.micro_batches * pace * rest / count + pace * rest
    most = scene.most.copy()
    for number in range(count):
        quickest_s = scene.quickest_s[number]
        if quickest_s > 0.0 and threshold_s < quickest_s * most[number]:
            most[number] = int(threshold_s / quickest_s)
    grounded = bool(np.isfinite(tables.layer_s[tables.destination, 0]))
    return Terms(threshold_s, price * scale / max(scene.left_units, 1), pace, shorts, grounded, most)


@numba.njit(cache=True, nogil=True)
def _ground_now(scene: Scene, threshold_s: float, board: Board) -> None:
    """The way that relays the payload to the destination as it is."""
    routes, home, here = scene.routes, len(scene.nodes), scene.here
    if not routes.cost_s[home, here] < np.inf:
        return
    at_end = scene.boundary == scene.tables.layer_s.shape[1]
    level = 0 if at_end else scene.level
    busy, size = last_busy_s(scene, scene.boundary, level), scene.size_s[level, scene.boundary]
    longest = max(routes.worst[home, here] * size, busy)
    if longest > threshold_s:
        return
    total = scene.paid_s + routes.slowness[home, here] * size + busy + routes.latency_s[home, here]
    longest = max(longest, scene.longest_s)
    value = makespan_s(total, longest, scene.tables.micro_batches)
    if value < board.bar_s[0]:
        written = _write_route(scene, home, here, moves.NO_STAGE, scene.boundary, level, 0, board)
        _keep(written, value, longest, board)


@numba.njit(cache=True, nogil=True)
def _begin(scene: Scene, terms: Terms, board: Board) -> None:
    """Labels of ways that have not computed yet: at the payload's node, or relayed to another."""
    routes, here, labels = scene.routes, scene.here, board.labels
    size, room = scene.size_s[scene.level, scene.boundary], terms.most.sum()
    for number in range(len(scene.nodes)):
        total, longest = scene.paid_s, scene.longest_s
        if scene.nodes[number] != here:
            worst = routes.worst[number, here] * size
            if not routes.cost_s[number, here] < np.inf or worst > terms.threshold_s:
                continue
            longest = max(longest, worst)
            total += routes.slowness[number, here] * size + routes.latency_s[number, here]
        row = place_of(1 << number, number, total, labels)
        labels.key_s[row], labels.sum_s[row], labels.longest_s[row] = total, total, longest
        labels.end[row], labels.level[row], labels.parent[row] = scene.boundary, scene.level, -1
        labels.loss[row], labels.holds[row] = 0, room - terms.most[number]


@numba.njit(cache=True, nogil=True)
def _quickest_outside_s(scene: Scene, members: int) -> float:
    """[s] of a typical layer on the quickest processor that does not serve yet."""
    num_layers, least = scene.tables.layer_s.shape[1], np.inf
    for number in range(len(scene.nodes)):
        if not members >> number & 1:
            least = min(least, scene.prefix_s[scene.nodes[number], num_layers])
    return float(least / num_layers)


@numba.njit(cache=True, nogil=True)
def _extend(scene: Scene, terms: Terms, row: int, board: Board) -> bool:
    """Let the last processor of a label compute and send on; whether the budget refused anything."""
    tables, labels = scene.tables, board.labels
    members, last = labels.members[row], labels.last[row]
    num_layers, boundary, level = tables.layer_s.shape[1], labels.end[row], labels.level[row]
    node, paid, longest = scene.nodes[last], labels.sum_s[row], labels.longest_s[row]
    outside = scene.pace_s if terms.grounded else _quickest_outside_s(scene, members)
    quickest = min(scene.prefix_s[node, num_layers] / num_layers, outside)
    ahead = paid + (num_layers - boundary) * quickest
    if makespan_s(ahead, longest, tables.micro_batches) >= board.bar_s[0]:
        return False
    start = tables.decode_s[node, level, boundary] - scene.prefix_s[node, boundary]
    reach, end = tables.stage_reach[node, boundary], boundary
    while end < reach and start + scene.prefix_s[node, end + 1] <= terms.threshold_s:
        end += 1
    if end == boundary:
        return False
    if end == num_layers:
        _finish(scene, terms, row, num_layers, 0, board)
    refused = _list_cuts(scene, terms, row, min(end, num_layers - 1), start, outside, board)
    _send_on(scene, terms, row, board)
    return refused


@numba.njit(cache=True, nogil=True)
def _list_cuts(
    scene: Scene, terms: Terms, row: int, full: int, start: float, outside: float, board: Board
) -> bool:
    """List the cuts that the last processor of a label may end with; whether the budget refused any."""
    tables, labels, cuts = scene.tables, board.labels, board.cuts
    members, boundary = labels.members[row], labels.end[row]
    num_layers, node, paid = tables.layer_s.shape[1], scene.nodes[labels.last[row]], labels.sum_s[row]
    early = bool(members & (members - 1) == 0 or labels.parent[labels.parent[row]] < 0)
    refused, count = False, 0
    for short in range(2):
        if short == 1 and (not terms.shorts or full == boundary + 1 or not early):
            break
        for sent in scene.levels:
            end = boundary + 1 if short == 1 else full
            busy = start + scene.prefix_s[node, end] + tables.encode_s[node, sent, end]
            while end > boundary and busy > terms.threshold_s:
                end -= 1
                busy = start + scene.prefix_s[node, end] + tables.encode_s[node, sent, end]
            if end == boundary:
                continue
            loss, behind = labels.loss[row] + tables.loss_units[sent, end], num_layers - end
            if loss > scene.left_units:
                refused = True
                continue
            if not terms.grounded and behind > labels.holds[row]:
                continue
            ahead = paid + busy + behind * outside
            if makespan_s(ahead, max(labels.longest_s[row], busy), tables.micro_batches) >= board.bar_s[0]:
                continue
            cuts.end[count], cuts.level[count], cuts.loss[count] = end, sent, loss
            cuts.busy_s[count], cuts.size_s[count] = busy, scene.size_s[sent, end]
            cuts.key_s[count] = paid + busy + terms.per_unit_s * loss + behind * terms.mean_pace_s
            count += 1
            if terms.grounded and last_busy_s(scene, end, sent) <= terms.threshold_s:
                _finish(scene, terms, row, end, sent, board)
    cuts.listed[0] = count
    return refused


@numba.njit(cache=True, nogil=True)
def _send_on(scene: Scene, terms: Terms, row: int, board: Board) -> None:
    """Offer the best of the cuts listed to every processor that does not serve yet."""
    tables, routes, labels, cuts = scene.tables, scene.routes, board.labels, board.cuts
    members, node = labels.members[row], scene.nodes[labels.last[row]]
    for other in range(len(scene.nodes)):
        if members >> other & 1 or not routes.cost_s[other, node] < np.inf:
            continue
        slowness, worst = routes.slowness[other, node], routes.worst[other, node]
        target, least, best = scene.nodes[other], np.inf, -1
        for cut in range(cuts.listed[0]):
            key = cuts.key_s[cut] + slowness * cuts.size_s[cut]
            key += tables.decode_s[target, cuts.level[cut], cuts.end[cut]]
            if key < least and worst * cuts.size_s[cut] <= terms.threshold_s:
                least, best = key, cut
        if best < 0:
            continue
        latency = routes.latency_s[other, node]
        at = place_of(members | 1 << other, other, least + latency, labels)
        if at < 0:
            continue
        size = cuts.size_s[best]
        labels.key_s[at] = least + latency
        labels.sum_s[at] = labels.sum_s[row] + cuts.busy_s[best] + slowness * size + latency
        labels.longest_s[at] = max(labels.longest_s[row], cuts.busy_s[best], worst * size)
        labels.parent[at], labels.end[at], labels.level[at] = row, cuts.end[best], cuts.level[best]
        labels.loss[at] = cuts.loss[best]
        labels.holds[at] = labels.holds[row] - terms.most[other]


@numba.njit(cache=True, nogil=True)
def _finish(scene: Scene, terms: Terms, row: int, end: int, sent: int, board: Board) -> None:
    """End a label's way: its last stage ends there, and the payload goes to the destination."""
    tables, routes, home, labels = scene.tables, scene.routes, len(scene.nodes), board.labels
    node, boundary = scene.nodes[labels.last[row]], labels.end[row]
    if not routes.cost_s[home, node] < np.inf:
        return
    size = scene.size_s[sent, end]
    busy = tables.decode_s[node, labels.level[row], boundary] + tables.encode_s[node, sent, end]
    busy += scene.prefix_s[node, end] - scene.prefix_s[node, boundary]
    final, worst = last_busy_s(scene, end, sent), routes.worst[home, node] * size
    if max(busy, final, worst) > terms.threshold_s:
        return
    longest = max(labels.longest_s[row], busy, final, worst)
    total = labels.sum_s[row] + busy + final + routes.slowness[home, node] * size
    total += routes.latency_s[home, node]
    value = makespan_s(total, longest, tables.micro_batches)
    if value < board.bar_s[0]:
        _keep(_write_way(scene, row, end, sent, board), value, longest, board)


@numba.njit(cache=True, nogil=True)
def _keep(written: int, value: float, longest: float, board: Board) -> None:
    """Keep a way that was written as the best of the sweep; none was if a link would carry twice."""
    if written == 0:
        return
    way = board.trial
    way.sends[:written] = board.spare.sends[:written]
    way.length[0] = written
    way.values_s[0] = board.bar_s[0] = value
    way.values_s[1] = longest


@numba.njit(cache=True, nogil=True)
def _write_route(
    scene: Scene, row: int, start: int, first: int, boundary: int, level: int, at: int, board: Board
) -> int:
    """Write the sends of a route from position `at` on; the position after them."""
    node = start
    link = scene.routes.link[row, node]
    while link >= 0 and at < MAX_SENDS:
        send = board.spare.sends[at]
        send[0], send[1], send[2], send[3] = first, boundary, link, level
        first = moves.NO_STAGE
        at += 1
        node = scene.tables.link_target[link]
        link = scene.routes.link[row, node]
    return at


@numba.njit(cache=True, nogil=True)
def _write_way(scene: Scene, row: int, end: int, sent: int, board: Board) -> int:
    """Write a way's sends and count them; 0 where a link would carry twice."""
    count, labels = len(scene.nodes), board.labels
    chain, length = np.empty(count, np.int64), 0
    while row >= 0:
        chain[length] = row
        length += 1
        row = labels.parent[row]
    at, begin = 0, scene.nodes[labels.last[chain[length - 1]]]
    if begin != scene.here:
        target = labels.last[chain[length - 1]]
        none = moves.NO_STAGE
        at = _write_route(scene, target, scene.here, none, scene.boundary, scene.level, at, board)
    for position in range(length - 1, -1, -1):
        label = chain[position]
        target, cut, level = count, end, sent
        if position > 0:
            after = chain[position - 1]
            target, cut, level = labels.last[after], labels.end[after], labels.level[after]
        node = scene.nodes[labels.last[label]]
        at = _write_route(scene, target, node, labels.end[label], cut, level, at, board)
    return at if _carries_once(scene, at, board) else 0


@numba.njit(cache=True, nogil=True)
def _carries_once(scene: Scene, count: int, board: Board) -> bool:
    """Whether the sends written keep to links that have not carried, each once."""
    if count >= MAX_SENDS:
        return False
    board.carried[:] = False
    for position in range(count):
        link = board.spare.sends[position, 2]
        if board.carried[link] or scene.used_links[link]:
            return False
        board.carried[link] = True
    return True
