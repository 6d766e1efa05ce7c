"""The process of a reference solver: problem files on standard input, one JSON answer a line on output.

``python -m planners.references cp-sat < problem.json``
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from planners.references.answer import Answer
from planners.references.model import Graph, build_graph
from satllm_env.errors import InputError
from satllm_env.problem import Problem, parse_problem

Solver = Callable[[Graph, float | None, int], Answer]


def main() -> None:
    """Answer every problem."""
    parser = argparse.ArgumentParser(prog="python -m planners.references", description=__doc__)
    parser.add_argument("name", choices=("cp-sat", "highs"))
    parser.add_argument("--deadline-s", type=float, default=None, help="[s] time limit for each problem")
    parser.add_argument("--workers", type=int, default=2, help="threads of the solver")
    args = parser.parse_args()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what the solvers themselves print is no answer
        solver = _solver(args.name)
        for data in _values(sys.stdin.read()):
            print(json.dumps(_answer(data, solver, args.deadline_s, args.workers)), file=answers, flush=True)


def _solver(name: str) -> Solver:
    if name == "cp-sat":
        from planners.references.cpsat import solve_cpsat  # never both in one process

        return solve_cpsat
    from planners.references.highs import solve_highs

    return solve_highs


def _values(text: str) -> Iterator[Any]:
    """The JSON values of a text, one after the other."""
    decoder, text = json.JSONDecoder(), text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:].lstrip()


def _answer(data: Any, solver: Solver, deadline_s: float | None, workers: int) -> dict[str, Any]:
    try:
        return _solve(parse_problem(data), solver, deadline_s, workers)
    except InputError as error:
        return {"error": str(error)}


def _solve(problem: Problem, solver: Solver, deadline_s: float | None, workers: int) -> dict[str, Any]:
    begin = time.perf_counter()
    graph = build_graph(problem)
    left_s = None if deadline_s is None else max(0.0, deadline_s - (time.perf_counter() - begin))
    answer = solver(graph, left_s, workers)
    return {
        "verdict": answer.verdict,
        "steps": [step.model_dump(by_alias=True) for step in graph.steps(answer.path)],
        "bound_s": answer.bound_s if math.isfinite(answer.bound_s) else None,
        "time_s": time.perf_counter() - begin,
        "arcs": len(graph.arcs),
        "counts": dict(answer.counts),
    }


if __name__ == "__main__":
    main()
