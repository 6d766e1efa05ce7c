"""What each move is expected to lead to: the backward bounds of an instance, ready to be looked up.

The makespan weighs a sum against a maximum, so one table of costs to go does not tell which way is
short. A few tables do, each under its own threshold on busy times: a way that keeps threshold `t`
costs at most ``sum + (M − 1) · t``, and the least over the thresholds is the estimate. The tables let
processors serve again; what the processors that are left can share between them (`capacity`) bounds
the bottleneck from below all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numba
import numpy as np

from satllm_env.envs.leftover import Leftover
from satllm_env.problem import moves
from satllm_env.problem.bounds import ToGo, cost_to_go, prefix_s
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Bools, Floats, Ints, Tables

THRESHOLD_FACTORS = (1.0, 1.2)
"""Thresholds kept, as multiples of the best one found; the last table has no threshold at all."""

THRESHOLD_STEPS = 6
PRICE_STEPS = 4


class Lookahead(NamedTuple):
    """Tables that compiled code reads; K thresholds."""

    thresholds_s: Floats  # (K,) what a way of table k is charged for its bottleneck, at the least
    arrival: Floats  # (K, N, Q, L + 1) [s] to go from an arrival, losses priced
    departure: Floats  # (K, N, Q, L + 1) [s] to go from a payload about to leave
    prefix: Floats  # (N, L + 1) [s] of computing the first layers
    loss_price: float  # [s / loss unit]


def look_ahead(tables: Tables, shortest_s: float) -> Lookahead:
    """Build the tables from the source, with a threshold and a price found for the instance.

    Args:
        tables: the instance's arrays.
        shortest_s: [s] no bottleneck can be less (`capacity`).
    """
    threshold = _best_threshold(tables, shortest_s)
    price = _best_price(tables, threshold)
    kept = [max(threshold * factor, shortest_s) for factor in THRESHOLD_FACTORS]
    return _with_tables(tables, np.array([*kept, kept[-1]]), price)


def look_again(
    tables: Tables, before: Lookahead, used_nodes: Bools, used_links: Bools, here: int
) -> Lookahead:
    """Build the tables anew for what is left to a walk, thresholds and price as before.

    Args:
        tables: the instance's arrays.
        before: the tables from the source.
        used_nodes: (N,) processors that have served.
        used_links: (E,) links that have carried the payload.
        here: a node whose processor counts as served too, −1 for none.
    """
    return _with_tables(
        without_used(tables, used_nodes, used_links, here), before.thresholds_s, before.loss_price
    )


def without_used(tables: Tables, used_nodes: Bools, used_links: Bools, here: int) -> Tables:
    """The instance's arrays without the processors and links that have served."""
    served = used_nodes.copy()
    if here >= 0:
        served[here] = True
    layers = np.arange(tables.num_layers)
    return tables._replace(
        stage_reach=np.where(served[:, None], layers, tables.stage_reach),
        transfer_s=np.where(used_links[:, None, None], np.inf, tables.transfer_s),
    )


def _with_tables(tables: Tables, thresholds_s: Floats, price: float) -> Lookahead:
    passes = [cost_to_go(tables, limit, price) for limit in [*thresholds_s[:-1].tolist(), np.inf]]
    return Lookahead(
        thresholds_s=thresholds_s,
        arrival=np.stack([table.arrival for table in passes]),
        departure=np.stack([table.departure for table in passes]),
        prefix=prefix_s(tables),
        loss_price=price,
    )


def _from_source(tables: Tables, to_go: ToGo) -> float:
    return float(to_go.arrival[tables.source, 0, 0])


def _best_threshold(tables: Tables, shortest_s: float) -> float:
    """The threshold with the least ``sum + (M − 1) · threshold``, losses free: widen, then refine."""

    def estimate(threshold: float) -> float:
        to_go = _from_source(tables, cost_to_go(tables, threshold))
        return makespan_s(to_go, threshold, tables.micro_batches)

    # whatever the links, some way is open at the least sum's own bottleneck, which its sum bounds
    longest_s = max(_from_source(tables, cost_to_go(tables)), shortest_s)
    if longest_s == 0.0:  # everything is free
        return 0.0
    shortest_s = max(shortest_s, longest_s * 1e-6)
    grid = np.geomspace(shortest_s, longest_s, THRESHOLD_STEPS).tolist()
    found = {threshold: estimate(threshold) for threshold in grid}
    best = min(found, key=found.__getitem__)
    factor = (longest_s / shortest_s) ** (0.5 / (THRESHOLD_STEPS - 1))
    while factor > 1.1:
        for threshold in (max(best / factor, shortest_s), best * factor):
            found[threshold] = estimate(threshold)
        best = min(found, key=found.__getitem__)
        factor = factor**0.5
    return float(best)


def _best_price(tables: Tables, threshold: float) -> float:
    """The price per loss unit that makes the Lagrangian bound largest: it is concave in the price."""

    def bound(price: float) -> float:
        return _from_source(tables, cost_to_go(tables, threshold, price)) - price * tables.budget_units

    dearest = _from_source(tables, cost_to_go(tables, threshold)) / max(tables.budget_units, 1)
    return _argmax_concave(bound, dearest)


def _argmax_concave(function: Callable[[float], float], high: float) -> float:
    """Golden-section search for the maximum of a concave function on [0, high]."""
    golden = (5.0**0.5 - 1.0) / 2.0
    low, left, right = 0.0, high * (1.0 - golden), high * golden
    f_left, f_right = function(left), function(right)
    best = max([(function(0.0), 0.0), (f_left, left), (f_right, right)])
    for _ in range(PRICE_STEPS):
        if f_left >= f_right:
            high, right, f_right = right, left, f_left
            left = high - golden * (high - low)
            f_left = function(left)
            best = max(best, (f_left, left))
        else:
            low, left, f_left = left, right, f_right
            right = low + golden * (high - low)
            f_right = function(right)
            best = max(best, (f_right, right))
    return float(best[1])


@numba.njit(cache=True)
def send_estimate(
    tables: Tables, ahead: Lookahead, least_s: Floats, ints: Ints, reals: Floats, link: int, level: int
) -> float:
    """[s] expected delay of the walk if the payload is sent now, by the relaxed tables.

    Args:
        tables: the instance's arrays.
        ahead: the instance's look-ahead tables.
        least_s: (L + 1,) `capacity.least_bottleneck_s` of the processors left after the move.
        ints: integer state of the walk.
        reals: real state of the walk.
        link: link sent over.
        level: level sent at.
    """
    boundary = ints[moves.BOUNDARY]
    encode, loss = 0.0, ints[moves.LOSS_UNITS]
    if ints[moves.STAGE_START] != moves.NO_STAGE:
        encode = tables.encode_s[ints[moves.NODE], level, boundary]
        loss += tables.loss_units[level, boundary]
    transfer = tables.transfer_s[link, level, boundary]
    paid = reals[moves.SUM] + encode + transfer + tables.latency_s[link]
    paid += ahead.loss_price * (loss - tables.budget_units)
    bottleneck = max(reals[moves.BOTTLENECK], reals[moves.STAGE_BUSY] + encode, transfer)
    bottleneck = max(bottleneck, least_s[tables.layer_s.shape[1] - boundary])
    target = tables.link_target[link]
    best = np.inf
    for k in range(len(ahead.thresholds_s)):
        to_go = ahead.arrival[k, target, level, boundary]
        whole = makespan_s(paid + to_go, max(bottleneck, ahead.thresholds_s[k]), tables.micro_batches)
        best = min(best, whole)
    return best


@numba.njit(cache=True)
def compute_estimate(tables: Tables, ahead: Lookahead, least_s: Floats, ints: Ints, reals: Floats) -> float:
    """[s] expected delay of the walk if the next layer is computed here, by the relaxed tables.

    Args:
        tables: the instance's arrays.
        ahead: the instance's look-ahead tables.
        least_s: (L + 1,) `capacity.least_bottleneck_s` of the processors left after this stage.
        ints: integer state of the walk.
        reals: real state of the walk.
    """
    node, boundary, first = ints[moves.NODE], ints[moves.BOUNDARY], ints[moves.STAGE_START]
    begun = reals[moves.STAGE_BUSY]
    if first == moves.NO_STAGE:
        first = boundary
        begun = tables.decode_s[node, ints[moves.LEVEL], boundary]
    paid = reals[moves.SUM] - reals[moves.STAGE_BUSY]
    paid += ahead.loss_price * (ints[moves.LOSS_UNITS] - tables.budget_units)
    best = np.inf
    for end in range(boundary + 1, tables.stage_reach[node, first] + 1):
        computed = begun + ahead.prefix[node, end] - ahead.prefix[node, boundary]
        least = least_s[tables.layer_s.shape[1] - end]
        for level in range(tables.loss_units.shape[0]):
            busy = computed + tables.encode_s[node, level, end]
            bottleneck = max(reals[moves.BOTTLENECK], busy, least)
            for k in range(len(ahead.thresholds_s)):
                to_go = busy + ahead.departure[k, node, level, end]
                limit = max(bottleneck, ahead.thresholds_s[k])
                best = min(best, makespan_s(paid + to_go, limit, tables.micro_batches))
    return best


@numba.njit(cache=True)
def move_estimates(
    tables: Tables,
    now: Lookahead,
    after: Lookahead,
    left: Leftover,
    slots: Ints,
    ints: Ints,
    reals: Floats,
    mask: Bools,
) -> Floats:
    """(1 + D·Q,) [s] expected delay after each unmasked action, inf for the others.

    Args:
        tables: the instance's arrays.
        now: look-ahead over what is left to the walk.
        after: the same with this node's processor served.
        left: what is left to the walk.
        slots: (N, D) padded slots.
        ints: integer state of the walk.
        reals: real state of the walk.
        mask: (1 + D·Q,) action mask.
    """
    relays = ints[moves.STAGE_START] == moves.NO_STAGE
    least_s = left.least_s if relays else left.least_after_s
    ahead = now if relays else after
    num_levels = (len(mask) - 1) // slots.shape[1]
    estimates = np.full(len(mask), np.inf)
    if mask[0]:
        estimates[0] = compute_estimate(tables, after, left.least_after_s, ints, reals)
    for action in range(1, len(mask)):
        if mask[action]:
            slot, level = divmod(action - 1, num_levels)
            link = slots[ints[moves.NODE], slot]
            estimates[action] = send_estimate(tables, ahead, least_s, ints, reals, link, level)
    return estimates
