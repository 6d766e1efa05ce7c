"""The exact planner against exhaustive search, on 2,000 instances in all."""

import pytest
from hypothesis import given, settings

from planners import solve
from satllm_env.errors import InputError
from satllm_env.problem import Problem
from tests.strategies import SHAPES, problems


def check_agreement(problem: Problem) -> None:
    """Both find the same delay, or that there is no plan."""
    exact = solve(problem)
    try:
        reference = solve(problem, "exhaustive")
    except InputError:
        return  # too large for it
    assert exact.feasible == reference.feasible
    if reference.feasible:
        assert exact.status == "optimal"
        assert exact.delay_s == pytest.approx(reference.delay_s, rel=1e-9)
        assert exact.lower_bound_s <= exact.delay_s


@pytest.mark.parametrize("shape", SHAPES)
def test_small_problems(shape: str) -> None:
    """Agreement on random problems of each topology, with all kinds of nodes, levels and limits."""

    @settings(max_examples=300)
    @given(problem=problems([shape]))
    def agree(problem: Problem) -> None:
        check_agreement(problem)

    agree()


@settings(max_examples=100)
@given(problem=problems(["line", "ring"], satellites=3, layers=8, levels=2))
def test_longer_models(problem: Problem) -> None:
    """Agreement where stages are longer than one or two layers."""
    check_agreement(problem)


@settings(max_examples=200)
@given(problem=problems(micro_batches=1))
def test_one_micro_batch(problem: Problem) -> None:
    """Agreement where only the sum counts."""
    check_agreement(problem)


@settings(max_examples=200)
@given(problem=problems(ties=True))
def test_ties(problem: Problem) -> None:
    """Agreement where many plans cost the same."""
    check_agreement(problem)
