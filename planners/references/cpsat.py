"""CP-SAT on the graph: one Boolean per arc, flow of one unit from start to goal, integer time.

Times are integer multiples of a unit, rounded down: so no plan costs more in the model than it does in
truth, and the solver's bound times the unit bounds the true delay as it stands. The model's optimum can
cost up to its arcs plus M − 1 units more in truth; where that is too much to call it optimal, the model
is solved again with a unit that fits the delay found.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from ortools.sat.python import cp_model

from planners.references.answer import Answer
from planners.references.model import Arc, Graph
from satllm_env.errors import InputError

PROVEN = 1e-9
"""[1] a plan is called optimal if its delay is this close to the bound, relative to it."""

COARSE, FINE = 2**50, 2**56
"""Units of time in the largest delay: first, and where M of them are too many to call a plan optimal."""

SUM_UNITS = 2**60
"""No expression's coefficients may add up to more: CP-SAT refuses what could pass 64 bits."""

FLOAT_ERROR = 1e-13
"""[1] covers the relative error of turning floats into units and back."""


def solve_cpsat(graph: Graph, deadline_s: float | None, workers: int) -> Answer:
    """Plan by CP-SAT.

    Args:
        graph: the decisions.
        deadline_s: [s] time limit, None for none.
        workers: threads.

    Raises:
        InputError: the losses do not fit into 64-bit integers.
    """
    begin = time.perf_counter()
    first = _Round(graph, graph.longest_s, COARSE).solve(deadline_s, workers)
    if first.verdict != "feasible" or not first.counts["rounds_proven"]:
        return first
    left_s = None if deadline_s is None else deadline_s - (time.perf_counter() - begin)
    if left_s is not None and left_s <= 0.0:
        return first
    second = _Round(graph, graph.delay_s(first.path), FINE, first.path).solve(left_s, workers)
    if not second.path:  # no time left for it
        return first
    counts = {key: first.counts[key] + second.counts[key] for key in first.counts}
    best = min(first.path, second.path, key=graph.delay_s)
    bound_s = max(first.bound_s, second.bound_s)
    return Answer(_verdict(graph.delay_s(best), bound_s), best, bound_s, counts)


def _verdict(delay_s: float, bound_s: float) -> Literal["optimal", "feasible"]:
    return "optimal" if delay_s <= bound_s * (1 + PROVEN) else "feasible"


@dataclass
class _Round:
    """One model with one unit of time.

    Args:
        graph: the decisions.
        most_s: [s] plans with a larger delay may be left out; at least one with at most this remains
            if there is any plan.
        units: units of time in `most_s`; fewer where 64 bits do not hold the sum of all arcs.
        hint: arcs of a plan that is known.
    """

    graph: Graph
    most_s: float
    units: int
    hint: Sequence[int] = ()

    def solve(self, deadline_s: float | None, workers: int) -> Answer:
        begin = time.perf_counter()
        model = self._model()
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = workers
        if deadline_s is not None:
            solver.parameters.max_time_in_seconds = max(0.0, deadline_s - (time.perf_counter() - begin))
        status = solver.solve(model)
        if status == cp_model.MODEL_INVALID:
            raise RuntimeError(f"CP-SAT refuses the model: {model.validate()}")
        counts = {"branches": solver.num_branches, "rounds_proven": int(status == cp_model.OPTIMAL)}
        if status == cp_model.INFEASIBLE:
            return Answer("infeasible", [], math.inf, counts)
        bound_s = max(0.0, solver.best_objective_bound * self._unit_s * (1 - FLOAT_ERROR))
        if status == cp_model.UNKNOWN:
            return Answer("unknown", [], bound_s, counts)
        path = self.graph.path(index for index, var in self._chosen.items() if solver.value(var))
        assert path is not None  # the flow holds one
        return Answer(_verdict(self.graph.delay_s(path), bound_s), path, bound_s, counts)

    def _model(self) -> Any:
        model = cp_model.CpModel()
        self._chosen = {index: model.new_bool_var("") for index in self._allowed}
        for index in self.hint:
            model.add_hint(self._chosen[index], True)
        self._add_flow(model)
        for group in self.graph.exclusive:
            model.add_at_most_one(self._among(group))
        self._add_budget(model)
        self._add_objective(model)
        return model

    @cached_property
    def _allowed(self) -> list[int]:
        most_s, later = self.most_s * (1 + FLOAT_ERROR), self.graph.problem.micro_batches - 1
        alone_s = (arc.busy_s + arc.latency_s + later * arc.busy_s for arc in self.graph.arcs)
        return [index for index, least_s in enumerate(alone_s) if least_s <= most_s]

    @cached_property
    def _unit_s(self) -> float:
        arcs = [self.graph.arcs[index] for index in self._allowed]
        total_s = sum(arc.busy_s + arc.latency_s for arc in arcs) + self.most_s
        return max(self.most_s / self.units, total_s / SUM_UNITS) or 1.0

    def _units(self, seconds: float) -> int:
        return math.floor(seconds / self._unit_s)

    def _among(self, group: Sequence[int]) -> list[Any]:
        return [self._chosen[index] for index in group if index in self._chosen]

    def _add_flow(self, model: Any) -> None:
        for state in self.graph.states:
            leaving = self._among(self.graph.out_arcs.get(state, []))
            entering = self._among(self.graph.in_arcs.get(state, []))
            surplus = (state == self.graph.start) - (state == self.graph.goal)
            model.add(sum(leaving) - sum(entering) == surplus)

    def _add_budget(self, model: Any) -> None:
        if not self.graph.may_lose_too_much:
            return
        losses = {index: self._arc(index).loss_units for index in self._allowed}
        unit = math.gcd(*losses.values()) or 1
        if sum(losses.values()) // unit > SUM_UNITS:
            raise InputError("problem", "compression", "losses are too large for CP-SAT's integers")
        shares = {index: loss // unit for index, loss in losses.items() if loss}
        model.add(self._weighted(shares) <= self.graph.budget_units // unit)

    def _add_objective(self, model: Any) -> None:
        later = self.graph.problem.micro_batches - 1
        bottleneck = model.new_int_var(0, self._units(self.most_s / max(1, later)) + 1, "")
        for group in self.graph.by_resource.values():
            busy = {index: self._units(self._arc(index).busy_s) for index in group if index in self._chosen}
            model.add(self._weighted(busy) <= bottleneck)
        costs = {
            index: self._units(self._arc(index).busy_s) + self._units(self._arc(index).latency_s)
            for index in self._allowed
        }
        model.minimize(self._weighted(costs) + later * bottleneck)

    def _weighted(self, weights: dict[int, int]) -> Any:
        chosen = [self._chosen[index] for index in weights]
        return cp_model.LinearExpr.weighted_sum(chosen, list(weights.values()))

    def _arc(self, index: int) -> Arc:
        return self.graph.arcs[index]
