"""Branch and bound on a graph of survivors: is there a legal plan below the bound?"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from planners.certificate.effort import Effort
from planners.certificate.graph import SENDING, StateGraph, decode
from planners.certificate.labels import LabelSearch, QuotaError
from planners.certificate.multipliers import raise_bound
from planners.certificate.survivors import Question
from satllm_env.problem.instance import Bools, Floats, Ints
from satllm_env.problem.plan import ComputeStep, SendStep, Step

SHRINKING = 0.9
"""Elimination is done again as long as it leaves at most this share of the moves."""
FIRST_LABELS = 2_000
"""Labels of a first search; if they do not do, the interval is cut in two where it can be."""
WIDE = 0.05
"""[1] of the bound: an interval whose bottlenecks make more of a difference is cut in two before copies
of its states are made."""


@dataclass(frozen=True, eq=False)
class Bounded:
    """A graph after elimination, with the bounds of its states."""

    graph: StateGraph
    priced_to_go_s: Floats  # (V,)
    loss_to_go: Floats  # (V,)


Part = tuple[StateGraph, Question]


@dataclass
class Settlement:
    """Settles a question on a graph, counting its effort.

    Args:
        effort: the limits.
        hints: resources to watch before others.
    """

    effort: Effort
    hints: tuple[int, ...] = ()

    def settle(self, graph: StateGraph, question: Question) -> tuple[Step, ...] | None:
        """Steps of a walk with a delay below the bound that uses nothing twice, None if there is none.

        Raises:
            OutOfEffortError: the limits are reached.
        """
        parts: list[Part] = [(graph, question)]
        while parts:
            self.effort.check_time()
            graph, question = parts.pop()
            bounded = eliminate(graph, question)
            if bounded is not None:
                bounded = eliminate(raise_bound(bounded.graph, question), question)
            if bounded is None:
                continue
            found = self._look(bounded, question)
            if isinstance(found, tuple):
                return found
            parts += found
        return None

    def _look(self, bounded: Bounded, question: Question) -> tuple[Step, ...] | list[Part]:
        """Steps of a legal walk below the bound, or the smaller questions that are left."""
        graph = bounded.graph
        cut_s = _cut(graph, question)
        walk = graph.cheapest_walk()
        if not _answers(graph, question, walk):
            quota = math.inf if cut_s is None else FIRST_LABELS
            bounds = (bounded.priced_to_go_s, bounded.loss_to_go)
            try:
                found = LabelSearch(graph, question, *bounds, self.effort, quota).find()
            except QuotaError:
                assert cut_s is not None
                return self._halves(graph, question, cut_s)
            if found is None:
                return []
            walk = found
        repeated = repeated_resources(graph, walk)
        if not repeated:
            return steps_of(graph, walk)
        spread_s = graph.network.periods * (float(graph.busy_s.max()) - question.floor_s)
        if cut_s is not None and spread_s > WIDE * question.below_s:
            return self._halves(graph, question, cut_s)
        return [(self._watch(graph, repeated), question)]

    def _halves(self, graph: StateGraph, question: Question, cut_s: float) -> list[Part]:
        """Bottlenecks from a busy time on, and those below it."""
        self.effort.splits += 1
        below = graph.keep(graph.busy_s < cut_s)
        return [(graph, question._replace(floor_s=cut_s)), (below, question._replace(limit_s=cut_s))]

    def _watch(self, graph: StateGraph, repeated: list[int]) -> StateGraph:
        first = next((r for r in self.hints if r in repeated), repeated[0])
        self.effort.spend(states=graph.num_states)
        return graph.watch(first)


def _answers(graph: StateGraph, question: Question, walk: list[int]) -> bool:
    """Whether a walk is below the bound and within the accuracy budget, as far as its moves tell."""
    delay_s = graph.seconds[walk].sum() + graph.network.periods * graph.busy_s[walk].max(initial=0.0)
    within = graph.loss_units[walk].sum() <= graph.network.budget_units
    return bool(within and delay_s < question.below_s)


def eliminate(graph: StateGraph, question: Question) -> Bounded | None:
    """Drop the moves that no legal plan below the bound makes; None if none is left.

    A legal plan's sum is at least the priced sum less the credit, its bottleneck at least the floor and
    each of its busy times. Its losses keep the budget, and the processors that have not served hold the
    layers that are left.
    """
    while True:
        so_far, to_go = graph.from_start(graph.priced_s), graph.to_goal(graph.priced_s)
        if not np.isfinite(to_go[graph.start]):
            return None
        loss_so_far, loss_to_go = graph.from_start(graph.loss_units), graph.to_goal(graph.loss_units)
        source, target = graph.source, graph.target
        least = so_far[source] + graph.priced_s + to_go[target] - graph.credit_s
        least += graph.network.periods * np.maximum(question.floor_s, graph.busy_s)
        loss = (loss_so_far[source] + graph.loss_units + loss_to_go[target]) * (1.0 - 1e-12)
        holds = _holds(graph, question.limit_s)
        keep = (least < question.below_s) & (loss <= graph.network.budget_units)
        keep &= holds[source] & holds[target]
        if keep.all():
            return Bounded(graph, to_go, loss_to_go)
        before, graph = len(keep), graph.keep(keep)
        if keep.sum() > SHRINKING * before:
            to_go = graph.to_goal(graph.priced_s)
            if not np.isfinite(to_go[graph.start]):
                return None
            return Bounded(graph, to_go, graph.to_goal(graph.loss_units))


def _holds(graph: StateGraph, limit_s: float) -> Bools:
    """(V,) whether the processors that have not served can hold the layers that are left."""
    capacity = graph.network.capacity(limit_s)
    free = capacity.sum(axis=0)[graph.boundary]
    nodes = [r for r in graph.watched if r < len(graph.network.nodes)]
    for bit, node in enumerate(nodes):
        served: Ints = (graph.served >> bit) & 1
        free = free - served * capacity[node, graph.boundary]
    return np.asarray(free >= graph.network.num_layers - graph.boundary, np.bool_)


def _cut(graph: StateGraph, question: Question) -> float | None:
    """[s] a busy time to cut the interval at, the middle one of those that moves still have past the floor.

    Bottlenecks are below it, or at least it: there is no other way to be past those below.
    """
    inside = np.unique(graph.busy_s[graph.busy_s > question.floor_s])
    return float(inside[len(inside) // 2]) if len(inside) else None


def repeated_resources(graph: StateGraph, walk: list[int]) -> list[int]:
    """Resources that a walk uses more than once, in the order of their first use."""
    uses = Counter(int(r) for r in graph.resource[walk] if r >= 0)
    return [resource for resource, times in uses.items() if times > 1]


def steps_of(graph: StateGraph, walk: list[int]) -> tuple[Step, ...]:
    """A walk in the steps of files."""
    problem, network = graph.network.instance.problem, graph.network
    steps: list[Step] = []
    for move in walk:
        ends = graph.code[[graph.source[move], graph.target[move]]]
        phase, boundary, node, level = (column.tolist() for column in decode(network, ends))
        names = [problem.nodes[network.nodes[n]].id for n in node] if phase[1] <= SENDING else []
        if phase[1] == SENDING:
            steps.append(ComputeStep(node=names[0], first_layer=boundary[0], last_layer=boundary[1] - 1))
        elif phase[1] < SENDING:
            name = problem.compression[level[1]].name
            steps.append(SendStep(source=names[0], target=names[1], boundary=boundary[1], level=name))
    return tuple(steps)
