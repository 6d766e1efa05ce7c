"""The search of one interval, run from Python a few labels at a time."""

from __future__ import annotations

from collections.abc import Callable

from planners.astar import search
from planners.astar.interval import Interval
from planners.astar.labels import GOAL, HEAP_SIZE, POPPED, PRIORITY, SIZE, grown, new_labels
from planners.astar.passes import backward
from planners.astar.prices import prices_of
from planners.astar.resources import NO_WALK, Bits
from planners.astar.scaled import Scaled
from satllm_env.problem.instance import Ints

FIRST_ROOM = 1 << 13
"""Labels that there is room for at first."""

POPS_PER_CALL = 1_000
"""Labels between two looks at the clock."""

NO_LIMIT = 1 << 62
"""Labels that are never made."""


class Leaf:
    """One search.

    Args:
        problem: the instance in ticks.
        interval: where to search.
        bits: the resources that labels keep account of.
        upper: [ticks] delays of interest are less than this.
        max_labels: there is no memory for more.
    """

    def __init__(self, problem: Scaled, interval: Interval, bits: Bits, upper: int, max_labels: int) -> None:
        self.full = False
        """Whether the search ran out of memory."""
        self._problem, self._max_labels = problem, max_labels
        prices = prices_of(problem, interval.multipliers)
        togo = backward(problem, interval.net, interval.alive, interval.upto, prices)
        self._space = search.Space(interval.net, bits, togo, prices, interval.above + 1, interval.upto, upper)
        self._labels = new_labels(togo.arrival.size, FIRST_ROOM)
        self._end = search.PAUSED

    def run(self, stop: Callable[[], bool], limit: int | None) -> bool:
        """Search until the best walk is found or there is none: True, or a limit is met: False.

        Args:
            stop: looked at every `POPS_PER_CALL` labels.
            limit: labels that may be made, None for any number.
        """
        search.start(self._problem, self._space, self._labels)
        most = NO_LIMIT if limit is None else limit
        while self._end in (search.PAUSED, search.FULL):
            if stop() or self.labels_made >= most:
                return bool(self._labels.counters[HEAP_SIZE] == 0)
            if self._end == search.FULL:
                if 2 * len(self._labels.rows) > self._max_labels:
                    self.full = True
                    return False
                self._labels = grown(self._labels)
            self._end = search.advance(self._problem, self._space, self._labels, POPS_PER_CALL, most)
        return True

    @property
    def labels_made(self) -> int:
        """Labels so far."""
        return int(self._labels.counters[SIZE])

    @property
    def popped(self) -> int:
        """Labels looked at so far."""
        return int(self._labels.counters[POPPED])

    @property
    def bound(self) -> int:
        """[ticks] no plan of the interval has a smaller delay; only before the search has run dry."""
        first = self._labels.counters[GOAL] if self._end == search.FOUND else self._labels.heap[0]
        return int(self._labels.rows[first, PRIORITY])

    @property
    def walk(self) -> Ints:
        """(K, 4) sends of the best walk, which may repeat what nobody keeps account of."""
        if self._end != search.FOUND:
            return NO_WALK
        return search.walk_to(self._problem, self._space, self._labels, self._labels.counters[GOAL])
