"""Tests that look-ahead in the vector environment is `LookaheadObservation` on scalar ones, only faster."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

from satllm_env.envs import InstancePool, LookaheadObservation, SatLLMSplitVectorEnv
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, load_problem
from satllm_env.scenarios import Sample
from tests.strategies import problems
from tests.unit.envs.cases import SCENARIOS, WITH_PLAN
from tests.unit.envs.test_vector_equality import (
    assert_same_walks,
    layout_of,
    pool_of,
    scalar_ones,
)

MODES = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP]


def looking(pool, num_envs, mode, **kwargs):
    """A vector environment with look-ahead, and scalar ones in Gymnasium's loop that walk alike."""
    vector = SatLLMSplitVectorEnv(
        num_envs, pool=pool, observation="lookahead", autoreset_mode=mode, on_illegal="penalty", **kwargs
    )
    return vector, scalar_ones(pool, num_envs, mode, wrap=LookaheadObservation, **kwargs)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name):
    """Over every scenario all that is handed out is equal to the last bit, over ends of walks."""
    pool = pool_of(name, size=3)
    seen = assert_same_walks(*looking(pool, 2, AutoresetMode.SAME_STEP), 60, seed=0, wrong=0.01)
    assert seen["success"] + seen["illegal"] > 0


@pytest.mark.parametrize("mode", MODES)
def test_instances_of_every_size_in_one_pool(mode):
    """Problem files with different numbers of nodes, links, layers and levels are walked side by side."""
    samples = [Sample(Instance.from_problem(load_problem(path))) for path in WITH_PLAN]
    pool = InstancePool(samples, layout_of(samples))
    assert_same_walks(*looking(pool, 5, mode), 100, seed=2, wrong=0.01)


@settings(max_examples=40, deadline=None)
@given(st.lists(problems(layers=4, satellites=4), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_small_problems_of_every_shape(drawn, seed):
    """The same over small random problems, those without a plan left out."""
    samples = [Sample(Instance.from_problem(problem)) for problem in drawn]
    try:
        pool = InstancePool(samples, layout_of(samples))
    except NoPlanError:
        return
    assert_same_walks(*looking(pool, 3, "SameStep"), 25, seed, wrong=0.05)


def test_the_last_observation_of_a_truncated_walk():
    """A walk that is cut off shows what lay ahead of it, not zeros: it was not over."""
    pool = pool_of("paper", size=2)
    vector = SatLLMSplitVectorEnv(
        2, pool=pool, observation="lookahead", autoreset_mode="SameStep", max_episode_steps=2
    )
    alone = SatLLMSplitVectorEnv(2, pool=pool, observation="lookahead", autoreset_mode="SameStep")
    for env in (vector, alone):
        env.reset(options={"instances": [0, 1]})
    for _ in range(2):
        actions = [int(np.flatnonzero(mask)[0]) for mask in alone.action_masks()]
        expected = alone.step(actions)[0]
        *_, truncated, infos = vector.step(actions)
    assert truncated.all()
    assert np.array_equal(np.stack(infos["final_obs"]), expected)
    assert expected[:, vector.layout.size :].any()


def test_estimates_are_the_scalar_ones():
    """The estimates are those of the wrapper, and infinite once a walk is over."""
    pool = pool_of("walker-dense", size=3)
    vector = SatLLMSplitVectorEnv(3, pool=pool, observation="lookahead", autoreset_mode="Disabled")
    vector.reset(options={"instances": [0, 1, 2]})
    single = scalar_ones(pool, 3, AutoresetMode.DISABLED, wrap=LookaheadObservation)
    assert isinstance(single, SyncVectorEnv)
    for env, sample in zip(single.envs, pool.samples, strict=True):
        env.env.reset(options={"problem": sample})
    over = np.zeros(3, bool)
    while not over.any():
        estimates = vector.estimates
        assert np.array_equal(estimates, np.stack([env.get_wrapper_attr("estimates") for env in single.envs]))
        best = estimates.argmin(axis=1)
        for env, action in zip(single.envs, best, strict=True):
            env.env.step(action)
        over = vector.step(best)[2]
    assert np.isinf(vector.estimates[over]).all()


def test_plain_observations_have_no_estimates():
    """Estimates are refused where they are not observed, and so is an unknown observation."""
    env = SatLLMSplitVectorEnv(1, scenario="paper-ground", pool_size=1)
    with pytest.raises(InputError, match="observation: is 'plain', which estimates nothing"):
        _ = env.estimates
    with pytest.raises(InputError, match="observation: is 'far', not 'plain' or 'lookahead'"):
        SatLLMSplitVectorEnv(1, observation="far")
