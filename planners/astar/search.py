"""A* over partial walks, within one interval of bottlenecks.

In the interval ``(floor − 1, threshold]`` a label at state `u` with priced sum `p` and max `m` has

    f = p + H(u) − credit + (M − 1)·max(m, floor)

with `H` from the backward pass at the interval's threshold and prices, and `credit` what these give
back. What a walk that keeps every limit is charged never exceeds the credit and `H` never exceeds what
is to come, so f never exceeds the delay of a plan whose bottleneck lies in the interval; along a walk it
never falls. A finished walk's f is its delay, or what was charged if that is more. So the first finished
walk that is taken off the heap is the interval's best, if it keeps rule 1 for the resources that nobody
keeps account of too.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar import labels as lb
from planners.astar.labels import Labels
from planners.astar.network import NOWHERE, Net
from planners.astar.passes import ToGo
from planners.astar.prices import Prices
from planners.astar.resources import Bits
from planners.astar.scaled import INFINITE, Scaled
from satllm_env.problem.instance import Ints
from satllm_env.problem.moves import NO_STAGE

# How a call of `advance` ends.
EMPTY, FOUND, PAUSED, FULL = range(4)

POPS_PER_LOOK = 50
"""Labels taken off the heap between two looks at how many there are."""


class Space(NamedTuple):
    """What a search moves in and what bounds it."""

    net: Net
    bits: Bits
    togo: ToGo
    prices: Prices  # of `togo`
    floor: int  # [ticks] bottlenecks are taken to be at least this
    threshold: int  # [ticks] no busy time may exceed this
    upper: int  # [ticks] delays of interest are less than this


@numba.njit(cache=True, inline="always")
def _priority(problem: Scaled, space: Space, priced: int, longest: int) -> int:
    """The f of a label from its priced sum, what is to come included."""
    return priced - space.prices.credit + (problem.micro_batches - 1) * max(longest, space.floor)


@numba.njit(cache=True)
def start(problem: Scaled, space: Space, labels: Labels) -> None:
    """Put the source's label on the heap."""
    rest = space.togo.arrival[0, 0, space.net.source]
    if rest < INFINITE:
        f = _priority(problem, space, rest, 0)
        _add(problem, space, labels, space.net.source, 0, 0, 0, 0, f, lb.NONE, lb.NONE, 0)


@numba.njit(cache=True)
def advance(problem: Scaled, space: Space, labels: Labels, max_pops: int, max_labels: int) -> int:
    """Take labels off the heap; FOUND leaves the goal's number in the counters.

    PAUSED after `max_pops`, or soon after `max_labels` are made; FULL asks for more room before it goes on.
    """
    num_layers, num_levels = problem.reach.shape[1], problem.loss.shape[1]
    net = space.net
    num_places = len(net.node)
    for pops in range(max_pops):
        if labels.counters[lb.HEAP_SIZE] == 0:
            return EMPTY
        if pops % POPS_PER_LOOK == 0 and labels.counters[lb.SIZE] >= max_labels:
            return PAUSED
        place = labels.rows[labels.heap[0], lb.STATE] % num_places
        ways = net.out_start[place + 1] - net.out_start[place]
        after = net.after[place]
        if after != NOWHERE:
            ways += num_layers * num_levels * (net.out_start[after + 1] - net.out_start[after])
        if labels.counters[lb.SIZE] + ways > len(labels.rows):
            return FULL
        label = lb.pop(labels)
        if labels.rows[label, lb.PRIORITY] >= space.upper:
            labels.counters[lb.HEAP_SIZE] = 0
            return EMPTY
        if net.node[place] == problem.destination:
            labels.counters[lb.GOAL] = label
            return FOUND
        labels.counters[lb.POPPED] += 1
        if _settle(problem, space, labels, label):
            _expand(problem, space, labels, label)
    return PAUSED


@numba.njit(cache=True, inline="always")
def _settle(problem: Scaled, space: Space, labels: Labels, label: int) -> bool:
    """File a label under its state, unless a settled one is as good."""
    row = labels.rows[label]
    state = row[lb.STATE]
    total, priced = row[lb.SUM], row[lb.PRICED]
    if _beaten(problem, space, labels, state, total, priced, row[lb.LONGEST], row[lb.LOSS], row[lb.MASK]):
        return False
    row[lb.NEXT] = labels.settled[state]
    labels.settled[state] = label
    return True


@numba.njit(cache=True)
def _beaten(
    problem: Scaled,
    space: Space,
    labels: Labels,
    state: int,
    total: int,
    priced: int,
    longest: int,
    loss: int,
    mask: int,
) -> bool:
    """Whether a settled label of the same state, with no more resources served, is as good."""
    repeats = problem.micro_batches - 1
    one = labels.settled[state]
    while one != lb.NONE:
        if lb.beats(labels, one, total, priced, longest, loss, mask, repeats, space.floor):
            return True
        one = labels.rows[one, lb.NEXT]
    return False


@numba.njit(cache=True, inline="always")
def _expand(problem: Scaled, space: Space, labels: Labels, label: int) -> None:
    """Add the labels that one more relay, or one more stage and its link, lead to."""
    net, prices = space.net, space.prices
    num_places, num_levels = len(net.node), problem.loss.shape[1]
    row = labels.rows[label]
    place = row[lb.STATE] % num_places
    level = row[lb.STATE] // num_places % num_levels
    boundary = row[lb.LAYERS]
    mask, total, priced = row[lb.MASK], row[lb.SUM], row[lb.PRICED]
    longest, loss = row[lb.LONGEST], row[lb.LOSS]
    _send(problem, space, labels, label, place, boundary, level, mask, total, priced, longest, loss)
    node, after = net.node[place], net.after[place]
    bit = space.bits.node_bit[node]
    if after == NOWHERE or boundary == problem.reach.shape[1] or (bit >= 0 and mask >> bit & 1):
        return
    served = mask | (1 << bit) if bit >= 0 else mask
    begin = problem.decode[node, boundary, level] - problem.prefix[node, boundary]
    loaded = problem.cost[node, boundary] - problem.prefix[node, boundary]
    priced += prices.stage[node]
    for end in range(boundary + 1, problem.reach[node, boundary] + 1):
        computed = begin + problem.prefix[node, end]
        if computed > space.threshold:
            break
        at_least = priced + begin - loaded + space.togo.least[after, end]
        if _priority(problem, space, at_least, max(longest, computed)) >= space.upper:
            continue
        loading = problem.cost[node, end] - problem.prefix[node, end] - loaded
        for sent in range(num_levels):
            rest = space.togo.departure[end, sent, after]
            lost = loss + problem.loss[end, sent]
            if rest >= INFINITE or lost > problem.budget or not problem.allowed[end, sent]:
                continue
            busy = computed + problem.encode[node, end, sent]
            most = max(longest, busy)
            if (
                busy > space.threshold
                or _priority(problem, space, priced + busy + loading + rest, most) >= space.upper
            ):
                continue
            spent = total + busy + loading
            paid = priced + busy + loading + prices.loss * problem.coarse[end, sent]
            _send(problem, space, labels, label, after, end, sent, served, spent, paid, most, lost)


@numba.njit(cache=True, inline="always")
def _send(
    problem: Scaled,
    space: Space,
    labels: Labels,
    parent: int,
    place: int,
    boundary: int,
    level: int,
    mask: int,
    total: int,
    priced: int,
    longest: int,
    loss: int,
) -> None:
    """Add a label for each link that may carry the payload."""
    net = space.net
    for move in range(net.out_start[place], net.out_start[place + 1]):
        link, target = net.out_link[move], net.out_target[move]
        busy = problem.transfer[boundary, level, link]
        bit = space.bits.link_bit[link]
        rest = space.togo.arrival[boundary, level, target]
        if rest >= INFINITE or busy > space.threshold or (bit >= 0 and mask >> bit & 1):
            continue
        served = mask | (1 << bit) if bit >= 0 else mask
        most = max(longest, busy)
        spent = total + busy + problem.latency[link]
        paid = priced + busy + space.prices.link[link]
        goal = net.node[target] == problem.destination
        if goal:
            spent += rest
            most = max(most, _last_busy(problem, boundary, level))
            f = _priority(problem, space, paid + rest, most)
            f = max(f, spent + (problem.micro_batches - 1) * most)
        else:
            f = _priority(problem, space, paid + rest, most)
        if f >= space.upper:
            continue
        state = (boundary * problem.loss.shape[1] + level) * len(net.node) + target
        if goal or not _beaten(problem, space, labels, state, spent, paid, most, loss, served):
            _add(problem, space, labels, state, spent, paid, most, loss, f, parent, link, served)


@numba.njit(cache=True, inline="always")
def _last_busy(problem: Scaled, boundary: int, level: int) -> int:
    """[ticks] that the destination is busy with the rest of the layers."""
    num_layers = problem.reach.shape[1]
    if boundary == num_layers:
        return 0
    node = problem.destination
    computed = problem.prefix[node, num_layers] - problem.prefix[node, boundary]
    return int(computed + problem.decode[node, boundary, level])


@numba.njit(cache=True, inline="always")
def _add(
    problem: Scaled,
    space: Space,
    labels: Labels,
    state: int,
    total: int,
    priced: int,
    longest: int,
    loss: int,
    priority: int,
    parent: int,
    link: int,
    mask: int,
) -> None:
    """Make a label and put it on the heap."""
    label = labels.counters[lb.SIZE]
    labels.counters[lb.SIZE] += 1
    row = labels.rows[label]
    row[lb.STATE], row[lb.SUM], row[lb.PRICED], row[lb.LONGEST] = state, total, priced, longest
    row[lb.LOSS], row[lb.MASK], row[lb.LINK], row[lb.PARENT] = loss, mask, link, parent
    row[lb.NEXT] = lb.NONE
    row[lb.LAYERS] = state // (len(space.net.node) * problem.loss.shape[1])
    row[lb.PRIORITY] = priority
    lb.push(labels, label)


@numba.njit(cache=True)
def walk_to(problem: Scaled, space: Space, labels: Labels, label: int) -> Ints:
    """(K, 4) sends of the walk that a label stands for, as `satllm_env.problem.Walk.sends`."""
    num_places, num_levels = len(space.net.node), problem.loss.shape[1]
    length, one = 0, label
    while labels.rows[one, lb.PARENT] != lb.NONE:
        length += 1
        one = labels.rows[one, lb.PARENT]
    sends = np.empty((length, 4), np.int64)
    one = label
    for k in range(length - 1, -1, -1):
        parent = labels.rows[one, lb.PARENT]
        before, boundary = labels.rows[parent, lb.LAYERS], labels.rows[one, lb.LAYERS]
        sends[k, 0] = before if before < boundary else NO_STAGE
        sends[k, 1] = boundary
        sends[k, 2] = labels.rows[one, lb.LINK]
        sends[k, 3] = labels.rows[one, lb.STATE] // num_places % num_levels
        one = parent
    return sends
