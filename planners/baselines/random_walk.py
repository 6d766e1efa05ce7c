"""Legal moves at random."""

from __future__ import annotations

import numpy as np

from planners.baselines.options import make, options
from planners.baselines.split import NoSplitError
from satllm_env.problem import Instance, Plan, Walk

MAX_WALKS = 200
"""Walks tried before giving up."""


def random_walk(instance: Instance, rng: np.random.Generator) -> Plan:
    """A walk of uniformly drawn moves among those of `options`; one that ends in a dead end starts anew.

    Args:
        instance: the problem.
        rng: what the moves are drawn from.

    Raises:
        NoSplitError: all of `MAX_WALKS` walks led into dead ends.
    """
    for _ in range(MAX_WALKS):
        walk = Walk(instance)
        while not walk.finished:
            choices = options(walk)
            if not choices:
                break
            make(walk, choices[int(rng.integers(len(choices)))])
        else:
            return Plan.from_walk(walk)
    raise NoSplitError(f"{MAX_WALKS} random walks led into dead ends")
