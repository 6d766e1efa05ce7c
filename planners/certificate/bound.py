"""Check of a lower bound: its intervals cover every bottleneck, and none holds a better plan."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from planners.certificate.effort import Effort, OutOfEffortError
from planners.certificate.interval import matters, settle_interval
from planners.certificate.network import Network
from planners.certificate.survivors import Question
from planners.proof import IntervalProof, Proof
from satllm_env.problem import Instance, Plan, evaluate

TOLERANCE = 1e-9
"""Relative; what is verified is the claimed bound times 1 − TOLERANCE."""
ROUNDING = 1e-12
"""Relative; how far sums of the same busy times may lie apart, and more."""

_PLAIN = IntervalProof(0.0, math.inf, math.inf, 0.0, {}, {}, (), ())
"""No hints."""


@dataclass
class BoundCheck:
    """The check of one proof.

    Args:
        instance: the problem.
        proof: what is claimed.
        effort: the limits.
    """

    instance: Instance
    proof: Proof
    effort: Effort
    holds: bool = False
    """Whether the bound was shown."""
    counter_example: Plan | None = None
    """A legal plan below the bound, if one was found."""
    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Fill in the findings."""
        bound = self.proof.lower_bound_s
        if bound <= 0.0:
            self.holds = True
            self._say("the bound claims nothing")
        elif math.isnan(bound):
            self._say("the bound is not a number")
        else:
            try:
                if math.isinf(bound):
                    self._no_plan()
                else:
                    self._cover(bound * (1.0 - TOLERANCE))
            except OutOfEffortError as error:
                self._say(f"given up: {error}")
        self.counts.update(labels=self.effort.labels, states=self.effort.states, splits=self.effort.splits)

    def _no_plan(self) -> None:
        """Settle all bottlenecks at once, at level `none` only: it costs nothing but time."""
        network = matters(Network.of(self.instance, levels=1), Question(math.inf, 0.0, math.inf))
        self.counts["nodes"] = len(network.nodes)
        self.holds = self._settle(network, _PLAIN, Question(math.inf, 0.0, math.inf), "no plan at all")

    def _cover(self, below_s: float) -> None:
        """Settle the bottlenecks from 0 on until the bottleneck alone reaches the bound."""
        periods = self.instance.tables.micro_batches - 1
        end_s = below_s / periods if periods else math.inf
        network = matters(Network.of(self.instance), Question(below_s, 0.0, _roughly(end_s)))
        self.counts["nodes"] = len(network.nodes)
        # what is settled: every plan with a bottleneck of at most this
        reached_s = self._settle_short(network, below_s, end_s)
        if reached_s is None:
            return
        intervals = sorted(self.proof.intervals, key=lambda interval: interval.above_s)
        for number, interval in enumerate(intervals, start=1):
            name = f"interval {number} of {len(intervals)}"
            if interval.upto_s <= reached_s or reached_s >= end_s:
                continue
            if not interval.above_s <= reached_s * (1.0 + TOLERANCE):
                self._say(
                    f"nothing is said of bottlenecks from {reached_s:.9g} s to {interval.above_s:.9g} s"
                )
                return
            if not interval.bound_s >= below_s:
                self._say(f"{name} claims no more than {interval.bound_s:.9g} s")
                return
            floor_s, limit_s = max(0.0, min(interval.above_s, reached_s)), min(interval.upto_s, end_s)
            if not self._settle(network, interval, Question(below_s, floor_s, _roughly(limit_s)), name):
                return
            reached_s = limit_s
        self.holds = reached_s >= end_s
        if not self.holds:
            self._say(f"nothing is said of bottlenecks past {reached_s:.9g} s")

    def _settle_short(self, network: Network, below_s: float, end_s: float) -> float | None:
        """Check that no better plan has a bottleneck below the claimed least one; None if that fails.

        Returns:
            [s] up to where bottlenecks are settled.
        """
        # plans that have just the least bottleneck belong to the first interval
        limit_s = min(self.proof.least_bottleneck_s * (1.0 - 2.0 * ROUNDING), end_s)
        if not limit_s > 0.0:
            return 0.0
        settled = self._settle(network, _PLAIN, Question(below_s, 0.0, limit_s), "below the least bottleneck")
        return limit_s if settled else None

    def _settle(self, network: Network, interval: IntervalProof, question: Question, name: str) -> bool:
        before = (self.effort.labels, self.effort.states, self.effort.splits)
        steps = settle_interval(network, interval, question, self.effort)
        self.counts["intervals"] += 1
        if steps is not None:
            self.counter_example = evaluate(self.instance, steps)
            self._say(f"{name}: holds a plan of {self.counter_example.delay_s:.9g} s")
            return False
        labels, states, splits = (
            now - then
            for now, then in zip(
                (self.effort.labels, self.effort.states, self.effort.splits), before, strict=True
            )
        )
        self.counts["searched" if labels or states or splits else "bounded"] += 1
        how = f"a search of {labels} labels and {states} copied states in {splits + 1} parts"
        how = how if labels or states or splits else "its bound"
        self._say(f"{name}: bottlenecks up to {question.limit_s:.9g} s settled by {how}")
        return True

    def _say(self, line: str) -> None:
        self.lines.append(line)


def _roughly(limit_s: float) -> float:
    """[s] a limit that a busy time does not pass by rounding alone."""
    return limit_s * (1.0 + ROUNDING)
