"""From divergences to points of accuracy: an upper bound that adds up over cuts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.optimize import linprog

from satllm_env.errors import InputError
from satllm_env.problem.schema import Count, Finite, Form, NonNegative


class LossRule(Form):
    """What a plan may lose: the sum over its cuts of `points_per_cut + points_per_nat · KL`.

    The divergences of single cuts add up over the cuts, points of accuracy do not: they are noisy, and
    may be below 0. So the rule is an upper quantile of the points over random sets of cuts, linear in
    the number of cuts and the sum of their divergences, and so it adds up itself.
    """

    points_per_cut: NonNegative
    """[percentage points]"""
    points_per_nat: NonNegative
    """[percentage points per nat] of KL divergence."""
    confidence: Annotated[Finite, Field(gt=0.5, lt=1)]
    """[1] share of the sets it was fitted to that lose no more than it says."""
    sets: Count
    """Random sets of cuts that it was fitted to."""
    items: Count
    """Inputs that each set was measured on; none of them is of the test split."""

    def points(self, kl_nat: float) -> float:
        """[percentage points] that a cut of a divergence may lose."""
        return self.points_per_cut + self.points_per_nat * kl_nat


def fit_loss_rule(
    cuts: Sequence[int], kl_nat: Sequence[float], loss: Sequence[float], items: int, confidence: float
) -> LossRule:
    """Fit the rule to measured sets by quantile regression (Koenker and Bassett 1978, doi:10.2307/1913643).

    Args:
        cuts: in each set.
        kl_nat: sum of the single cuts' divergences of each set.
        loss: [percentage points] measured for each set.
        items: inputs that each set was measured on.
        confidence: the quantile.

    Raises:
        InputError: there are no sets.
    """
    if not len(cuts):
        raise InputError("loss rule", "sets", "there are none to fit it to")
    count = len(cuts)
    # the points are a·cuts + b·KL + above - below, all four of at least 0. Sets count by 1 / cuts: where a
    # is above 0 the least cost has as much weight times cuts, so as many sets, above and below as asked for
    weights = 1 / np.asarray(cuts, dtype=np.float64)
    costs = np.concatenate([np.zeros(2), confidence * weights, (1 - confidence) * weights])
    equal = np.hstack([np.column_stack([cuts, kl_nat]), np.eye(count), -np.eye(count)])
    found = linprog(costs, A_eq=equal, b_eq=np.asarray(loss, dtype=np.float64))
    per_cut, per_nat = (max(0.0, float(value)) for value in found.x[:2])
    return LossRule(
        points_per_cut=per_cut, points_per_nat=per_nat, confidence=confidence, sets=count, items=items
    )
