"""Best-first search over the surviving states, with the longest busy time and the loss in the labels."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import NamedTuple

from planners.certificate.effort import Effort
from planners.certificate.graph import StateGraph
from planners.certificate.survivors import Question
from satllm_env.problem.instance import Floats

BATCH = 256
"""Labels between two looks at the limits."""


class QuotaError(RuntimeError):
    """This search has made as many labels as it may; nothing is decided."""


class Move(NamedTuple):
    """A move out of a state, with the bounds of where it leads."""

    number: int
    target: int
    seconds: float
    priced_s: float
    busy_s: float
    loss_units: int
    priced_to_go_s: float
    loss_to_go: float


class Label(NamedTuple):
    """A walk from the start to a state."""

    state: int
    sum_s: float
    priced_s: float
    longest_s: float
    """[s] but at least the floor of the question."""
    loss_units: int
    parent: int
    move: int


Key = tuple[float, float, float, float, int]


@dataclass
class LabelSearch:
    """Finds a walk below the bound or shows that there is none.

    A label dominates another at its state if it is no worse in the sum, the sum with the bottleneck, the
    loss, and in the priced sum as well: without the last it could be given up by its price, with the
    walk that only the other one can finish legally.
    """

    graph: StateGraph
    question: Question
    priced_to_go_s: Floats  # (V,)
    loss_to_go: Floats  # (V,)
    effort: Effort
    quota: float
    """Labels that this search may make."""
    labels: list[Label] = field(default_factory=list)
    heap: list[tuple[float, int]] = field(default_factory=list)
    fronts: dict[int, dict[int, Key]] = field(default_factory=dict)
    _moves: dict[int, list[Move]] = field(default_factory=dict)
    _counted: int = 0

    def find(self) -> list[int] | None:
        """Moves of a walk that answers the question, None if there is none.

        The walk keeps the accuracy budget but may use a resource twice that is not watched.

        Raises:
            QuotaError: the search's own limit is reached.
            OutOfEffortError: the limits of the whole check are.
        """
        self._add(Label(self.graph.start, 0.0, 0.0, max(0.0, self.question.floor_s), 0, -1, -1), 0.0)
        while self.heap:
            _, number = heapq.heappop(self.heap)
            label = self.labels[number]
            if number not in self.fronts[label.state]:
                continue  # dominated since
            if label.state == self.graph.goal:
                return self._walk(number)
            self._extend(number, label)
            if len(self.labels) - self._counted >= BATCH:
                self._count()
        self._count()
        return None

    def _count(self) -> None:
        self.effort.spend(labels=len(self.labels) - self._counted)
        self._counted = len(self.labels)
        if self._counted > self.quota:
            raise QuotaError

    def _extend(self, number: int, label: Label) -> None:
        graph, periods = self.graph, self.graph.network.periods
        below, budget = self.question.below_s, graph.network.budget_units
        for move in self._moves_from(label.state):
            priced = label.priced_s + move.priced_s
            longest = max(label.longest_s, move.busy_s)
            least = priced + move.priced_to_go_s - graph.credit_s + periods * longest
            loss = label.loss_units + move.loss_units
            if least >= below or loss + move.loss_to_go > budget:
                continue
            total = label.sum_s + move.seconds
            if move.target == graph.goal and total + periods * longest >= below:
                continue
            self._add(Label(move.target, total, priced, longest, loss, number, move.number), least)

    def _add(self, label: Label, least_s: float) -> None:
        late = self.graph.network.periods * label.longest_s
        key = (label.sum_s, label.priced_s, label.sum_s + late, label.priced_s + late, label.loss_units)
        front = self.fronts.setdefault(label.state, {})
        if any(_dominates(other, key) for other in front.values()):
            return
        for number in [number for number, other in front.items() if _dominates(key, other)]:
            del front[number]
        front[len(self.labels)] = key
        heapq.heappush(self.heap, (least_s, len(self.labels)))
        self.labels.append(label)

    def _moves_from(self, state: int) -> list[Move]:
        if state not in self._moves:
            graph = self.graph
            first, end = graph.source.searchsorted([state, state + 1])
            part = slice(first, end)
            target = graph.target[part]
            columns = (
                range(first, end),
                target.tolist(),
                graph.seconds[part].tolist(),
                graph.priced_s[part].tolist(),
                graph.busy_s[part].tolist(),
                map(int, graph.loss_units[part].tolist()),
                self.priced_to_go_s[target].tolist(),
                # float sums of whole losses are exact up to 2^53; beyond that, lean to the safe side
                (self.loss_to_go[target] * (1.0 - 1e-12)).tolist(),
            )
            self._moves[state] = [Move(*values) for values in zip(*columns, strict=True)]
        return self._moves[state]

    def _walk(self, number: int) -> list[int]:
        walk = []
        while self.labels[number].parent >= 0:
            walk.append(self.labels[number].move)
            number = self.labels[number].parent
        return walk[::-1]


def _dominates(one: Key, other: Key) -> bool:
    return (
        one[0] <= other[0]
        and one[1] <= other[1]
        and one[2] <= other[2]
        and one[3] <= other[3]
        and one[4] <= other[4]
    )
