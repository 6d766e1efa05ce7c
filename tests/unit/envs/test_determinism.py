"""Tests that seeds decide everything, and that environments can be copied and run side by side."""

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest

from satllm_env.envs import LookaheadObservation
from satllm_env.problem import dump_problem
from satllm_env.scenarios import load_scenario
from tests.unit.envs.cases import SCENARIOS, at_random, make, walk

STEPS = 50


def trajectory(env, seed, steps=STEPS):
    """Observations, rewards and masks of some steps, over the ends of walks."""
    rng = np.random.default_rng(seed)
    observation, info = env.reset(seed=seed)
    seen = [observation]
    for _ in range(steps):
        action = int(rng.choice(np.flatnonzero(info["action_mask"])))
        observation, reward, over, _, info = env.step(action)
        seen += [observation, [reward], info["action_mask"]]
        if over:
            observation, info = env.reset()
            seen.append(observation)
    return np.concatenate(seen)


@pytest.mark.parametrize("wrap", [lambda env: env, LookaheadObservation])
@pytest.mark.parametrize("name", SCENARIOS)
def test_two_copies_agree(name, wrap):
    """Two environments with the same seed agree over 50 steps, resets in between; another seed differs."""
    one, two = wrap(make(scenario=name)), wrap(make(scenario=name))
    first = trajectory(one, 7)
    assert np.array_equal(first, trajectory(two, 7))
    assert np.array_equal(first, trajectory(one, 7))
    assert not np.array_equal(first, trajectory(two, 8))


@pytest.mark.parametrize("name", SCENARIOS)
def test_reset_draws_what_the_scenario_draws(name):
    """``reset(seed=N)`` walks the problem of ``scenario.sample(N)``."""
    env = make(scenario=name)
    for seed in (0, 1, 2**31):
        env.reset(seed=seed)
        sampled = load_scenario(name).sample(seed)
        assert dump_problem(env.instance.problem) == dump_problem(sampled.problem)
        assert np.array_equal(env.instance.slots, sampled.instance.slots)


def test_seed_continues_without_a_new_one():
    """Resets without a seed draw one problem after another from the same generator."""
    env = make()
    env.reset(seed=4)
    first = env.instance.problem
    env.reset()
    assert env.instance.problem != first
    rng = np.random.default_rng(4)
    load_scenario("paper").sample(rng)
    assert load_scenario("paper").sample(rng).problem == env.instance.problem


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("clone", [lambda env: pickle.loads(pickle.dumps(env)), copy.deepcopy])
def test_copies_go_on_alike(name, clone):
    """An environment copied in the middle of a walk goes on as the first does."""
    env = LookaheadObservation(make(scenario=name))
    _, info = env.reset(seed=2)
    for _ in range(3):
        info = env.step(int(np.flatnonzero(info["action_mask"])[0]))[-1]
    twin = clone(env)
    for _ in range(5):
        action = int(np.flatnonzero(info["action_mask"])[0])
        observation, reward, over, _, info = env.step(action)
        other = twin.step(action)
        assert np.array_equal(observation, other[0])
        assert (reward, over) == other[1:3]
        if over:
            break


def test_samples_can_be_sent_to_processes():
    """A pickled sample walks like the first."""
    sample = load_scenario("walker-dense").sample(3)
    twin = pickle.loads(pickle.dumps(sample))
    assert twin.problem == sample.problem
    env = make(scenario="walker-dense")
    one = walk(env, at_random(0), options={"problem": sample})
    two = walk(env, at_random(0), options={"problem": twin})
    assert np.array_equal(one.observations, two.observations)
    assert one.rewards == two.rewards


@pytest.mark.parametrize("wrappers", [(), (LookaheadObservation,)])
def test_vector_environment_equals_single_ones(wrappers):
    """``make_vec`` gives each environment the walk that a single one has from the same seed."""
    vector = gym.make_vec(
        "SatLLMSplit-v0",
        num_envs=3,
        vectorization_mode="sync",
        wrappers=wrappers,
        vector_kwargs={"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP},
    )
    singles = []
    for _ in range(3):
        env = gym.make("SatLLMSplit-v0")
        for wrapper in wrappers:
            env = wrapper(env)
        singles.append(env)
    observations, infos = vector.reset(seed=[10, 11, 12])
    states = [env.reset(seed=10 + i) for i, env in enumerate(singles)]
    assert np.array_equal(observations, [observation for observation, _ in states])
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(100):
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in infos["action_mask"]])
        observations, rewards, over, _, infos = vector.step(actions)
        for i, env in enumerate(singles):
            observation, reward, ended, _, info = env.step(int(actions[i]))
            if ended:
                ends += 1
                assert infos["final_info"]["delay_s"][i] == info["delay_s"]
                observation, info = env.reset()
            assert np.array_equal(observations[i], observation)
            assert (rewards[i], over[i]) == (reward, ended)
            assert np.array_equal(infos["action_mask"][i], info["action_mask"])
    vector.close()
    assert ends > 0
