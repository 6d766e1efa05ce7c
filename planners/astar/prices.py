"""Prices on what is limited: accuracy, and every processor and directed link that serves only once.

A pass over relaxed walks, which may use a resource again and again, charges prices and gives back what a
legal plan can have been charged at most. So for any prices ≥ 0

    least over relaxed walks of (Σ busy + Σ latency + Σ charged) − given back

is at most the sum of every legal plan (Lagrangian relaxation; Geoffrion 1974). Charged are a loss, by
unit, against the accuracy budget's worth; a stage and a carriage, each against one per processor and
link. To charge a stage by what it computes would give no better bound: a flat charge of its largest such
price costs every walk at least as much, and the same is given back.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.scaled import Scaled
from satllm_env.problem.instance import Floats, Ints


class Multipliers(NamedTuple):
    """What is charged [ticks] for the whole of a limited thing."""

    loss: Floats  # (1,) the accuracy budget
    stage: Floats  # (N,) one stage
    link: Floats  # (E,) one carriage


class Prices(NamedTuple):
    """What a pass adds up, in whole ticks."""

    loss: int  # per coarse loss unit
    stage: Ints  # (N,) a stage
    link: Ints  # (E,) a carriage and its latency
    credit: int  # given back


def no_multipliers(problem: Scaled) -> Multipliers:
    """Nothing is charged."""
    return Multipliers(np.zeros(1), np.zeros(len(problem.prefix)), np.zeros(len(problem.latency)))


@numba.njit(cache=True)
def prices_of(problem: Scaled, multipliers: Multipliers) -> Prices:
    """Prices in whole ticks, and what is given back for them."""
    loss = 0
    if problem.coarse_budget > 0:
        loss = int(multipliers.loss[0] / problem.coarse_budget)
    stage = multipliers.stage.astype(np.int64)
    toll = multipliers.link.astype(np.int64)
    credit = loss * problem.coarse_budget + stage.sum() + toll.sum()
    return Prices(loss, stage, problem.latency + toll, credit)
