"""Tests that requests planned together get the plans that they get alone."""

import dataclasses

import pytest
import torch

from agents.batch_planning import plan_batch
from agents.learned import load_shipped
from satllm_env.errors import InputError
from satllm_env.problem import Instance, evaluate, load_problem
from satllm_env.scenarios import Sample, load_scenario
from tests.unit.envs.cases import PROBLEMS

NO_PLAN = PROBLEMS / "no-plan.json"


@pytest.fixture(scope="module")
def policy():
    """The policy that comes with the project."""
    return load_shipped("ppo")


def sample_of(path):
    """A problem file as a request."""
    return Sample(Instance.from_problem(load_problem(path)))


def test_plans_of_several_scenarios(policy):
    """Each request gets its own plan, legal and the one it gets alone, whatever it is planned beside."""
    samples = [
        load_scenario(name).sample(seed) for name in ("paper-ground", "walker-dense") for seed in range(3)
    ]
    together = plan_batch(policy, samples)
    for sample, result in zip(samples, together, strict=True):
        alone = policy.plan(sample)
        assert (result.planner, result.status) == (alone.planner, alone.status)
        assert result.plan.steps == alone.plan.steps
        assert evaluate(sample.instance, result.plan.steps).delay_s == result.delay_s
        assert result.plan_time_s > 0


def test_requests_without_a_plan(policy):
    """A request that has no plan says why, and the others are planned."""
    good, bad = load_scenario("paper-ground").sample(0), sample_of(NO_PLAN)
    none, some = plan_batch(policy, [bad, good])
    assert none.status == "infeasible" and none.plan is None
    assert none.reason == policy.plan(bad).reason
    assert some.feasible
    assert [result.status for result in plan_batch(policy, [bad])] == ["infeasible"]
    assert plan_batch(policy, []) == []


def test_stuck_walks_are_planned_alone(policy, monkeypatch):
    """Where the likeliest walk does not finish, moves are drawn as for a single request."""
    sample = load_scenario("paper-ground").sample(1)
    monkeypatch.setattr("agents.batch_planning._walk_all", lambda *_: iter(()))
    (result,) = plan_batch(policy, [sample])
    assert result.plan.steps == policy.plan(sample).plan.steps


def test_parts_and_threads_change_nothing(policy, monkeypatch):
    """Requests made ready in parts, or on more threads, get the same plans; torch's threads are put back."""
    samples = [load_scenario("paper-ground").sample(seed) for seed in range(5)]
    before = torch.get_num_threads()
    whole = [result.plan.steps for result in plan_batch(policy, samples)]
    monkeypatch.setattr("agents.batch_planning.AT_ONCE", 2)
    assert [result.plan.steps for result in plan_batch(policy, samples, num_threads=2)] == whole
    assert torch.get_num_threads() == before


def test_wrong_input(policy):
    """Requests that do not fit the policy's action space are refused, and so is no thread."""
    narrow = dataclasses.replace(policy, card=policy.card.model_copy(update={"num_levels": 3}))
    with pytest.raises(InputError, match="num_levels"):
        plan_batch(narrow, [sample_of(PROBLEMS / "chain-24x5.json")])
    with pytest.raises(InputError, match="num_threads: is 0, but 1 are needed"):
        plan_batch(policy, [], num_threads=0)
