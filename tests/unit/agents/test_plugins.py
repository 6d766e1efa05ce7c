"""Policies and planners from outside the project."""

import sys
from pathlib import Path

import pytest

from agents.contenders import contender
from agents.evaluation import draw_samples
from planners import solve
from satllm_env.errors import InputError

MODULE = '''
import gymnasium as gym
import satllm_env
from planners.baselines.greedy import greedy
from satllm_env.problem import Plan

NUMBER = 3

class First:
    """The first move that is not masked."""

    def make_env(self):
        return gym.make("SatLLMSplit-v0")

    def act(self, observation, action_mask):
        return action_mask.argmax()

class Masked(First):
    def act(self, observation, action_mask):
        return (~action_mask).argmax()

class Beyond(First):
    def act(self, observation, action_mask):
        return -1

class Elsewhere(First):
    def make_env(self):
        return gym.make("CartPole-v1")

class Mute:
    def make_env(self):
        return gym.make("SatLLMSplit-v0")

def cheapest(instance):
    return greedy(instance)

def nothing(instance):
    return None

def words(instance):
    return "a plan"

kept = []

def stale(instance):
    kept.append(greedy(instance))
    return kept[0]
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a module in the working directory."""
    (tmp_path / "brought.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "brought", raising=False)
    yield "brought"
    sys.modules.pop("brought", None)


def test_a_policy_walks_the_instance_by_its_own_rule(module: str) -> None:
    """The plan is legal, never better than the optimum, and the same again."""
    (sample,) = draw_samples("paper-ground", 1, 0)
    policy = contender(f"{module}:First", 0, None)
    assert (policy.name, policy.kind) == ("brought:First", "learned")
    result, again = policy.plan(sample), policy.plan(sample)
    assert result.status == "feasible"
    assert result.delay_s == again.delay_s >= solve(sample.instance).delay_s


def test_a_planner_is_timed_and_its_plan_costed_by_the_rules(module: str) -> None:
    """A function from an instance to a plan takes part as it is."""
    (sample,) = draw_samples("paper-ground", 1, 0)
    planner = contender(f"{module}:cheapest", 0, None)
    result = planner.plan(sample)
    assert (planner.kind, result.planner) == ("planner", "brought:cheapest")
    assert result.delay_s == solve(sample.instance, "greedy").delay_s
    assert result.plan_time_s > 0
    assert result.lower_bound_s == 0.0
    assert contender(f"{module}:nothing", 0, None).plan(sample).status == "infeasible"


def test_a_plan_of_another_instance_is_not_taken_for_its_own(module: str) -> None:
    """Steps are walked on the instance that was asked for, so delays cannot be brought along."""
    first, second = draw_samples("paper-ground", 2, 0)
    planner = contender(f"{module}:stale", 0, None)
    assert planner.plan(first).feasible
    with pytest.raises(InputError, match=r"brought:stale: steps\[\d+\]"):
        planner.plan(second)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere.at_all:Policy", "cannot be imported: No module named 'nowhere'"),
        ("brought:Absent", "the module has no 'Absent'"),
        ("brought:NUMBER", "is neither a class nor a function"),
        ("brought:Mute", "has no method act"),
        ("brought:Elsewhere", "gives no SatLLMSplit-v0 environment"),
        ("brought:", "unknown; known are"),
        ("tle:x.txt", "unknown; known are"),
    ],
)
def test_what_cannot_take_part_is_one_line(module: str, name: str, problem: str) -> None:
    """Whoever mistypes learns what is wrong before anything is planned."""
    with pytest.raises(InputError, match=problem) as error:
        contender(name, 0, None)
    assert str(error.value).startswith(f"--policies: {name}: ")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Masked", r"chose action \d+, which is masked"),
        ("Beyond", "chose action -1, which is masked"),
        ("words", "returned a str, not a Plan or None"),
    ],
)
def test_what_breaks_the_rules_is_one_line(module: str, name: str, problem: str) -> None:
    """A bug in what was brought is not counted as a plan that failed."""
    (sample,) = draw_samples("paper-ground", 1, 0)
    with pytest.raises(InputError, match=problem):
        contender(f"{module}:{name}", 0, None).plan(sample)
