"""What each move is expected to lead to: the backward bounds of an instance, ready to be looked up.

The makespan weighs a sum against a maximum, so one table of costs to go does not tell which way is
short. A few tables do, each under its own threshold on busy times: a way that keeps threshold `t`
costs at most ``sum + (M − 1) · t``, and the least over the thresholds is the estimate. The tables let
processors serve again; what the processors that are left can share between them (`capacity`) bounds
the bottleneck from below all the same.

Thresholds and price are found once per instance (`Guide`). The tables are built whenever the payload
moves, and what moves from there can ask of them is kept (`Outlook`).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from satllm_env.envs.leftover import Leftover
from satllm_env.envs.lookahead_tables import Cube, Desk, look_back, make_desk, nearest_first
from satllm_env.envs.observation import Singles, squash
from satllm_env.envs.stepping import State
from satllm_env.envs.terrain import Terrain
from satllm_env.problem import moves
from satllm_env.problem.bounds import prefix_s
from satllm_env.problem.delay import makespan_s
from satllm_env.problem.instance import Bools, Floats, Ints, Tables

THRESHOLD_FACTORS = (1.0, 1.2)
"""Thresholds kept, as multiples of the best one found; the last table has no threshold at all."""

NUM_TABLES = len(THRESHOLD_FACTORS) + 1
THRESHOLD_STEPS = 6
PRICE_STEPS = 4

ACTION_FEATURES = 3
FINE_PIVOT, COARSE_PIVOT = 0.01, 0.1
"""Regrets of 1 % and 10 % of the best estimate map to one half."""


class Guide(NamedTuple):
    """What the tables of an instance are built with; K tables."""

    limits_s: Floats  # (K,) [s] busy times at most, inf for the last table
    thresholds_s: Floats  # (K,) [s] what a way of table k is charged for its bottleneck, at the least
    prices: Floats  # (K,) [s / loss unit] of accuracy, the same for all
    prefix: Floats  # (N, L + 1) [s] of computing the first layers
    order: Ints  # (E,) links, those nearest to the destination first


class Outlook(NamedTuple):
    """What the tables say to the moves of one visit to a node; written in place."""

    relays: Cube  # (1, D, K·Q) [s] to go from the slots' ends, if the payload is relayed
    stages: Cube  # (L + 1, D, K·Q) [s] the same by boundary, once this node's processor has served
    departs: Floats  # (L + 1, K·Q) [s] to go from a payload about to leave, once it has


def guide_of(tables: Tables, shortest_s: float) -> Guide:
    """Find the thresholds and the price of an instance.

    Args:
        tables: the instance's arrays.
        shortest_s: [s] no bottleneck can be less (`capacity`).
    """
    source = _Source(tables)
    threshold = _best_threshold(source, shortest_s)
    price = _best_price(source, threshold)
    kept = [max(threshold * factor, shortest_s) for factor in THRESHOLD_FACTORS]
    return Guide(
        limits_s=np.array([*kept, np.inf]),
        thresholds_s=np.array([*kept, kept[-1]]),
        prices=np.full(NUM_TABLES, price),
        prefix=source.prefix,
        order=source.order,
    )


class _Source:
    """Costs to go from an instance's source, nothing used, for several thresholds and prices at once."""

    def __init__(self, tables: Tables) -> None:
        self.tables, self.prefix, self.order = tables, prefix_s(tables), nearest_first(tables)
        self._nodes, self._links = np.zeros(tables.num_nodes, np.bool_), np.zeros(len(self.order), np.bool_)

    def to_go_s(self, limits_s: list[float], prices: list[float]) -> list[float]:
        """[s] least sums of busy times, latencies and priced losses under each limit and price."""
        tables, size = self.tables, len(limits_s)
        desk = make_desk(tables.num_nodes, tables.num_layers, len(self.order), tables.num_levels, size)
        look_back(
            tables,
            self.prefix,
            self.order,
            np.array(limits_s),
            np.array(prices),
            self._nodes,
            self._links,
            tables.source,
            False,
            0,
            np.zeros(0, np.int64),
            desk,
            np.zeros((1, 0, size * tables.num_levels)),
        )
        found: list[float] = desk.arrival[tables.source, :: tables.num_levels].tolist()
        return found


def _best_threshold(source: _Source, shortest_s: float) -> float:
    """The threshold with the least ``sum + (M − 1) · threshold``, losses free: widen, then refine."""
    found: dict[float, float] = {}

    def estimate(thresholds: list[float]) -> None:
        to_go = source.to_go_s(thresholds, [0.0] * len(thresholds))
        for threshold, sum_s in zip(thresholds, to_go, strict=True):
            found[threshold] = makespan_s(sum_s, threshold, source.tables.micro_batches)

    # whatever the links, some way is open at the least sum's own bottleneck, which its sum bounds
    longest_s = max(*source.to_go_s([np.inf], [0.0]), shortest_s)
    if longest_s == 0.0:  # everything is free
        return 0.0
    shortest_s = max(shortest_s, longest_s * 1e-6)
    estimate(np.geomspace(shortest_s, longest_s, THRESHOLD_STEPS).tolist())
    best = min(found, key=found.__getitem__)
    factor = (longest_s / shortest_s) ** (0.5 / (THRESHOLD_STEPS - 1))
    while factor > 1.1:
        estimate([max(best / factor, shortest_s), best * factor])
        best = min(found, key=found.__getitem__)
        factor = factor**0.5
    return float(best)


def _best_price(source: _Source, threshold: float) -> float:
    """The price per loss unit that makes the Lagrangian bound largest: it is concave in the price.

    Golden-section search on [0, the price at which the whole budget costs as much as the walk].
    """
    budget = source.tables.budget_units

    def bounds(*prices: float) -> list[float]:
        to_go = source.to_go_s([threshold] * len(prices), list(prices))
        return [sum_s - price * budget for sum_s, price in zip(to_go, prices, strict=True)]

    (free,) = bounds(0.0)
    low, high, golden = 0.0, free / max(budget, 1), (5.0**0.5 - 1.0) / 2.0
    left, right = high * (1.0 - golden), high * golden
    f_left, f_right = bounds(left, right)
    best = max([(free, 0.0), (f_left, left), (f_right, right)])
    for _ in range(PRICE_STEPS):
        if f_left >= f_right:
            high, right, f_right = right, left, f_left
            left = high - golden * (high - low)
            (f_left,) = bounds(left)
            best = max(best, (f_left, left))
        else:
            low, left, f_left = left, right, f_right
            right = low + golden * (high - low)
            (f_right,) = bounds(right)
            best = max(best, (f_right, right))
    return float(best[1])


def make_outlook(num_slots: int, num_layers: int, num_levels: int) -> Outlook:
    """Room for the outlook of one walk."""
    width = NUM_TABLES * num_levels
    return Outlook(
        np.zeros((1, num_slots, width)),
        np.zeros((num_layers + 1, num_slots, width)),
        np.zeros((num_layers + 1, width)),
    )


@numba.njit(cache=True, nogil=True)
def look_out(
    terrain: Terrain, guide: Guide, state: State, computes: bool, desk: Desk, outlook: Outlook
) -> None:
    """Build the tables over what is left to a walk whose payload has just arrived, and keep what moves ask.

    Args:
        terrain: what the walk crosses.
        guide: of the instance.
        state: of the walk.
        computes: whether a stage may begin here.
        desk: to work in.
        outlook: filled as far as it will be asked.
    """
    node, boundary = state.ints[moves.NODE], state.ints[moves.BOUNDARY]
    _look(terrain, guide, state, False, boundary, desk, outlook.relays)
    if computes:
        _look(terrain, guide, state, True, boundary + 1, desk, outlook.stages)
        for later in range(boundary + 1, outlook.departs.shape[0]):
            outlook.departs[later] = desk.departure[node, later]


@numba.njit(cache=True, nogil=True)
def _look(
    terrain: Terrain, guide: Guide, state: State, served: bool, lowest: int, desk: Desk, rows: Cube
) -> None:
    node = state.ints[moves.NODE]
    look_back(
        terrain.tables,
        guide.prefix,
        guide.order,
        guide.limits_s,
        guide.prices,
        state.used_nodes,
        state.used_links,
        node,
        served,
        lowest,
        terrain.slots[node],
        desk,
        rows,
    )


@numba.njit(cache=True, nogil=True)
def estimate_moves(
    terrain: Terrain,
    guide: Guide,
    state: State,
    outlook: Outlook,
    num_levels: int,
    mask: Bools,
    estimates: Floats,
) -> None:
    """Write the expected delay after each unmasked action, inf for the others.

    Args:
        terrain: what the walk crosses.
        guide: of the instance.
        state: of the walk.
        outlook: by `look_out` on arrival.
        num_levels: Q of the action space.
        mask: (1 + D·Q,) action mask.
        estimates: (1 + D·Q,) [s] filled.
    """
    tables, ints, left = terrain.tables, state.ints, state.left
    relays, boundary = ints[moves.STAGE_START] == moves.NO_STAGE, ints[moves.BOUNDARY]
    rows = outlook.relays[0] if relays else outlook.stages[boundary]
    least_s = left.least_s if relays else left.least_after_s
    estimates[:] = np.inf
    if mask[0]:
        estimates[0] = _compute_estimate(tables, guide, outlook.departs, left, ints, state.reals)
    for action in range(1, len(mask)):
        if mask[action]:
            slot, level = (action - 1) // num_levels, (action - 1) % num_levels
            link = terrain.slots[ints[moves.NODE], slot]
            estimates[action] = _send_estimate(
                tables, guide, rows[slot], least_s, ints, state.reals, link, level
            )


@numba.njit(cache=True, nogil=True)
def _send_estimate(
    tables: Tables,
    guide: Guide,
    to_go_s: Floats,
    least_s: Floats,
    ints: Ints,
    reals: Floats,
    link: int,
    level: int,
) -> float:
    """[s] expected delay of the walk if the payload is sent now; `to_go_s` (K·Q,) from the link's end."""
    boundary, num_levels = ints[moves.BOUNDARY], tables.loss_units.shape[0]
    encode, loss = 0.0, ints[moves.LOSS_UNITS]
    if ints[moves.STAGE_START] != moves.NO_STAGE:
        encode = tables.encode_s[ints[moves.NODE], level, boundary]
        loss += tables.loss_units[level, boundary]
    transfer = tables.transfer_s[link, level, boundary]
    paid = reals[moves.SUM] + encode + transfer + tables.latency_s[link]
    paid += guide.prices[0] * (loss - tables.budget_units)
    bottleneck = max(reals[moves.BOTTLENECK], reals[moves.STAGE_BUSY] + encode, transfer)
    bottleneck = max(bottleneck, least_s[tables.layer_s.shape[1] - boundary])
    best = np.inf
    for k in range(len(guide.thresholds_s)):
        whole = paid + to_go_s[k * num_levels + level]
        best = min(best, makespan_s(whole, max(bottleneck, guide.thresholds_s[k]), tables.micro_batches))
    return best


@numba.njit(cache=True, nogil=True)
def _compute_estimate(
    tables: Tables, guide: Guide, departs: Floats, left: Leftover, ints: Ints, reals: Floats
) -> float:
    """[s] expected delay of the walk if the next layer is computed here."""
    node, boundary, first = ints[moves.NODE], ints[moves.BOUNDARY], ints[moves.STAGE_START]
    num_levels, prefix = tables.loss_units.shape[0], guide.prefix
    begun = reals[moves.STAGE_BUSY]
    if first == moves.NO_STAGE:
        first = boundary
        begun = tables.decode_s[node, ints[moves.LEVEL], boundary]
    paid = reals[moves.SUM] - reals[moves.STAGE_BUSY]
    paid += guide.prices[0] * (ints[moves.LOSS_UNITS] - tables.budget_units)
    best = np.inf
    for end in range(boundary + 1, tables.stage_reach[node, first] + 1):
        computed = begun + prefix[node, end] - prefix[node, boundary]
        least = left.least_after_s[tables.layer_s.shape[1] - end]
        for level in range(num_levels):
            busy = computed + tables.encode_s[node, level, end]
            bottleneck = max(reals[moves.BOTTLENECK], busy, least)
            for k in range(len(guide.thresholds_s)):
                to_go = busy + departs[end, k * num_levels + level]
                limit = max(bottleneck, guide.thresholds_s[k])
                best = min(best, makespan_s(paid + to_go, limit, tables.micro_batches))
    return best


@numba.njit(cache=True, nogil=True)
def write_features(mask: Bools, estimates: Floats, out: Singles) -> None:
    """Write the entries that are appended to the observation.

    Args:
        mask: (actions,) action mask.
        estimates: (actions,) [s] by `estimate_moves`.
        out: (3 · actions,) filled: unmasked, and 1 − regret on two scales.
    """
    out[:] = 0.0
    best = np.min(estimates)
    for action in range(len(mask)):
        if mask[action]:
            regret = (estimates[action] - best) / best if 0.0 < best < np.inf else 0.0
            at = ACTION_FEATURES * action
            out[at] = 1.0
            out[at + 1] = 1.0 - squash(regret, FINE_PIVOT)
            out[at + 2] = 1.0 - squash(regret, COARSE_PIVOT)
