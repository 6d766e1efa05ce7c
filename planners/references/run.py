"""Run a reference solver in a process of its own: ortools and highspy cannot share one.

The process reads problems and writes answers as JSON, so that nothing but plain data passes.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from planners.result import Result, Status
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, dump_problem, evaluate, parse_steps

Name = Literal["cp-sat", "highs"]

PACKAGES: dict[str, str] = {"cp-sat": "ortools", "highs": "highspy"}
"""The package that each reference needs."""

GRACE_S = 30.0
"""[s] beyond its time limits after which a process is killed: it has to start and import, too."""

_ROOT = Path(__file__).parents[2]


class NoAnswerError(RuntimeError):
    """A reference stopped, or was stopped, without a plan and without a proof that none exists."""


def solve_by_reference(
    problem: Problem | Instance, name: Name, deadline_s: float | None, workers: int = 2
) -> Result:
    """Plan a split by CP-SAT or by HiGHS.

    Args:
        problem: the problem, or its arrays if they are at hand.
        name: "cp-sat" or "highs".
        deadline_s: [s] time limit of the solver, None for none.
        workers: threads of the solver.

    Returns:
        `optimal` within 1e-9 by CP-SAT and 1e-6 by HiGHS, relative to the bound; else `feasible` with
        the solver's bound, or `infeasible`. `plan_time_s` is what building the model and solving it
        took; ``counts["process_ms"]`` counts the start of the process, too.

    Raises:
        InputError: unknown name, a limit out of range, a package is missing, or the model would be too
            large.
        NoAnswerError: no plan and no proof within the time limit, or the process failed.
    """
    return solve_all_by_reference([problem], name, deadline_s, workers)[0]


def solve_all_by_reference(
    problems: Sequence[Problem | Instance], name: Name, deadline_s: float | None, workers: int = 2
) -> list[Result]:
    """Plan several splits in one process, one after the other.

    Args:
        problems: the problems.
        name: "cp-sat" or "highs".
        deadline_s: [s] time limit for each of them, None for none.
        workers: threads of the solver.

    Returns:
        The results in order, as of `solve_by_reference`; all share one ``counts["process_ms"]``.

    Raises:
        InputError: as `solve_by_reference`.
        NoAnswerError: as `solve_by_reference`, for any of the problems.
    """
    _check(name, deadline_s, workers)
    instances = [p if isinstance(p, Instance) else Instance.from_problem(p) for p in problems]
    begin = time.perf_counter()
    answers = _run(instances, name, deadline_s, workers)
    process_ms = round(1e3 * (time.perf_counter() - begin))
    for answer in answers:
        if "error" in answer:
            raise InputError(name, "", answer["error"])
    if any(answer["verdict"] == "unknown" for answer in answers):
        raise NoAnswerError(f"{name} found no plan and no proof that none exists within {deadline_s} s")
    return [_result(i, name, answer, process_ms) for i, answer in zip(instances, answers, strict=True)]


def _check(name: str, deadline_s: float | None, workers: int) -> None:
    if name not in PACKAGES:
        raise InputError("reference", "", f"unknown reference {name!r}; known are {', '.join(PACKAGES)}")
    if deadline_s is not None and not 0.0 <= deadline_s < math.inf:
        raise InputError("deadline_s", "", f"must be at least 0 s and finite, not {deadline_s!r}")
    if workers < 1:
        raise InputError("workers", "", f"must be at least 1, not {workers!r}")
    if importlib.util.find_spec(PACKAGES[name]) is None:
        raise InputError(name, "", f"needs {PACKAGES[name]}: pip install 'satllm[references]'")


def _run(
    instances: Sequence[Instance], name: Name, deadline_s: float | None, workers: int
) -> list[dict[str, Any]]:
    """The answers of a process, as plain data."""
    command = [sys.executable, "-P", "-m", "planners.references", name, "--workers", str(workers)]
    if deadline_s is not None:
        command += ["--deadline-s", repr(deadline_s)]
    limit_s = None if deadline_s is None else len(instances) * deadline_s + GRACE_S
    paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    try:
        done = subprocess.run(
            command,
            input="".join(dump_problem(instance.problem) for instance in instances),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"{name} overran its time limit and was killed after {limit_s} s") from None
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(instances):
        reason = done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
        raise NoAnswerError(f"{name} failed: {reason}")
    return answers


def _result(instance: Instance, name: Name, answer: dict[str, Any], process_ms: int) -> Result:
    counts = {**answer["counts"], "arcs": answer["arcs"], "process_ms": process_ms}
    if answer["verdict"] == "infeasible":
        return Result(name, "infeasible", None, math.inf, answer["time_s"], "no plan exists", counts)
    plan = evaluate(instance, parse_steps(answer["steps"], name), name)
    status: Status = answer["verdict"]
    return Result(name, status, plan, min(answer["bound_s"], plan.delay_s), answer["time_s"], "", counts)
