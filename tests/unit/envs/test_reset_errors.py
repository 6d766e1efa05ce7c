"""Tests that what a user can get wrong is said in one line, and leaves no half-made walk behind."""

import gymnasium as gym
import numpy as np
import pytest

from satllm_env.envs import SatLLMSplitEnv
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, load_problem
from satllm_env.scenarios import Sample
from tests.unit.envs.cases import PROBLEMS, make

NO_PLAN = PROBLEMS / "no-plan.json"
RING = PROBLEMS / "ring-12x5.json"


def test_problem_without_a_plan():
    """A problem that has no plan is refused at reset, as an option and as the environment's own."""
    with pytest.raises(NoPlanError, match="'ground' is out of reach"):
        make(problem=str(NO_PLAN)).reset(seed=0)
    with pytest.raises(NoPlanError):
        make().reset(options={"problem": load_problem(NO_PLAN)})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"problems": 1}, "options: problems: is not an option"),
        ({3: 1, "seed": 2}, "options: 3: is not an option"),
        ({"problem": str(RING)}, "options: problem: is a str"),
        ({"problem": Instance.from_problem(load_problem(RING))}, "options: problem: is a Instance"),
    ],
)
def test_wrong_options(options, says):
    """Unknown options and things that are no problem are named."""
    with pytest.raises(InputError, match=says):
        make().reset(options=options)


def test_option_takes_problems_and_samples():
    """A problem and a sample of it are walked this once; the next reset draws again."""
    env = make()
    problem = load_problem(PROBLEMS / "tiny-ring.json")
    for given in (problem, Sample(Instance.from_problem(problem))):
        env.reset(options={"problem": given})
        assert env.instance.problem == problem
        env.reset(seed=0)
        assert env.instance.problem != problem


@pytest.mark.parametrize("action", [None, 0])
def test_failed_reset_needs_another(action):
    """After a reset that failed, nothing can be stepped or asked until one works."""
    env = make()
    if action is not None:
        env.reset(seed=0)
        env.step(action)
    with pytest.raises(NoPlanError):
        env.reset(options={"problem": load_problem(NO_PLAN)})
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    env.reset(seed=0)
    env.step(int(np.flatnonzero(env.action_masks())[0]))


@pytest.mark.parametrize(
    "ask",
    [
        lambda env: env.step(0),
        lambda env: env.action_masks(),
        lambda env: env.actions_of([]),
        lambda env: env.instance,
        lambda env: env.walk,
        lambda env: env.left,
        lambda env: env.slots,
        lambda env: env.fallback_s,
        lambda env: env.reference_s,
    ],
)
def test_reset_comes_first(ask):
    """Before the first reset everything says that one is needed."""
    with pytest.raises(gym.error.ResetNeeded, match=r"call reset\(\)"):
        ask(make())


def test_no_step_after_the_end():
    """A walk that is over takes no more steps."""
    env = make(on_illegal="penalty")
    env.reset(seed=0)
    env.step(-1)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"num_slots": 4}, "num_slots: is 4, but 5 are needed"),
        ({"num_levels": 1}, r"num_levels: is 1, but \d+ are needed"),
        ({"num_slots": True}, "num_slots: is True, not a whole number"),
        ({"num_slots": 7.5}, "num_slots: is 7.5, not a whole number"),
        ({"num_levels": "7"}, "num_levels: is '7', not a whole number"),
        ({"render_mode": "film"}, "render_mode: is 'film', not one of"),
        ({"reward_unit": "hours"}, "reward_unit: is 'hours', not"),
        ({"scenario": "papre"}, "scenario: papre: unknown; known are "),
        ({"scenario": "absent.toml"}, "absent.toml: cannot be read"),
        ({"problem": "absent.json"}, "absent.json: cannot be read"),
        ({"problem": str(PROBLEMS / "optima.json")}, "optima.json: format"),
    ],
)
def test_wrong_arguments(arguments, says):
    """Arguments that cannot be are refused when the environment is made."""
    with pytest.raises(InputError, match=says) as caught:
        SatLLMSplitEnv(**arguments)
    assert "\n" not in str(caught.value)


def test_problem_that_needs_more_slots_or_levels():
    """A problem given at reset has to fit the action space."""
    small = make(problem=str(PROBLEMS / "chain-24x5.json"))
    with pytest.raises(InputError, match="num_slots: is "):
        small.reset(options={"problem": make_sample("walker-dense")})
    wide = make(problem=str(PROBLEMS / "chain-24x5.json"), num_slots=5)
    with pytest.raises(InputError, match=r"num_levels: is \d, but the problem has more levels"):
        wide.reset(options={"problem": make_sample("walker-dense")})


def make_sample(name):
    """A request of a scenario."""
    env = make(scenario=name)
    env.reset(seed=0)
    return Sample(env.instance)
