"""HiGHS on the graph: a mixed-integer program, one binary per arc and the bottleneck as a real number.

HiGHS computes in floating point, and its rows, integers and bounds hold to tolerances. So its bound is
lowered by `TOLERANCE`, and a plan is called optimal if HiGHS says so and the delay that its steps truly
have is within `TOLERANCE` of HiGHS's bound. A plan that overruns the accuracy budget by less than the
tolerances is cut off by a row of its own, and the program is solved again. That no plan exists is taken
from HiGHS as it says so.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import highspy
import numpy as np

from planners.references.answer import Answer
from planners.references.model import Graph, State

TOLERANCE = 1e-6
"""[1] relative: HiGHS's bound is trusted to this."""

FEASIBILITY = 1e-9
"""Tolerance of rows, reduced costs and integers, in the program's units."""

SHORTEST = 10.0
"""The program's unit of time makes the least sum of times this many units: far above `FEASIBILITY`, yet
small coefficients, with which HiGHS is fastest."""


class Row(NamedTuple):
    """``lower ≤ Σ coefficients · columns ≤ upper``."""

    lower: float
    upper: float
    columns: Sequence[int]
    coefficients: Sequence[float]


def solve_highs(graph: Graph, deadline_s: float | None, workers: int) -> Answer:
    """Plan by HiGHS.

    Args:
        graph: the decisions.
        deadline_s: [s] time limit, None for none.
        workers: threads.
    """
    end_s = math.inf if deadline_s is None else time.perf_counter() + deadline_s
    program = _Program(graph, SHORTEST / (_shortest_s(graph) or 1.0))
    while (answer := program.solve(end_s - time.perf_counter(), workers)) is None:
        pass
    return answer


@dataclass
class _Program:
    """The program and what has been done to solve it.

    Args:
        graph: the decisions.
        per_s: units of the program's time in a second.
    """

    graph: Graph
    per_s: float
    cuts: list[Row] = field(default_factory=list)
    nodes: int = 0

    def solve(self, limit_s: float, workers: int) -> Answer | None:
        """Run HiGHS; None if the plan overruns the accuracy budget, which its cut then forbids."""
        solver = _solver(max(0.0, limit_s), workers)
        _check(solver.passModel(self._lp()))
        _check(solver.run())
        status, info = solver.getModelStatus(), solver.getInfo()
        self.nodes += max(0, info.mip_node_count)
        counts = {"nodes": self.nodes, "budget_cuts": len(self.cuts)}
        kinds = highspy.HighsModelStatus
        if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):  # no cost is below 0: not unbounded
            return Answer("infeasible", [], math.inf, counts)
        bound_s = max(0.0, info.mip_dual_bound / self.per_s)
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            if status != kinds.kTimeLimit:
                raise RuntimeError(f"HiGHS stopped: {solver.modelStatusToString(status)}")
            return Answer("unknown", [], bound_s * (1 - TOLERANCE), counts)
        path = self._path(solver.getSolution().col_value)
        if self._loses_too_much(path):
            return None
        proven = status == kinds.kOptimal and self.graph.delay_s(path) <= bound_s * (1 + TOLERANCE)
        return Answer("optimal" if proven else "feasible", path, bound_s * (1 - TOLERANCE), counts)

    def _path(self, values: Sequence[float]) -> list[int]:
        path = self.graph.path(index for index in range(len(self.graph.arcs)) if values[index] > 0.5)
        if path is None:
            raise RuntimeError("HiGHS's solution holds no path")
        return path

    def _loses_too_much(self, path: Sequence[int]) -> bool:
        lossy = [index for index in path if self.graph.arcs[index].loss_units]
        if sum(self.graph.arcs[index].loss_units for index in lossy) <= self.graph.budget_units:
            return False
        self.cuts.append(Row(-math.inf, len(lossy) - 1.0, lossy, [1.0] * len(lossy)))
        return True

    def _lp(self) -> Any:
        arcs, later = self.graph.arcs, self.graph.problem.micro_batches - 1
        rows = [*self._flow(), *self._exclusive(), *self._busy(), *self._budget(), *self.cuts]
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(arcs) + 1, len(rows)
        lp.col_cost_ = np.array([self.per_s * (arc.busy_s + arc.latency_s) for arc in arcs] + [float(later)])
        lp.col_lower_ = np.zeros(len(arcs) + 1)
        lp.col_upper_ = np.array([1.0] * len(arcs) + [highspy.kHighsInf])
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(arcs) + [highspy.HighsVarType.kContinuous]
        lp.row_lower_ = np.array([row.lower for row in rows])
        lp.row_upper_ = np.array([row.upper for row in rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0] + [len(row.columns) for row in rows])
        lp.a_matrix_.index_ = np.array(list(chain.from_iterable(row.columns for row in rows)), np.int32)
        lp.a_matrix_.value_ = np.array(list(chain.from_iterable(row.coefficients for row in rows)))
        return lp

    def _flow(self) -> list[Row]:
        rows = []
        for state in self.graph.states:
            leaving = self.graph.out_arcs.get(state, [])
            entering = self.graph.in_arcs.get(state, [])
            surplus = float((state == self.graph.start) - (state == self.graph.goal))
            signs = [1.0] * len(leaving) + [-1.0] * len(entering)
            rows.append(Row(surplus, surplus, [*leaving, *entering], signs))
        return rows

    def _exclusive(self) -> list[Row]:
        return [Row(-math.inf, 1.0, group, [1.0] * len(group)) for group in self.graph.exclusive]

    def _busy(self) -> list[Row]:
        """The bottleneck, the last column, is at least the time that each link and processor is busy."""
        bottleneck = len(self.graph.arcs)
        rows = []
        for group in self.graph.by_resource.values():
            times = [self.per_s * self.graph.arcs[index].busy_s for index in group]
            rows.append(Row(-math.inf, 0.0, [*group, bottleneck], [*times, -1.0]))
        return rows

    def _budget(self) -> list[Row]:
        if not self.graph.may_lose_too_much:
            return []
        lossy = [index for index, arc in enumerate(self.graph.arcs) if arc.loss_units]
        shares = [self.graph.arcs[index].loss_units / self.graph.budget_units for index in lossy]
        return [Row(-math.inf, 1.0, lossy, shares)]


def _solver(limit_s: float, workers: int) -> Any:
    solver = highspy.Highs()
    options = {
        "output_flag": False,
        "threads": workers,
        "time_limit": limit_s,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": FEASIBILITY,
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
    }
    for name, value in options.items():
        _check(solver.setOptionValue(name, value))
    return solver


def _check(status: Any) -> None:
    if status == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refuses an option or the program")


def _shortest_s(graph: Graph) -> float:
    """[s] the least sum of times from start to goal with links and processors reusable, 0 without a way."""
    best = {graph.start: 0.0}
    heap: list[tuple[float, State]] = [(0.0, graph.start)]
    while heap:
        so_far_s, state = heapq.heappop(heap)
        if state == graph.goal:
            return so_far_s
        if so_far_s > best[state]:
            continue
        for arc in (graph.arcs[index] for index in graph.out_arcs.get(state, [])):
            total_s = so_far_s + arc.busy_s + arc.latency_s
            if total_s < best.get(arc.head, math.inf):
                best[arc.head] = total_s
                heapq.heappush(heap, (total_s, arc.head))
    return 0.0
