"""The front door."""

import numpy as np
import pytest

from planners import Result, planner_kind, planner_names, solve
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, Walk, evaluate
from satllm_env.problem.plan import parse_steps
from tests.strategies import random_problem


@pytest.fixture
def problem() -> Problem:
    """A ring with a few plans."""
    return random_problem(np.random.default_rng(3), shape="ring", layers=4, satellites=3, levels=3)


@pytest.mark.parametrize("planner", planner_names())
def test_every_plan_keeps_the_rules(planner: str) -> None:
    """What any planner returns can be walked from its steps, and costs what it says."""
    found = 0
    for seed in range(25):
        instance = Instance.from_problem(random_problem(np.random.default_rng(seed)))
        result = solve(instance, planner)
        if result.plan is None:
            assert result.status == "infeasible"
            assert result.reason
            continue
        found += 1
        again = evaluate(instance, parse_steps(result.plan.steps_as_data()))
        assert again.delay_s == pytest.approx(result.delay_s, rel=1e-12)
        assert again.accuracy_loss <= instance.problem.accuracy_budget
    assert found >= 3


@pytest.mark.parametrize("planner", planner_names())
def test_nobody_beats_the_optimum(planner: str) -> None:
    """No delay is below the exact planner's, inf where it proves that there is no plan."""
    for seed in range(100, 125):
        problem = random_problem(np.random.default_rng(seed))
        assert solve(problem, planner).delay_s >= solve(problem).delay_s * (1 - 1e-9)


@pytest.mark.parametrize("planner", planner_names())
def test_same_seed_same_plan(planner: str, problem: Problem) -> None:
    """The same input and seed give the same plan."""
    one, other = (solve(problem, planner, seed=5) for _ in range(2))
    assert one.status == other.status
    assert (one.plan and one.plan.steps) == (other.plan and other.plan.steps)


def test_unknown_planner(problem: Problem) -> None:
    """An unknown name is refused with the list of known ones."""
    with pytest.raises(InputError, match=r"unknown planner 'dijkstra'.*astar.*ground-only"):
        solve(problem, "dijkstra")
    with pytest.raises(InputError, match="unknown planner"):
        planner_kind("dijkstra")


def test_kinds() -> None:
    """Only the exact ones are planners, the rules are baselines."""
    kinds = {name: planner_kind(name) for name in planner_names()}
    assert {name for name, kind in kinds.items() if kind == "planner"} == {"astar", "exhaustive"}
    assert set(kinds.values()) == {"planner", "baseline"}


@pytest.mark.parametrize(
    "limit", [{"deadline_s": -1.0}, {"deadline_s": float("nan")}, {"epsilon": -0.1}, {"label_limit": -1}]
)
def test_limits_out_of_range(problem: Problem, limit: dict[str, float]) -> None:
    """A limit out of range is refused by name."""
    with pytest.raises(InputError, match=next(iter(limit))):
        solve(problem, **limit)  # type: ignore[arg-type]


def test_summary_names_the_bottleneck(problem: Problem) -> None:
    """The summary holds the delay's two terms."""
    result = solve(problem)
    text = result.summary()
    assert f"{result.sum_s:.6g}" in text
    assert f"{result.bottleneck_s:.6g}" in text


def test_summary_without_a_plan(problem: Problem) -> None:
    """Without a plan the summary gives the reason."""
    assert Result("x", "infeasible", None, 0.0, 0.0, "no way").summary() == "x: infeasible: no way"


def test_instance_is_used_as_it_is(problem: Problem) -> None:
    """A plan for an instance refers to that instance."""
    instance = Instance.from_problem(problem)
    plan = solve(instance).plan
    assert plan is not None
    assert plan.instance is instance
    assert Walk(instance).instance is instance
