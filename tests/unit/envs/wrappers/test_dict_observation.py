"""Tests of the observation in named parts, for one environment and for many."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import FlattenObservation
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sb3_contrib import MaskablePPO

from satllm_env.envs import DictObservation, LookaheadObservation, VectorDictObservation
from satllm_env.errors import NoPlanError
from tests.strategies import problems
from tests.unit.envs.cases import PROBLEMS, SCENARIOS, Bare, at_random, make, walk

NAMES = ["request", "node", "walk", "left", "accuracy", "links", "levels"]


def make_vec(**kwargs):
    """A small vector environment."""
    return gym.make_vec("SatLLMSplit-v0", num_envs=4, pool_size=4, **kwargs)


def masked_actions(infos, rng):
    """Unmasked actions of every walk, at random."""
    return np.array([rng.choice(np.flatnonzero(mask)) for mask in infos["action_mask"]])


@given(problem=problems(), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_flattening_gives_the_flat_observation_back(problem, seed):
    """Gymnasium's flattening undoes the parts, space and entries, at every moment of a walk."""
    plain, parts = make(problem=problem), DictObservation(make(problem=problem))
    flattened = FlattenObservation(parts)
    try:
        one = walk(plain, at_random(seed))
    except NoPlanError:
        assume(False)
    two = walk(flattened, at_random(seed))
    assert flattened.observation_space == plain.observation_space
    assert np.array_equal(one.observations, two.observations)
    assert one.rewards == two.rewards


@pytest.mark.parametrize(
    ("wrap", "action_mask"), [(lambda env: env, False), (lambda env: env, True), (LookaheadObservation, True)]
)
def test_space_and_parts(wrap, action_mask):
    """Parts lie in their spaces, have names in the flat order, and the checker accepts them."""
    env = DictObservation(wrap(make()), action_mask=action_mask)
    check_env(Bare(env), skip_render_check=True)
    lookahead = ["lookahead"] if isinstance(env.env, LookaheadObservation) else []
    assert list(env.observation_space) == [*NAMES, *lookahead, *(["action_mask"] if action_mask else [])]
    episode = walk(env, at_random(1), seed=1)
    for observation, info in zip(episode.observations, episode.infos, strict=True):
        assert env.observation_space.contains(observation)
        assert list(observation) == list(env.observation_space)
        if action_mask:
            assert np.array_equal(observation["action_mask"], info["action_mask"])
    assert np.array_equal(env.action_masks(), env.unwrapped.action_masks())


def test_what_parts_say():
    """Some entries that are known at the source: nothing done, a free downlink slot, raw input only."""
    env = DictObservation(make(scenario="paper-ground"))
    observation, _ = env.reset(seed=3)
    inner = env.unwrapped
    assert observation["request"][0] == 0
    assert observation["walk"].tolist() == [0, 0, 0]
    assert observation["accuracy"].tolist() == [1, 0, 1]
    assert observation["links"][:, 0].tolist() == (inner.slots[inner.walk.node] >= 0).tolist()
    assert observation["levels"][0, 0] == 1
    assert not observation["levels"][1:].any()


def test_spec_makes_it_again():
    """The wrapper and its argument are part of the spec."""
    env = DictObservation(gym.make("SatLLMSplit-v0"), action_mask=True)
    assert gym.make(env.spec).observation_space == env.observation_space


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_vector_equals_scalar_parts(mode):
    """Every row of the vector parts is the flat row taken apart; so are the last ones of walks."""
    flat, parts = make_vec(autoreset_mode=mode), VectorDictObservation(make_vec(autoreset_mode=mode), True)
    scalar = DictObservation(make())
    rows, infos = flat.reset(seed=0)
    observed, _ = parts.reset(seed=0)
    rng, ended = np.random.default_rng(0), 0
    for _ in range(120):
        assert parts.observation_space.contains(observed)
        assert np.array_equal(observed.pop("action_mask"), infos["action_mask"])
        for i, row in enumerate(rows):
            whole = np.concatenate([part[i].ravel() for part in observed.values()])
            assert np.array_equal(whole, row)
        actions = masked_actions(infos, rng)
        rows, *_, infos = flat.step(actions)
        observed, *_, other = parts.step(actions)
        for i in np.flatnonzero(infos.get("_final_obs", np.zeros(4))):
            ended += 1
            final = other["final_obs"][i]
            assert np.array_equal(gym.spaces.flatten(scalar.observation_space, final), infos["final_obs"][i])
    assert (ended > 0) == (mode == "SameStep")
    assert np.array_equal(parts.action_masks(), flat.action_masks())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_one_space_for_one_layout(scenario):
    """The space hangs on slots and levels only."""
    small = DictObservation(make(problem=str(PROBLEMS / "tiny-ring.json"), num_slots=5, num_levels=9))
    assert DictObservation(make(scenario=scenario)).observation_space == small.observation_space


def test_refuses_what_it_cannot_take_apart():
    """Other environments and observations are named, for one and for many."""
    with pytest.raises(TypeError, match="SatLLMSplit-v0 only"):
        DictObservation(gym.make("CartPole-v1"))
    with pytest.raises(TypeError, match="plain observation or LookaheadObservation"):
        DictObservation(DictObservation(make()))
    with pytest.raises(TypeError, match="vector environment of SatLLMSplit-v0 only"):
        VectorDictObservation(gym.make_vec("CartPole-v1"))
    with pytest.raises(TypeError, match="plain observation only"):
        VectorDictObservation(VectorDictObservation(make_vec()))


def test_parts_are_learned_from():
    """Maskable PPO takes the parts with its policy for dictionaries, masks and all."""
    env = DictObservation(make(reward_unit="reference"))
    model = MaskablePPO("MultiInputPolicy", env, n_steps=16, batch_size=16, n_epochs=1, device="cpu", seed=0)
    model.learn(16)
    observation, info = env.reset(seed=0)
    action, _ = model.predict(observation, action_masks=env.action_masks())
    assert info["action_mask"][int(action)] == 1
