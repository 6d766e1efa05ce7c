"""The independent check of a set's optima (`planners.certificate`)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from joblib import Parallel, delayed

from agents.benchmark.form import TOLERANCE, Check, Entry, parse_form
from agents.benchmark.sets import BenchmarkSet
from planners import solve
from planners.certificate import check_result
from satllm_env.cli import write_text
from satllm_env.errors import InputError
from satllm_env.text import read_text

CHECKS = "certificates.jsonl"

Checks = Mapping[str, Check]
"""By instance."""

AT_ONCE = 8
"""Checks between two writings of the file."""


def load_checks(folder: Path) -> dict[str, Check]:
    """What has been checked so far.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / CHECKS
    if not path.exists():
        return {}
    checks: dict[str, Check] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        source = f"{path}: line {number}"
        try:
            made: Check = parse_form(Check, json.loads(line), source)
        except json.JSONDecodeError as error:
            raise InputError(source, "", f"not JSON: {error.msg}") from None
        checks[made.id] = made
    return checks


def confirms(check: Check | None, entry: Entry) -> bool:
    """Whether a check has shown that no plan is faster than an instance's optimum."""
    return (
        check is not None
        and check.status == "valid"
        and check.lower_bound_s >= entry.optimum.delay_s * (1.0 - TOLERANCE)
    )


def confirmed(entries: Sequence[Entry], checks: Checks) -> int:
    """How many optima the check has confirmed."""
    return sum(confirms(checks.get(entry.id), entry) for entry in entries)


def open_entries(made: BenchmarkSet, checks: Checks, limit_s: float) -> list[Entry]:
    """Instances not confirmed yet that have not been checked for that long."""
    return [
        entry
        for entry in made.entries
        if not confirms(known := checks.get(entry.id), entry) and (known is None or known.limit_s < limit_s)
    ]


def check_set(
    folder: Path, made: BenchmarkSet, limit_s: float, jobs: int = 1, tick: Callable[[], None] = lambda: None
) -> dict[str, Check]:
    """Check the optima of a set that are not confirmed yet, and keep what is found.

    A check that gives up leaves the instance in its set: its optimum is then proven by the planner alone.

    Args:
        folder: of the benchmark.
        made: the set.
        limit_s: [s] for a check, beside the planning that it starts from.
        jobs: processes, −1 for one per core.
        tick: called after every check.

    Returns:
        All checks there are.

    Raises:
        InputError: an optimum is refuted: planner or check is at fault.
    """
    checks = load_checks(folder)
    left = open_entries(made, checks, limit_s)
    for start in range(0, len(left), AT_ONCE):
        batch = left[start : start + AT_ONCE]
        found: Iterable[Check] = Parallel(n_jobs=jobs, return_as="generator", max_nbytes=None)(
            delayed(check_entry)(entry, limit_s) for entry in batch
        )
        for check in found:
            checks[check.id] = check
            tick()
        _save(folder, checks)
    for check in checks.values():
        if check.status == "refuted":
            raise InputError(str(folder / CHECKS), check.id, "the check has refuted this optimum")
    return checks


def check_entry(entry: Entry, limit_s: float) -> Check:
    """Plan an instance again and let the check show the bound that the set holds."""
    result = solve(entry.instance)
    same = math.isclose(result.delay_s, entry.optimum.delay_s, rel_tol=TOLERANCE)
    verdict = check_result(entry.instance, result, deadline_s=limit_s)
    return Check(
        id=entry.id,
        status=verdict.status if same else "refuted",
        lower_bound_s=verdict.lower_bound_s if math.isfinite(verdict.lower_bound_s) else 0.0,
        limit_s=limit_s,
    )


def _save(folder: Path, checks: Checks) -> None:
    lines = [json.dumps(checks[name].model_dump(mode="json")) for name in sorted(checks)]
    write_text(folder / CHECKS, "".join(f"{line}\n" for line in lines))
