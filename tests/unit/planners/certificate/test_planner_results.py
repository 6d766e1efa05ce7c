"""The exact planner's own results, checked independently at sizes that exhaustive search cannot reach."""

import numpy as np
import pytest

from planners import solve
from planners.benchmark.families import family
from planners.certificate import check_result
from satllm_env.problem import Instance
from satllm_env.scenarios import load_scenario, scenario_names
from tests.strategies import SHAPES, random_problem

FAMILIES = [("paper-chain", 0), ("paper-line", 3), ("paper-ring", 8), ("ring-12", 1), ("deep-line", 1)]


@pytest.mark.parametrize(("name", "seed"), FAMILIES)
def test_families(name: str, seed: int) -> None:
    """Results on the benchmark's families withstand the check; deep-line 1 once did not."""
    assert_valid(Instance.from_problem(family(name).make(seed)))


@pytest.mark.parametrize("name", scenario_names())
@pytest.mark.parametrize("seed", [1, 2])
def test_scenarios(name: str, seed: int) -> None:
    """Results on every scenario withstand the check."""
    assert_valid(load_scenario(name).sample(seed).instance)


@pytest.mark.parametrize("shape", SHAPES)
def test_tiny_problems(shape: str) -> None:
    """Optimal, infeasible and interrupted results on small problems withstand it, too."""
    for seed in range(12):
        instance = Instance.from_problem(random_problem(np.random.default_rng(seed), shape))
        assert_valid(instance)
        interrupted = solve(instance, label_limit=0, epsilon=0.5)
        assert check_result(instance, interrupted).status == "valid"


def assert_valid(instance: Instance) -> None:
    """The result is optimal or infeasible, and the check agrees."""
    result = solve(instance)
    assert result.status in ("optimal", "infeasible")
    verdict = check_result(instance, result)
    assert verdict.status == "valid", verdict.summary()
