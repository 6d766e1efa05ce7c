"""The rule from divergences to points of accuracy, against brute force on small data."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from satllm_env.compression.loss_rule import LossRule, fit_loss_rule
from satllm_env.errors import InputError

Array = NDArray[np.float64]


def check_loss(
    per_cut: float, per_nat: float, cuts: Array, kl: Array, loss: Array, confidence: float
) -> float:
    """What is minimised: equation 1 of Koenker and Bassett 1978, sets counting by 1 / cuts."""
    over = loss - per_cut * cuts - per_nat * kl
    return float((np.where(over > 0, confidence * over, (confidence - 1) * over) / cuts).sum())


def brute_force(cuts: Array, kl: Array, loss: Array, confidence: float) -> float:
    """The least check loss over all rules that meet two of the sets, or one and have a coefficient of 0."""
    rows = np.column_stack([cuts, kl])
    rules = [(0.0, 0.0)]
    for axis in (0, 1):
        with np.errstate(divide="ignore", invalid="ignore"):
            rules += [tuple(value * np.eye(2)[axis]) for value in loss / rows[:, axis]]
    for i, j in combinations(range(len(loss)), 2):
        pair = rows[[i, j]]
        if abs(np.linalg.det(pair)) > 1e-12:
            rules.append(tuple(np.linalg.solve(pair, loss[[i, j]])))
    allowed = [(a, b) for a, b in rules if 0 <= a < np.inf and 0 <= b < np.inf]
    return min(check_loss(a, b, cuts, kl, loss, confidence) for a, b in allowed)


def measured(count: int, seed: int, bias: float = 0.0) -> tuple[Array, Array, Array]:
    """Made-up sets: losses that rise with the divergence, with noise, some below 0."""
    rng = np.random.default_rng(seed)
    cuts = rng.integers(1, 5, count).astype(float)
    kl = cuts * rng.lognormal(-5, 1, count)
    return cuts, kl, bias + 25 * kl + rng.normal(0, 0.15, count)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("bias", [0.3, 0.0, -0.5])
@pytest.mark.parametrize("confidence", [0.6, 0.9, 0.975])
def test_no_other_rule_fits_better(seed: int, bias: float, confidence: float) -> None:
    """The optimum lies where two sets, or the bounds of the coefficients, meet: none of those is lower."""
    cuts, kl, loss = measured(14, seed, bias)
    rule = fit_loss_rule(list(cuts.astype(int)), list(kl), list(loss), 100, confidence)
    found = check_loss(rule.points_per_cut, rule.points_per_nat, cuts, kl, loss, confidence)
    assert found == pytest.approx(brute_force(cuts, kl, loss, confidence), abs=1e-9)
    assert (rule.sets, rule.items, rule.confidence) == (14, 100, confidence)


@pytest.mark.parametrize("confidence", [0.6, 0.9, 0.975])
def test_the_share_of_sets_under_the_rule_is_the_confidence(confidence: float) -> None:
    """Of 400 sets, to within the two that the rule meets."""
    cuts, kl, loss = measured(400, seed=1, bias=0.1)
    rule = fit_loss_rule(list(cuts.astype(int)), list(kl), list(loss), 100, confidence)
    assert rule.points_per_cut > 0
    bounds = cuts * rule.points_per_cut + kl * rule.points_per_nat
    under = loss <= bounds + 1e-9
    assert under.mean() == pytest.approx(confidence, abs=2 / 400)


@given(
    sets=st.lists(
        st.tuples(st.integers(1, 4), st.floats(0, 0.5), st.floats(-30, 30)), min_size=1, max_size=30
    ),
    confidence=st.floats(0.51, 0.99),
)
@settings(max_examples=100, deadline=None)
def test_coefficients_are_never_negative(sets: list[tuple[int, float, float]], confidence: float) -> None:
    """Whatever was measured; and at least the confidence's share of sets is under the rule."""
    cuts, kl, loss = zip(*sets, strict=True)
    rule = fit_loss_rule(cuts, kl, loss, 10, confidence)
    assert rule.points_per_cut >= 0
    assert rule.points_per_nat >= 0
    bounds = np.array([count * rule.points(total / count) for count, total in zip(cuts, kl, strict=True)])
    under = np.array(loss) <= bounds + 1e-6 * (1 + np.abs(bounds))
    assert under.mean() >= confidence - 1e-9


def test_losses_below_zero_cost_nothing() -> None:
    """Where compression never loses, the rule is 0 and not below."""
    rule = fit_loss_rule([1, 2, 3], [0.1, 0.2, 0.3], [-1.0, -0.5, -2.0], 10, 0.9)
    assert (rule.points_per_cut, rule.points_per_nat) == (0, 0)


def test_the_rule_adds_up() -> None:
    """What two sets may lose together is the sum of what each may lose."""
    rule = LossRule(points_per_cut=0.1, points_per_nat=30.0, confidence=0.9, sets=5, items=5)
    divergences = [0.001, 0.02, 0.0]
    assert rule.points(0.001) == pytest.approx(0.13)
    whole = len(divergences) * rule.points_per_cut + rule.points_per_nat * sum(divergences)
    assert sum(map(rule.points, divergences)) == pytest.approx(whole)


def test_no_sets_are_refused() -> None:
    """There is nothing to fit to."""
    with pytest.raises(InputError, match="loss rule: sets: there are none"):
        fit_loss_rule([], [], [], 10, 0.9)


@pytest.mark.parametrize("confidence", [0.5, 1.0, float("nan")])
def test_confidences_lie_between_a_half_and_one(confidence: float) -> None:
    """At a half the rule would be no bound, and none holds for certain."""
    with pytest.raises(ValidationError):
        LossRule(points_per_cut=0, points_per_nat=0, confidence=confidence, sets=1, items=1)
