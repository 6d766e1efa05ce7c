"""Scoring a policy on the benchmark's sets."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from agents.benchmark.form import TOLERANCE, Entry, Index, Seed, Sha256
from agents.benchmark.sets import BenchmarkSet
from agents.evaluation import BrokenPlanError, Contender, gaps_pct, mean_interval
from planners import Result
from planners.benchmark.report import machine
from satllm_env.errors import InputError
from satllm_env.nets.store import versions
from satllm_env.problem.schema import Count, Finite, Form, Name, NonNegative
from satllm_env.provenance import command_line, git_revision
from satllm_env.scenarios import Sample

RESULT_FORMAT: Literal["satllm-benchmark-result/1"] = "satllm-benchmark-result/1"


class Row(Form):
    """What a policy made of one instance."""

    id: Name
    delay_s: NonNegative | None
    """None where it has no plan."""
    gap_pct: Finite | None
    """[%] of the delay above the optimum."""
    plan_time_s: NonNegative
    reason: str = ""
    """Why there is no plan, or which rule it breaks."""


class SetResult(Form):
    """A policy on one set."""

    name: Name
    sha256: Sha256
    """Of the set's lines."""
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]


class ResultFile(Form):
    """A policy's result, as it is handed in."""

    format: Literal["satllm-benchmark-result/1"] = RESULT_FORMAT
    policy: Name
    kind: Name
    command: Name
    git_revision: Name
    machine: Name
    versions: dict[str, str]
    seed: Seed
    instances: Count | None
    """First of each set that were scored, None for all."""
    sets: Annotated[tuple[SetResult, ...], Field(min_length=1)]


def score_sets(
    policy: Contender,
    sets: Sequence[BenchmarkSet],
    seed: int,
    instances: int | None,
    tick: Callable[[], None] = lambda: None,
) -> ResultFile:
    """Let a policy plan every instance of some sets, one after the other.

    Plans that break a rule, and walks that get stuck, count as none.

    Args:
        policy: what plans.
        sets: of the benchmark.
        seed: that the policy was made with, for the file.
        instances: of each set, for the file.
        tick: called after every instance.

    Raises:
        InputError: the policy raised an exception; the line says where.
    """
    results = []
    for made in sets:
        rows = []
        for entry in made.entries:
            rows.append(_row(policy, entry))
            tick()
        results.append(SetResult(name=made.name, sha256=made.card.sha256, rows=tuple(rows)))
    return ResultFile(
        policy=policy.name,
        kind=policy.kind,
        command=command_line(),
        git_revision=git_revision(),
        machine=machine(),
        versions=versions(),
        seed=seed,
        instances=instances,
        sets=tuple(results),
    )


def _row(policy: Contender, entry: Entry) -> Row:
    begin = time.perf_counter()
    result, reason = _plan(policy, entry)
    taken = time.perf_counter() - begin if result is None else result.plan_time_s
    if result is None or result.plan is None:
        return Row(id=entry.id, delay_s=None, gap_pct=None, plan_time_s=taken, reason=reason)
    delay_s, optimum_s = result.plan.delay_s, entry.optimum.delay_s
    if delay_s < optimum_s * (1.0 - TOLERANCE):  # the optimum is proven: nothing legal lies below it
        raise InputError(policy.name, entry.id, f"a delay of {delay_s!r} s is below the proven optimum")
    gap = max(0.0, float(gaps_pct(np.array([delay_s]), np.array([optimum_s]))[0]))
    return Row(id=entry.id, delay_s=delay_s, gap_pct=gap, plan_time_s=taken)


def _plan(policy: Contender, entry: Entry) -> tuple[Result | None, str]:
    try:
        result = policy.plan(Sample(entry.instance))
    except BrokenPlanError as error:
        return None, str(error)
    except InputError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        problem = f"raised {type(error).__name__} at {where}: {error}"
        raise InputError(policy.name, entry.id, problem) from error
    return result, result.reason or "no plan"


def check_versions(results: Sequence[ResultFile], index: Index) -> None:
    """Check that results are about the sets as they are.

    Raises:
        InputError: a file was scored on other contents of a set, or on one that there is not.
    """
    there = {card.name: card.sha256 for card in index.sets}
    for result in results:
        for part in result.sets:
            if there.get(part.name) != part.sha256:
                raise InputError(result.policy, part.name, "was scored on another version of the set")


class SetSummary(Form):
    """A policy's figures on one set; gaps over the instances that it has plans for."""

    set: Name
    policy: Name
    kind: Name
    instances: Count
    feasible_pct: NonNegative
    optimal_pct: NonNegative
    """[%] of the instances planned without a gap."""
    gap_mean_pct: Finite | None
    gap_ci95_pct: tuple[Finite, Finite] | None
    """Bootstrap over instances."""
    gap_median_pct: Finite | None
    gap_p95_pct: Finite | None
    plan_time_mean_s: NonNegative
    plan_time_p95_s: NonNegative


def summary(result: ResultFile, part: SetResult) -> SetSummary:
    """The figures of a policy on one set."""
    gaps = np.array([row.gap_pct for row in part.rows if row.gap_pct is not None])
    times = np.array([row.plan_time_s for row in part.rows])
    count, known = len(part.rows), len(gaps) > 0
    return SetSummary(
        set=part.name,
        policy=result.policy,
        kind=result.kind,
        instances=count,
        feasible_pct=100 * len(gaps) / count,
        optimal_pct=100 * int((gaps == 0.0).sum()) / count,
        gap_mean_pct=float(gaps.mean()) if known else None,
        gap_ci95_pct=mean_interval(gaps) if known else None,
        gap_median_pct=float(np.median(gaps)) if known else None,
        gap_p95_pct=float(np.percentile(gaps, 95)) if known else None,
        plan_time_mean_s=float(times.mean()),
        plan_time_p95_s=float(np.percentile(times, 95)),
    )


def reasons(part: SetResult) -> dict[str, int]:
    """How often each reason kept a policy from having a plan."""
    counts: dict[str, int] = {}
    for row in part.rows:
        if row.delay_s is None:
            counts[row.reason] = counts.get(row.reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
