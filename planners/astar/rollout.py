"""A legal walk found quickly: the best relaxed walk, stage by stage, each time without what has served."""

from __future__ import annotations

import numpy as np

from planners.astar.network import Net, without
from planners.astar.passes import backward
from planners.astar.prices import Multipliers, prices_of
from planners.astar.resources import NO_WALK, repeated
from planners.astar.scaled import INFINITE, Scaled
from planners.astar.walks import best_walk
from satllm_env.problem.instance import Bools, Ints
from satllm_env.problem.moves import NO_STAGE


class Rollout:
    """One walk in the making.

    Args:
        problem: the instance in ticks.
        net: a graph whose places are nodes.
        alive: (L + 1, Q, X) states of interest.
        threshold: [ticks] on busy times.
        multipliers: what is charged; raised for accuracy where the budget asks for it.
    """

    def __init__(
        self, problem: Scaled, net: Net, alive: Bools, threshold: int, multipliers: Multipliers
    ) -> None:
        self.problem, self.net, self.alive = problem, net, alive
        self.threshold = threshold
        self._multipliers = multipliers._replace(loss=multipliers.loss.copy())
        self.passes = 0
        self._loss = 0
        self._least = threshold / 8
        self._most = 2.0**20 * threshold
        self._nodes = np.zeros(len(problem.prefix), np.bool_)
        self._links = np.zeros(len(problem.latency), np.bool_)

    def run(self) -> Ints:
        """(K, 4) sends of a legal walk, none at a dead end."""
        place, boundary, level = self.net.source, 0, 0
        done: list[Ints] = []
        while True:
            ahead = self._ahead(place, boundary, level)
            if not len(ahead):
                return NO_WALK
            if not any(repeated(self.problem, ahead)):
                return np.concatenate([*done, ahead])
            now = ahead[: _first_stage(ahead)]
            done.append(now)
            self._loss += self._loss_of(now)
            self._nodes[self.problem.link_source[now[now[:, 0] != NO_STAGE, 2]]] = True
            self._links[now[:, 2]] = True
            place = int(np.flatnonzero(self.net.node == self.problem.link_target[now[-1, 2]])[0])
            boundary, level = int(now[-1, 1]), int(now[-1, 3])

    def _ahead(self, place: int, boundary: int, level: int) -> Ints:
        """The best relaxed walk from here, without what has served, within the budget that is left."""
        net = without(self.net, self._nodes, self._links)
        alive = self.alive
        if boundary > 0:
            alive = alive.copy()
            alive[:boundary] = False
        while True:
            prices = prices_of(self.problem, self._multipliers)
            togo = backward(self.problem, net, alive, self.threshold, prices)
            self.passes += 1
            if togo.arrival[boundary, level, place] >= INFINITE:
                return NO_WALK
            sends = best_walk(self.problem, net, togo, self.threshold, prices, place, boundary, level)
            if self._loss + self._loss_of(sends) <= self.problem.budget:
                return sends
            if self._multipliers.loss[0] >= self._most:
                return NO_WALK
            self._multipliers.loss[0] = max(self._multipliers.loss[0] * 2, self._least)

    def _loss_of(self, sends: Ints) -> int:
        cuts = sends[sends[:, 0] != NO_STAGE]
        return int(self.problem.loss[cuts[:, 1], cuts[:, 3]].sum())


def _first_stage(sends: Ints) -> int:
    """How many sends there are before the second stage begins."""
    stages = np.flatnonzero(sends[:, 0] != NO_STAGE)
    return int(stages[1]) if len(stages) > 1 else len(sends)
