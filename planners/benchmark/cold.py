"""Cold starts: what the first plan of a process takes, with and without compiled code on disk."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from planners.benchmark.child import lines_of
from planners.benchmark.families import family
from satllm_env.problem import dump_problem

COLD_FAMILY, COLD_SEED = "paper", 0
"""The problem that is planned: a request of the paper's scenario."""


class ColdStart(NamedTuple):
    """A fresh process that plans one problem."""

    process_s: float
    """[s] from its start to its end: imports, reading and planning."""
    plan_s: float
    """[s] of planning, compiling or loading compiled code included."""


class ColdStarts(NamedTuple):
    """Both kinds."""

    first_ever: ColdStart
    """Nothing compiled yet."""
    cached: ColdStart
    """Compiled code on disk."""


def measure_cold_starts() -> ColdStarts:
    """Start twice, with a cache of compiled code that is empty at first."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {"NUMBA_CACHE_DIR": cache}
        return ColdStarts(start_cold(environment), start_cold(environment))


def start_cold(environment: Mapping[str, str] | None = None) -> ColdStart:
    """Plan one problem in a fresh process.

    Args:
        environment: variables beside those of this process.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        path.write_text(dump_problem(family(COLD_FAMILY).make(COLD_SEED)), encoding="utf-8")
        begin = time.perf_counter()
        (plan_s,) = lines_of("first_solve", str(path), environment=environment)
        return ColdStart(time.perf_counter() - begin, plan_s)
