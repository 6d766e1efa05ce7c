"""One interval of bottlenecks: prices from its hints, then the plain bound, then a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from planners.certificate import passes
from planners.certificate.effort import Effort, OutOfEffortError
from planners.certificate.network import Network
from planners.certificate.passes import Prices
from planners.certificate.settle import Settlement
from planners.certificate.survivors import Question, TooManyMovesError, survivors
from planners.proof import IntervalProof
from satllm_env.problem.instance import LOSS_UNITS_PER_POINT, Floats
from satllm_env.problem.plan import Step

MOST_MOVES = 6_000_000
"""If more survive the dense passes, the interval is cut in two."""
MOST_CREDIT = 1e3
"""[1] times the bound: prices that add up to more would drown it in rounding errors and are left out."""
SMALL = 40
"""Nodes up to which it does not pay to look for those that matter at all."""

Key = TypeVar("Key")


def settle_interval(
    network: Network, hints: IntervalProof, question: Question, effort: Effort
) -> tuple[Step, ...] | None:
    """Steps of a legal walk with a delay below the bound, None if the interval has none.

    Raises:
        OutOfEffortError: the limits are reached.
    """
    parts = [question]
    while parts:
        effort.check_time()
        question = parts.pop()
        prices = prices_of(network, hints, question)
        try:
            graph = survivors(network, prices, question, MOST_MOVES)
        except TooManyMovesError:
            parts += _halves(question, effort)
            continue
        if graph is None:
            continue
        effort.allow_search()
        if np.isinf(question.below_s):  # any plan answers: look first at those with few moves
            count = len(graph.seconds)
            graph = replace(graph, seconds=np.ones(count), busy_s=np.zeros(count))
        steps = Settlement(effort, watched_of(network, hints)).settle(graph, question)
        if steps is not None:
            return steps
    return None


def _halves(question: Question, effort: Effort) -> list[Question]:
    middle = 0.5 * (question.floor_s + question.limit_s)
    if not question.floor_s < middle < question.limit_s * (1.0 - 1e-6):
        raise OutOfEffortError(f"more than {MOST_MOVES} moves are left")
    effort.splits += 1
    return [question._replace(floor_s=middle), question._replace(limit_s=middle)]


def matters(network: Network, question: Question) -> Network:
    """The nodes of the states on relaxed walks that could be below the bound."""
    if len(network.nodes) <= SMALL:
        return network
    free = Prices(0.0, np.zeros(len(network.nodes)), np.zeros(len(network.links)))
    to_go = passes.backward(network, free, question.limit_s)
    so_far = passes.forward(network, free, question.limit_s)
    late = network.periods * question.floor_s
    alive = np.zeros(len(network.nodes), np.bool_)
    for before, after in zip(so_far, to_go, strict=True):
        alive |= (before + after + late < question.below_s).any(axis=(0, 2))
    alive[[network.source, network.destination]] = True
    keep = np.zeros(network.instance.tables.num_nodes, np.bool_)
    keep[network.nodes[alive]] = True
    return Network.of(network.instance, keep, network.shape[2])


def prices_of(network: Network, hints: IntervalProof, question: Question) -> Prices:
    """The hinted multipliers for a network; those that make no sense are 0."""
    ids = [network.instance.problem.nodes[v].id for v in network.nodes]
    stage = _values(hints.stage_price, ids)
    ends = [(ids[a], ids[b]) for a, b in zip(network.tail, network.head, strict=True)]
    loss = _sensible(hints.loss_price) / LOSS_UNITS_PER_POINT
    prices = Prices(loss, stage, _values(hints.link_price, ends))
    if not prices.credit_s(network) <= MOST_CREDIT * question.below_s < np.inf:
        return Prices(0.0, np.zeros(len(network.nodes)), np.zeros(len(network.links)))
    return prices


def _values(table: Mapping[Key, float], keys: list[Key]) -> Floats:
    return np.array([_sensible(table.get(key, 0.0)) for key in keys], np.float64)


def _sensible(price: float) -> float:
    return float(price) if 0.0 < price < np.inf else 0.0


def watched_of(network: Network, hints: IntervalProof) -> tuple[int, ...]:
    """The hinted resources by number: nodes first, then links."""
    ids = [network.instance.problem.nodes[v].id for v in network.nodes]
    ends = [(ids[a], ids[b]) for a, b in zip(network.tail, network.head, strict=True)]
    nodes = [v for v, name in enumerate(ids) if name in hints.watched_nodes]
    links = [len(ids) + e for e, pair in enumerate(ends) if pair in hints.watched_links]
    return (*nodes, *links)
