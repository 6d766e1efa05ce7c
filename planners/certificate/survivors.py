"""From dense passes to the sparse graph of the moves that a better plan could make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from planners.certificate import passes
from planners.certificate.graph import ARRIVED, SENDING, StateGraph, encode
from planners.certificate.network import Network
from planners.certificate.passes import Prices
from satllm_env.problem.instance import Floats, Ints


class TooManyMovesError(RuntimeError):
    """More moves survive than the check wants to hold."""


class Question(NamedTuple):
    """Is there a plan with a delay below `below_s` whose busy times are at most `limit_s`?

    It need not be found if its bottleneck is at most `floor_s`: others have settled those.
    """

    below_s: float
    floor_s: float
    limit_s: float


class _Moves(NamedTuple):
    source: Ints
    target: Ints
    seconds: Floats
    busy_s: Floats
    loss_units: Floats
    resource: Ints


def survivors(network: Network, prices: Prices, question: Question, most_moves: int) -> StateGraph | None:
    """The graph of all moves on relaxed walks that could be below the bound, None where there are none.

    Raises:
        TooManyMovesError: there are more than `most_moves`.
    """
    to_go = passes.backward(network, prices, question.limit_s)
    credit = prices.credit_s(network)
    if not _can_be_below(network, question, to_go[ARRIVED][0, network.source, 0] - credit):
        return None
    so_far = passes.forward(network, prices, question.limit_s)
    parts, count = [], 0
    for moves in _all_moves(network, prices, question, (so_far, to_go), credit):
        parts.append(moves)
        count += len(moves.source)
        if count > most_moves:
            raise TooManyMovesError
    if not parts:
        return None
    return _graph(network, prices, _Moves(*(np.concatenate(column) for column in zip(*parts, strict=True))))


def _can_be_below(network: Network, question: Question, least_s: float) -> bool:
    return least_s + network.periods * question.floor_s < question.below_s


States = tuple[Floats, Floats]
"""A value of arrived and of sending states."""


def _all_moves(
    network: Network, prices: Prices, question: Question, bounds: tuple[States, States], credit_s: float
) -> Iterator[_Moves]:
    for boundary in range(network.num_layers + 1):
        if boundary < network.num_layers:
            for part in passes.stages(network, prices, question.limit_s, boundary):
                yield _stage_moves(network, question, part, bounds, credit_s)
        for phase in (ARRIVED, SENDING):
            yield _link_moves(network, prices, question, (phase, boundary), bounds, credit_s)
        yield _last_moves(network, prices, question, boundary, bounds, credit_s)


def _worth(network: Network, question: Question, priced_s: Floats, busy_s: Floats) -> tuple[Ints, ...]:
    """Indices of the moves that a plan below the bound could make, by the least priced sum through them."""
    with np.errstate(invalid="ignore"):  # 0 times inf, where the sum is inf as well
        least = priced_s + network.periods * np.maximum(question.floor_s, busy_s)
    return np.nonzero(least < question.below_s)


def _stage_moves(
    network: Network,
    question: Question,
    part: passes.Stages,
    bounds: tuple[States, States],
    credit_s: float,
) -> _Moves:
    so_far, to_go = bounds
    rows = slice(part.first + 1, part.first + 1 + part.busy_s.shape[1])
    before = so_far[ARRIVED][part.first, part.nodes, part.received][:, None, None] - credit_s
    after = to_go[SENDING][rows, part.nodes].transpose(1, 0, 2)
    c, k, sent = _worth(network, question, before + part.busy_s + part.charge_s + after, part.busy_s)
    node, end, busy = part.nodes[c], part.first + 1 + k, part.busy_s[c, k, sent]
    return _Moves(
        source=encode(network, ARRIVED, part.first, node, part.received),
        target=encode(network, SENDING, end, node, sent),
        seconds=busy,
        busy_s=busy,
        loss_units=network.loss_units[sent, end],
        resource=node,
    )


def _link_moves(
    network: Network,
    prices: Prices,
    question: Question,
    where: tuple[int, int],
    bounds: tuple[States, States],
    credit_s: float,
) -> _Moves:
    (phase, boundary), (so_far, to_go) = where, bounds
    busy, cost = passes.sends(network, prices, question.limit_s, boundary)
    before = so_far[phase][boundary, network.tail] - credit_s
    link, level = _worth(network, question, before + cost + to_go[ARRIVED][boundary, network.head], busy)
    busy = busy[link, level]
    return _Moves(
        source=encode(network, phase, boundary, network.tail[link], level),
        target=encode(network, ARRIVED, boundary, network.head[link], level),
        seconds=busy + network.latency_s[link],
        busy_s=busy,
        loss_units=np.zeros(len(link)),
        resource=len(network.nodes) + link,
    )


def _last_moves(
    network: Network,
    prices: Prices,
    question: Question,
    boundary: int,
    bounds: tuple[States, States],
    credit_s: float,
) -> _Moves:
    """From arriving at the destination to the plan's end."""
    node, done = network.destination, boundary == network.num_layers
    busy = network.last_stage_s()[:, boundary]
    busy[busy > question.limit_s] = np.inf
    charge = 0.0 if done else prices.stage[node]
    priced = bounds[0][ARRIVED][boundary, node] + busy + charge - credit_s
    (level,) = _worth(network, question, priced, busy)
    return _Moves(
        source=encode(network, ARRIVED, boundary, np.full(len(level), node), level),
        target=np.full(len(level), _goal_code(network), np.int64),
        seconds=busy[level],
        busy_s=busy[level],
        loss_units=np.zeros(len(level)),
        resource=np.full(len(level), -1 if done else node, np.int64),
    )


def _goal_code(network: Network) -> int:
    return int(2 * np.prod(network.shape))


def _graph(network: Network, prices: Prices, moves: _Moves) -> StateGraph:
    start = encode(network, ARRIVED, 0, np.array([network.source]), 0)
    ends = np.concatenate([start, [_goal_code(network)], moves.source, moves.target])
    code, number = np.unique(ends, return_inverse=True)
    count = len(moves.source)
    order = np.argsort(number[2 : 2 + count], kind="stable")
    return StateGraph(
        network=network,
        code=code,
        served=np.zeros(len(code), np.int64),
        start=int(number[0]),
        goal=int(number[1]),
        source=number[2 : 2 + count][order],
        target=number[2 + count :][order],
        seconds=moves.seconds[order],
        busy_s=moves.busy_s[order],
        loss_units=moves.loss_units[order],
        resource=moves.resource[order],
        loss_price=prices.loss,
        price=np.concatenate([prices.stage, prices.link, [0.0]]),
    )
