"""Tests that a plan replayed as actions returns minus its delay."""

import pytest

from planners import solve
from satllm_env.problem import evaluate, load_problem, parse_steps
from satllm_env.problem.schema import load_json
from satllm_env.scenarios import load_scenario
from tests.unit.envs.cases import PROBLEMS, SCENARIOS, WITH_PLAN, in_turn, make, walk

REL = 1e-9


def check_replay(env, instance, plan, **reset):
    """Replay a plan and look at the return and at what the end says."""
    env.reset(**reset)
    actions = env.actions_of(plan.steps)
    episode = walk(env, in_turn(actions), **reset)
    assert all(info["action_mask"][a] for info, a in zip(episode.infos, actions, strict=False))
    assert episode.actions == actions == env.actions_of(plan.steps_as_data())
    assert episode.total == pytest.approx(-plan.delay_s, rel=REL)
    assert episode.end["delay_s"] == pytest.approx(plan.delay_s, rel=REL)
    assert episode.end["is_success"] is True
    assert episode.end["plan"] == plan.steps_as_data()
    again = evaluate(instance, parse_steps(episode.end["plan"]))
    assert again.delay_s == episode.end["delay_s"]


@pytest.mark.parametrize("path", WITH_PLAN, ids=lambda path: path.stem)
def test_certified_instances(path):
    """An optimal plan of a certified instance returns minus the certified delay."""
    optimum = load_json(PROBLEMS / "optima.json")[path.name]
    env = make(problem=str(path))
    plan = solve(load_problem(path)).plan
    assert plan.delay_s == pytest.approx(optimum, rel=REL)
    check_replay(env, env.source.sample(None).instance, plan)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name):
    """Plans of sampled requests, by the exact planner in a short time and by rules, return minus delay."""
    env = make(scenario=name)
    for seed in range(4):
        instance = load_scenario(name).sample(seed).instance
        for planner in ("astar", "ground-only", "single-satellite", "uniform"):
            plan = solve(instance, planner, deadline_s=2.0).plan
            if plan is not None:
                check_replay(env, instance, plan, seed=seed)


def test_padded_action_space():
    """A plan replays through a padded action space as well, by other actions."""
    path = PROBLEMS / "ring-12x5.json"
    env = make(problem=str(path), num_slots=9, num_levels=11)
    plan = solve(load_problem(path)).plan
    check_replay(env, env.source.sample(None).instance, plan)
    assert env.action_space.n == 1 + 9 * 11


def test_return_in_reference_units():
    """With the reference as the unit, the return is minus the delay over the reference delay."""
    env = make(reward_unit="reference")
    _, info = env.reset(seed=3)
    plan = solve(env.instance, deadline_s=2.0).plan
    episode = walk(env, in_turn(env.actions_of(plan.steps)), seed=3)
    assert episode.total == pytest.approx(-plan.delay_s / info["reference_s"], rel=REL)
    assert info["reference_s"] == env.reference_s <= plan.delay_s
