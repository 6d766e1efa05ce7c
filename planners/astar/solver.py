"""The modified A*: bounds first, bisecting the bottleneck's axis, then search where bounds do not decide.

An interval ``(a, b]`` of bottlenecks is bounded below by the Lagrangian dual at threshold `b` plus
``(M − 1)·(a + 1)``. The interval with the least bound is always next. Its dual is computed; states that
lie on no better plan are dropped for good; then it is searched for a while. Where that does not settle
it, it is bisected, or what the best relaxed walk uses twice is watched from there on. It is dropped as
soon as its bound reaches the cut.

The cut is the delay of the best plan known. But the work grows with the distance from the optimum to
the cut, and a good plan may be late: so where the next piece of work is dear, the cut is first set to a
little above the lower bound, and raised in rounds until a plan is found below it. A round without a
plan proves that there is none.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace
from math import isqrt

import numpy as np

from planners.astar.ascent import Ascent, ascend
from planners.astar.forward import Ahead, forward, survivors
from planners.astar.interval import Counts, Interval, Piece
from planners.astar.leaf import Leaf
from planners.astar.network import NOWHERE, base_net, restricted, watch
from planners.astar.prices import no_multipliers
from planners.astar.resources import NO_WALK, add_bits, no_bits, repeated, serves_again
from planners.astar.rollout import roll_out
from planners.astar.scaled import INFINITE, Scaled
from planners.astar.walks import walk_cost
from satllm_env.problem.instance import Ints

Stop = Callable[[], bool]

MAX_STATES = 1 << 18
"""A graph is watched more closely as long as it has fewer states alive than this."""

CHEAP_STATES = 1 << 14
"""Work on fewer states than this is cheap."""

PASSES = 24
"""Passes that an ascent makes at most; it may end sooner only where its prices are known to be good."""

STRIDE = 0.75
"""From one threshold to the next lower one, at first."""

NEAR = 6
"""An interval is searched rather than bisected if its bound is short of the cut by one part in this."""

FIRST_TRY = 2_000
"""Labels that the first search of an interval may make, plus a share of the states."""


class Solver:
    """One run on one scaled instance.

    Args:
        problem: the instance in ticks.
        bound: [ticks] delays of interest are at most this.
        least: [ticks] no plan has a smaller bottleneck.
        incumbent: (K, 4) sends of a plan that is known, empty for none.
        max_labels: a search never holds more than this.
    """

    def __init__(
        self, problem: Scaled, bound: int, least: int, incumbent: Ints = NO_WALK, max_labels: int = 1 << 24
    ) -> None:
        self.problem = problem
        self.upper = self._cut = bound + 1
        self.best: Ints | None = None
        self.counts = Counts()
        self.closed: list[Piece] = []
        self.exhausted = False
        self.max_labels = max_labels
        self._repeats = problem.micro_batches - 1
        self._idle, self._wait = 0, 1
        self._bits = no_bits(problem)
        self._current = self._abandoned = INFINITE
        net = base_net(problem)
        alive = np.repeat(problem.allowed[:, :, None], len(net.node), axis=2)
        self._field = net, alive
        self._open: list[Interval] = []
        self._offer(incumbent)
        above = least - 1 if self._repeats else -1
        self._open.append(Interval(0, above, bound, net, alive, no_multipliers(problem), passes=PASSES))

    @property
    def lower(self) -> int:
        """[ticks] no plan has a smaller delay."""
        first = self._open[0].bound if self._open else self._cut
        return min(first, self._current, self._abandoned, self._cut)

    @property
    def pieces(self) -> list[Piece]:
        """What is proven, interval by interval."""
        return [*self.closed, *(self._piece(interval, interval.bound) for interval in self._open)]

    def run(self, stop: Stop) -> None:
        """Work until the best plan is proven to be the best, or `stop` says so, or memory is used up.

        Args:
            stop: looked at after each pass and every few thousand labels.
        """
        self._scout(stop)
        self._work(stop, cheap=True)
        share = 8
        while self._open and not self.exhausted and not stop():
            self._round(stop, share)
            share //= 2

    def _scout(self, stop: Stop) -> None:
        """Cut the axis into intervals from above, each time a good deal lower, until nothing is left below.

        Their duals are needed anyway; the plans found on the way spare work far from the optimum.
        """
        interval = heapq.heappop(self._open)
        while not stop():
            self._tighten(interval, push=False)
            if not self._repeats or self._missing(interval) <= 0:
                break
            middle = int(STRIDE * min(interval.upto, (self._cut - 1 - interval.dual) // self._repeats))
            if middle <= max(interval.above, 1):
                break
            self._push(replace(interval, above=middle))
            interval = replace(interval, upto=middle, fresh=True, passes=PASSES)
        self._push(interval)

    def _round(self, stop: Stop, share: int) -> None:
        """Look for plans below a cut that lies part of the way from the lower bound to the best plan."""
        self.counts.rounds += 1
        ahead = self.upper - self.lower
        if self.best is None:
            ahead = min(ahead, 4 * self.lower)
        cut = self.lower + ahead // max(share, 1)
        if cut >= self.upper or share <= 1:
            self._work(stop)
            return
        kept, closed = [replace(interval) for interval in self._open], len(self.closed)
        self._cut = cut
        self._work(stop)
        if self.upper <= cut or self._open or self._abandoned < INFINITE:
            return  # a plan was found, or time is up
        self._cut = self.upper
        del self.closed[closed:]
        for interval in kept:
            interval.bound = max(interval.bound, cut)
            self._push(interval)

    def _work(self, stop: Stop, cheap: bool = False) -> None:
        """Work on intervals until none is left below the cut, or `stop`, or the next one is not cheap."""
        while self._open and not self.exhausted and not stop():
            interval = heapq.heappop(self._open)
            if interval.bound >= self._cut:
                self.closed += [self._piece(one, one.bound) for one in (interval, *self._open)]
                self._open.clear()
                return
            if cheap and not self._is_cheap(interval):
                heapq.heappush(self._open, interval)
                return
            self._current = interval.bound
            self._work_on(interval, stop)
            self._current = INFINITE

    def _work_on(self, interval: Interval, stop: Stop) -> None:
        """One piece of work on an interval, which is put back unless it is done."""
        if interval.fresh:
            self._tighten(interval)
        elif self._pays_to_split(interval, 1):
            self._split(interval)
        elif self._promises(interval):
            if not self._search(interval, stop, FIRST_TRY + interval.states // 8):
                heapq.heappush(self._open, interval)
        elif self._pays_to_split(interval, 2):
            self._split(interval)
        elif interval.passes < PASSES:
            interval.fresh, interval.passes = True, PASSES
            heapq.heappush(self._open, interval)
        elif self._watch(interval) or not self._search(interval, stop, None):
            heapq.heappush(self._open, interval)

    def _is_cheap(self, interval: Interval) -> bool:
        """Whether the next piece of work on an interval is cheap."""
        return (
            interval.fresh
            or not interval.tried
            or self._pays_to_split(interval, 2)
            or 2 * interval.states <= CHEAP_STATES
        )

    def _piece(self, interval: Interval, bound: int) -> Piece:
        return Piece(interval.above, interval.upto, bound, interval.multipliers, interval.watched)

    def _push(self, interval: Interval) -> None:
        """Keep what may hold a better plan of an interval for later; the rest is closed."""
        interval.bound = max(interval.bound, interval.dual + self._repeats * (interval.above + 1))
        if self._repeats:
            upto = max(interval.above, (self._cut - 1 - interval.dual) // self._repeats)
            if upto < interval.upto:
                rest = replace(interval, above=upto)
                self.closed.append(self._piece(rest, interval.dual + self._repeats * (upto + 1)))
                interval.upto = upto
        if interval.upto <= interval.above:
            return
        if interval.bound < self._cut:
            heapq.heappush(self._open, interval)
        else:
            self.closed.append(self._piece(interval, interval.bound))

    def _tighten(self, interval: Interval, push: bool = True) -> None:
        """Compute the dual and drop states; put the interval back unless it is done."""
        self.counts.intervals += 1
        dual = self._dual(interval)
        interval.dual = max(interval.dual, dual.value)
        interval.tried = False
        if dual.value < self._enough(interval):
            self._reduce(interval, dual)
        if push:
            self._push(interval)

    def _missing(self, interval: Interval) -> int:
        """[ticks] by which an interval's bound is short of the cut."""
        return self._enough(interval) - interval.dual

    def _enough(self, interval: Interval) -> int:
        """[ticks] with a bound on the sum of this an interval can be dropped."""
        return self._cut - self._repeats * (interval.above + 1)

    def _dual(self, interval: Interval) -> Ascent:
        """The dual at the interval's threshold; the walks on the way may be plans."""
        found = ascend(
            self.problem,
            interval.net,
            interval.alive,
            interval.upto,
            interval.multipliers,
            self._enough(interval),
            interval.passes,
            PASSES,
        )
        self.counts.passes += found.passes
        interval.multipliers, interval.walk = found.multipliers, found.walk
        interval.fresh = False
        self._offer(found.plan)
        self._roll_out(interval, found)
        return found

    def _roll_out(self, interval: Interval, found: Ascent) -> None:
        """Look for a plan near the best relaxed walk, the more seldom the longer that has not helped."""
        self._idle += 1
        if self._idle < self._wait or not serves_again(self.problem, found.walk):
            return
        before = self.upper
        sends, passes = roll_out(self.problem, *self._field, interval.upto, found.multipliers)
        self._offer(sends)
        self.counts.passes += passes
        self._idle, self._wait = 0, 1 if self.upper < before else 2 * self._wait

    def _offer(self, sends: Ints) -> None:
        """Keep a walk if it is a better plan."""
        if not len(sends):
            return
        total, longest, loss, _ = walk_cost(self.problem, sends)
        delay = int(total + self._repeats * longest)
        if delay < self.upper and loss <= self.problem.budget and not serves_again(self.problem, sends):
            self.upper, self.best = delay, sends
            self._cut = min(self._cut, delay)

    def _reduce(self, interval: Interval, dual: Ascent) -> None:
        """Drop states that lie on no better plan with a bottleneck in the interval."""
        most = self._enough(interval) - 1 + dual.prices.credit
        togo = dual.togo
        ahead = Ahead(togo.arrival, togo.departure, togo.least, most, interval.above + 1, self._repeats)
        reached = forward(self.problem, interval.net, interval.alive, interval.upto, dual.prices, ahead)
        self.counts.passes += 1
        alive, keep = survivors(self.problem, interval.net, interval.alive, reached, dual.togo, most)
        interval.alive = alive
        if not keep.all():
            interval.net, origin = restricted(interval.net, keep)
            interval.alive = np.ascontiguousarray(alive[:, :, origin])
        if self.counts.intervals == 1 and self.counts.watched == 0:
            self._field = interval.net, interval.alive

    def _watch(self, interval: Interval) -> bool:
        """Watch what the best walk repeats; False if it repeats nothing or the graph is too large."""
        nodes, links = repeated(self.problem, interval.walk)
        # links often repeat only because processors do, so they wait
        resources = [(node, NOWHERE) for node in nodes] or [(NOWHERE, link) for link in links]
        for node, link in resources:
            if 2 * interval.states > MAX_STATES:
                break
            interval.net, origin = watch(interval.net, node, link)
            interval.alive = np.ascontiguousarray(interval.alive[:, :, origin])
            interval.watched = (*interval.watched, (node, link))
            interval.fresh = True
            self.counts.watched += 1
            self.counts.most_places = max(self.counts.most_places, len(origin))
        return interval.fresh

    def _split(self, interval: Interval) -> None:
        """Bisect an interval: in the ratio while its ends are far apart, else in the middle."""
        above, upto = max(interval.above, 1), interval.upto
        middle = isqrt(above * upto) if upto > 4 * above else (interval.above + upto) // 2
        middle = max(middle, interval.above + 1)
        self._push(replace(interval, upto=middle, fresh=True, passes=PASSES))
        # the prices are the best known for this threshold; but less is enough now, so states can go
        self._push(replace(interval, above=middle, fresh=True, passes=1))

    def _pays_to_split(self, interval: Interval, times: int) -> bool:
        """Whether the width of an interval, some times over, accounts for what is missing of its bound."""
        width = self._repeats * (interval.upto - interval.above - 1)
        return width > 0 and times * width >= self._missing(interval)

    def _promises(self, interval: Interval) -> bool:
        """Whether a short search of an interval may well settle it; one that was tried did not."""
        near = NEAR * self._missing(interval) < self._cut
        return not interval.tried and (near or not self._pays_to_split(interval, 2))

    def _search(self, interval: Interval, stop: Stop, limit: int | None) -> bool:
        """Search an interval and, if that settles it, be done with it or put it back; else False."""
        interval.tried = True
        leaf = Leaf(self.problem, interval, self._bits, self._cut, self.max_labels)
        done = leaf.run(stop, limit)
        self.counts.searches += 1
        self.counts.passes += 1
        self.counts.labels += leaf.labels_made
        self.counts.popped += leaf.popped
        if not done:
            interval.bound = max(interval.bound, leaf.bound)
            self.exhausted = leaf.full
            return False
        sends = leaf.walk
        self._offer(sends)
        nodes, links = repeated(self.problem, sends)
        if nodes or links:
            interval.bound, interval.walk = max(interval.bound, leaf.bound), sends
            self._tell_apart(interval, nodes, links)
        else:
            self.closed.append(self._piece(interval, self._cut))
        return True

    def _tell_apart(self, interval: Interval, nodes: list[int], links: list[int]) -> None:
        """Put back an interval whose best walk repeats something, which will be kept account of."""
        used = self._bits.used
        self._bits = add_bits(self._bits, nodes, links)
        interval.tried = False
        if self._bits.used == used and not self._watch(interval):
            self._abandoned = min(self._abandoned, interval.bound)  # nothing is left to tell them apart by
            self.closed.append(self._piece(interval, interval.bound))
            return
        heapq.heappush(self._open, interval)
