# LEAD to planners helper: please read planners/NOTE-FROM-LEAD.md before going on (then delete this line).
"""The modified A*: bounds first, bisecting the bottleneck's axis, then search where bounds do not decide.

An interval ``(a, b]`` of bottlenecks is bounded below by the Lagrangian dual at threshold `b` plus
``(M − 1)·(a + 1)``. The interval with the least bound is always next. Its dual is computed; states that
lie on no better plan are dropped for good; what the best relaxed walk uses twice is watched from there
on. Then the interval is searched for a while, or bisected. It is dropped as soon as its bound reaches
the delay of the best plan known.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from planners.astar import search
from planners.astar.dive import dive
from planners.astar.dual import Dual, maximise
from planners.astar.forward import forward, survivors
from planners.astar.labels import GOAL, HEAP_SIZE, POPPED, PRIORITY, SIZE, grown, new_labels
from planners.astar.network import NOWHERE, Net, base_net, restricted, watch
from planners.astar.passes import backward
from planners.astar.resources import add_bits, no_bits, repeated
from planners.astar.scaled import INFINITE, Scaled
from planners.astar.walks import walk_cost
from satllm_env.problem.instance import Bools, Ints

POPS_PER_CALL = 1_000
"""Labels between two looks at the clock."""

MAX_STATES = 1 << 18
"""A graph is watched more closely as long as it has fewer states of interest than this."""

FIRST_TRY = 400
"""Labels that a search looks at before bisecting is preferred, plus a share of the states."""


@dataclass(order=True)
class Open:
    """An interval of bottlenecks that may hold a better plan."""

    bound: int
    above: int
    """[ticks] bottlenecks are greater than this ..."""
    upto: int
    """[ticks] ... and at most this."""
    multiplier: int = field(compare=False)
    net: Net = field(compare=False)
    alive: Bools = field(compare=False)
    """(L + 1, Q, X) states that may lie on a better plan with a bottleneck in the interval."""
    dual: int = field(compare=False, default=0)
    """[ticks] bound on the sum of its plans."""
    fresh: bool = field(compare=False, default=True)
    """Whether its dual has still to be computed."""


@dataclass
class Counts:
    """What a run has done."""

    passes: int = 0
    searches: int = 0
    labels: int = 0
    popped: int = 0
    watched: int = 0
    intervals: int = 0
    most_places: int = 0


class Solver:
    """One run on one scaled instance.

    Args:
        problem: the instance in ticks.
        bound: [ticks] delays of interest are at most this.
        least: [ticks] no plan has a smaller bottleneck.
    """

    def __init__(self, problem: Scaled, bound: int, least: int = 0) -> None:
        self.problem = problem
        self.upper = bound + 1
        self.best: Ints | None = None
        self.counts = Counts()
        self._repeats = problem.micro_batches - 1
        self._bits = no_bits(problem)
        self._current = self._abandoned = INFINITE
        net = base_net(problem)
        alive = np.repeat(problem.allowed[:, :, None], len(net.node), axis=2)
        above = least - 1 if self._repeats else -1
        self._open: list[Open] = []
        self._push(Open(0, above, bound, 0, net, alive))

    @property
    def lower(self) -> int:
        """[ticks] no plan has a smaller delay."""
        first = self._open[0].bound if self._open else self.upper
        return min(first, self._current, self._abandoned, self.upper)

    def run(self, stop: Callable[[], bool]) -> None:
        """Work until the best plan is proven to be the best, or `stop` says so.

        Args:
            stop: looked at after each pass and every few thousand labels.
        """
        while self._open and not stop():
            interval = heapq.heappop(self._open)
            self._current = interval.bound
            if interval.bound >= self.upper:
                self._open.clear()
            elif interval.fresh:
                self._tighten(interval)
            elif not self._search(interval, stop):
                self._split(interval)
            self._current = INFINITE

    def _push(self, interval: Open) -> None:
        """Keep an interval for later if it may hold a better plan."""
        interval.bound = max(interval.bound, interval.dual + self._repeats * (interval.above + 1))
        if self._repeats:
            interval.upto = min(interval.upto, (self.upper - 1 - interval.dual) // self._repeats)
        if interval.upto > interval.above and interval.bound < self.upper:
            heapq.heappush(self._open, interval)

    def _tighten(self, interval: Open) -> None:
        """Compute the dual, drop states, and watch what the best walk repeats, as long as that helps."""
        self.counts.intervals += 1
        while True:
            floor = self._repeats * (interval.above + 1)
            dual = maximise(
                self.problem,
                interval.net,
                interval.alive,
                interval.upto,
                interval.multiplier,
                self.upper - floor,
            )
            self.counts.passes += dual.passes
            if dual.togo is None:
                return
            interval.multiplier = dual.multiplier
            self._look_for_plans(interval, dual)
            if dual.value + floor >= self.upper:
                return
            self._reduce(interval, dual)
            if not self._watch(interval, dual.walks[-1]):
                break
        interval.fresh = False
        interval.dual = max(interval.dual, dual.value)
        self._push(interval)

    def _look_for_plans(self, interval: Open, dual: Dual) -> None:
        for sends in dual.walks:
            self._offer(sends)
        if any(any(repeated(self.problem, sends)) for sends in dual.walks):
            assert dual.togo is not None
            self._offer(dive(self.problem, interval.net, dual.togo, interval.upto, dual.multiplier))

    def _offer(self, sends: Ints) -> None:
        """Keep a walk if it is a better plan."""
        if not len(sends):
            return
        total, longest, loss, _ = walk_cost(self.problem, sends)
        delay = int(total + self._repeats * longest)
        if delay < self.upper and loss <= self.problem.budget and not any(repeated(self.problem, sends)):
            self.upper, self.best = delay, sends

    def _reduce(self, interval: Open, dual: Dual) -> None:
        """Drop states that lie on no better plan with a bottleneck in the interval."""
        assert dual.togo is not None
        reached = forward(self.problem, interval.net, interval.alive, interval.upto, dual.multiplier)
        self.counts.passes += 1
        most = self.upper - 1 - self._repeats * (interval.above + 1)
        most += dual.multiplier * self.problem.coarse_budget
        alive, keep = survivors(self.problem, interval.net, interval.alive, reached, dual.togo, most)
        interval.alive = alive
        if np.count_nonzero(keep) < len(keep):
            interval.net, origin = restricted(interval.net, keep)
            interval.alive = np.ascontiguousarray(alive[:, :, origin])

    def _watch(self, interval: Open, sends: Ints) -> bool:
        """Watch what a walk repeats; False if there is nothing, or the graph would become too large."""
        nodes, links = repeated(self.problem, sends)
        # links often repeat only because processors do, so they wait
        resources = [(node, NOWHERE) for node in nodes] or [(NOWHERE, link) for link in links]
        changed = False
        for node, link in resources:
            if 2 * np.count_nonzero(interval.alive) > MAX_STATES:
                break
            interval.net, origin = watch(interval.net, node, link)
            interval.alive = np.ascontiguousarray(interval.alive[:, :, origin])
            self.counts.watched += 1
            self.counts.most_places = max(self.counts.most_places, len(origin))
            changed = True
        return changed

    def _split(self, interval: Open) -> None:
        """Bisect an interval; at a single tick there is nothing to bisect and the search has to go on."""
        middle = interval.above + max(1, (interval.upto - interval.above) // 2)
        for above, upto in ((interval.above, middle), (middle, interval.upto)):
            if upto > above:
                self._push(replace(interval, above=above, upto=upto, fresh=True))

    def _search(self, interval: Open, stop: Callable[[], bool]) -> bool:
        """Search an interval; False if it takes too long and bisecting could help."""
        togo = backward(self.problem, interval.net, interval.alive, interval.upto, interval.multiplier)
        self.counts.passes += 1
        self.counts.searches += 1
        popped = self.counts.popped
        width = self._repeats * (interval.upto - interval.above - 1)
        may_split = width > 0 and 4 * width >= self.upper - interval.bound
        limit = FIRST_TRY + np.count_nonzero(interval.alive) // 8 if may_split else None
        labels = new_labels(togo.arrival.size, 1 << 13)
        space = search.Space(
            interval.net,
            self._bits,
            togo,
            interval.above + 1,
            interval.upto,
            interval.multiplier,
            self.upper,
        )
        search.start(self.problem, space, labels)
        end = search.PAUSED
        while end in (search.PAUSED, search.FULL):
            if end == search.FULL:
                labels = grown(labels)
            done = self.counts.popped - popped
            if stop() or (limit is not None and done >= limit):
                break
            pops = POPS_PER_CALL if limit is None else min(POPS_PER_CALL, limit - done)
            end = search.advance(self.problem, space, labels, pops)
            self.counts.popped = popped + int(labels.counters[POPPED])
        self.counts.labels += int(labels.counters[SIZE])
        if end == search.EMPTY or labels.counters[HEAP_SIZE] == 0 and end != search.FOUND:
            return True
        goal = int(labels.counters[GOAL]) if end == search.FOUND else int(labels.heap[0])
        interval.bound = max(interval.bound, int(labels.rows[goal, PRIORITY]))
        if end != search.FOUND:
            if limit is None or stop():
                heapq.heappush(self._open, interval)
                return True
            return False
        sends = search.walk_to(self.problem, space, labels, goal)
        self._offer(sends)
        nodes, links = repeated(self.problem, sends)
        if not nodes and not links:
            return True
        used = self._bits.used
        self._bits = add_bits(self._bits, nodes, links)
        if self._bits.used == used:  # no bit is left to tell such walks apart
            self._abandoned = min(self._abandoned, interval.bound)
        else:
            heapq.heappush(self._open, interval)
        return True
