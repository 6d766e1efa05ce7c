"""The states and moves that survive, as a sparse graph from a start to a goal.

Axes: V states, E moves. Resources are numbered: nodes first, then links; −1 where a move uses none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from planners.certificate.network import Network
from satllm_env.problem.instance import Bools, Floats, Ints

ARRIVED, SENDING = 0, 1


@dataclass(frozen=True, eq=False)
class StateGraph:
    """States with what a plan may still do from them; the goal is the plan's end.

    A state may come in copies that differ in the watched resources that have served. Moves out of a copy
    never use what has served there.
    """

    network: Network
    code: Ints  # (V,) which state, see `encode`
    served: Ints  # (V,) bits of the watched nodes that have served
    start: int
    goal: int
    source: Ints  # (E,) ascending
    target: Ints  # (E,)
    seconds: Floats  # (E,) what the move adds to the sum
    busy_s: Floats  # (E,)
    loss_units: Floats  # (E,)
    resource: Ints  # (E,)
    loss_price: float
    price: Floats  # (n + e + 1,) [s] by resource; the last is 0 and stands for −1
    watched: tuple[int, ...] = ()
    """Resources of which the copies keep account: no walk uses them twice."""

    @property
    def num_states(self) -> int:
        """V."""
        return len(self.code)

    @cached_property
    def priced_s(self) -> Floats:
        """(E,) [s] of the moves with all charges."""
        return self.seconds + self.loss_price * self.loss_units + self.price[self.resource]

    @cached_property
    def credit_s(self) -> float:
        """[s] that a legal plan in this graph is charged at most."""
        used = np.unique(self.resource[self.resource >= 0])
        return self.loss_price * self.network.budget_units + float(self.price[used].sum())

    @cached_property
    def boundary(self) -> Ints:
        """(V,) layers done; the goal counts as all of them."""
        return np.minimum(decode(self.network, self.code)[1], self.network.num_layers)

    def from_start(self, weights: Floats) -> Floats:
        """(V,) least total weight from the start to each state."""
        return np.asarray(dijkstra(self._matrix(weights), indices=self.start), np.float64)

    def to_goal(self, weights: Floats) -> Floats:
        """(V,) least total weight from each state to the goal."""
        backward = self._matrix(weights).T.tocsr()
        return np.asarray(dijkstra(backward, indices=self.goal), np.float64)

    def _matrix(self, weights: Floats) -> csr_matrix:
        rows = np.searchsorted(self.source, np.arange(self.num_states + 1))
        shape = (self.num_states, self.num_states)
        return csr_matrix((weights, self.target.astype(np.int32), rows.astype(np.int32)), shape=shape)

    def cheapest_walk(self) -> list[int]:
        """Moves of a walk from start to goal with the least priced sum."""
        _, before = dijkstra(self._matrix(self.priced_s), indices=self.start, return_predecessors=True)
        walk, state = [], self.goal
        while state != self.start:
            first, end = np.searchsorted(self.source, [before[state], before[state] + 1])
            walk.append(int(first + np.flatnonzero(self.target[first:end] == state)[0]))
            state = int(before[state])
        return walk[::-1]

    def keep(self, moves: Bools) -> StateGraph:
        """Only some moves, and the states that they join."""
        source, target = self.source[moves], self.target[moves]
        alive = np.zeros(self.num_states, np.bool_)
        alive[source] = alive[target] = True
        alive[[self.start, self.goal]] = True
        number = np.cumsum(alive) - 1
        return replace(
            self,
            code=self.code[alive],
            served=self.served[alive],
            start=int(number[self.start]),
            goal=int(number[self.goal]),
            source=number[source],
            target=number[target],
            seconds=self.seconds[moves],
            busy_s=self.busy_s[moves],
            loss_units=self.loss_units[moves],
            resource=self.resource[moves],
        )

    def watch(self, resource: int) -> StateGraph:
        """Copies of all states for "has served" and "has not", so that no walk uses a resource twice.

        Its price goes: a limit that is kept needs no charge.
        """
        count, uses = self.num_states, self.resource == resource
        ending = self.target == self.goal
        again = ~uses  # moves of the copies in which the resource has served
        source = np.concatenate([self.source, self.source[again] + count])
        changed = np.where(uses & ~ending, self.target + count, self.target)
        target = np.concatenate(
            [changed, np.where(ending[again], self.target[again], self.target[again] + count)]
        )
        every = np.concatenate([np.arange(len(uses)), np.flatnonzero(again)])
        bit = 0
        if resource < len(self.network.nodes):
            bit = 1 << sum(watched < len(self.network.nodes) for watched in self.watched)
        price = self.price.copy()
        price[resource] = 0.0
        return replace(
            self,
            code=np.tile(self.code, 2),
            served=np.concatenate([self.served, self.served | bit]),
            source=source,
            target=target,
            seconds=self.seconds[every],
            busy_s=self.busy_s[every],
            loss_units=self.loss_units[every],
            resource=self.resource[every],
            price=price,
            watched=(*self.watched, resource),
        )


def encode(network: Network, phase: int, boundary: int | Ints, node: Ints, level: int | Ints) -> Ints:
    """Number of a state; the goal's comes after all of them."""
    boundaries, nodes, levels = network.shape
    return np.asarray(((phase * boundaries + boundary) * nodes + node) * levels + level, np.int64)


def decode(network: Network, code: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Phase, boundary, node and level of states."""
    boundaries, nodes, levels = network.shape
    rest, level = np.divmod(code, levels)
    rest, node = np.divmod(rest, nodes)
    phase, boundary = np.divmod(rest, boundaries)
    boundary[phase > SENDING] = boundaries - 1
    return phase, boundary, node, level
