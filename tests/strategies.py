"""Random small problems of every shape, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from planners.benchmark.generator import SHAPES, random_problem
from satllm_env.problem import Problem

__all__ = ["SHAPES", "problems", "random_problem"]


def problems(shapes: Sequence[str] = SHAPES, **sizes: Any) -> st.SearchStrategy[Problem]:
    """Problems of some shapes; `sizes` as in `random_problem`."""

    def build(seed: int, shape: str) -> Problem:
        return random_problem(np.random.default_rng(seed), shape=shape, **sizes)

    return st.builds(build, st.integers(0, 2**32 - 1), st.sampled_from(shapes))
