"""Tests that the vector environment is Gymnasium's synchronous one over scalar environments, only faster."""

from itertools import chain, repeat

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

from satllm_env.envs import InstancePool, SatLLMSplitEnv, SatLLMSplitVectorEnv
from satllm_env.envs.arguments import layout_for
from satllm_env.envs.observation import ObservationLayout
from satllm_env.errors import NoPlanError
from satllm_env.problem import Instance, load_problem
from satllm_env.scenarios import Sample, load_scenario
from tests.strategies import problems
from tests.unit.envs.cases import SCENARIOS, WITH_PLAN

SEED = 3


class FromPool(gym.Wrapper):
    """A scalar environment whose episodes begin with the next of some samples."""

    def __init__(self, env, samples):
        super().__init__(env)
        self.samples = samples

    def reset(self, *, seed=None, options=None):
        """Walk the next sample."""
        return self.env.reset(seed=seed, options={"problem": next(self.samples)})


def in_pool_order(pool, seed):
    """The pool's samples in the order of episodes: one permutation after another."""
    rng, _ = seeding.np_random(seed)
    orders = (rng.permutation(len(pool)) for _ in repeat(None))
    return (pool.samples[number] for number in chain.from_iterable(orders))


def scalar_ones(pool, num_envs, mode, limit=None, wrap=lambda env: env, **kwargs):
    """As many scalar environments, wrapped, under Gymnasium's own loop."""
    samples = in_pool_order(pool, SEED)

    def make():
        slots, levels = pool.layout.num_slots, pool.layout.num_levels
        env = SatLLMSplitEnv(num_slots=slots, num_levels=levels, on_illegal="penalty", **kwargs)
        env = wrap(env)
        env = env if limit is None else gym.wrappers.TimeLimit(env, limit)
        return FromPool(env, samples)

    return SyncVectorEnv([make] * num_envs, autoreset_mode=mode)


def assert_equal(one, other):
    """Equal to the last bit and in type, dictionaries and arrays of objects included."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal(one[key], other[key])
        return
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    if one.dtype != object:
        assert np.array_equal(one, other)
        return
    for mine, theirs in zip(one, other, strict=True):
        same = np.array_equal if isinstance(theirs, np.ndarray) else lambda a, b: a == b
        assert same(mine, theirs)


def assert_same_walks(vector, single, steps, seed, wrong=0.0):
    """Step both with the same actions, drawn from the masks but for a share of wrong ones."""
    rng = np.random.default_rng(seed)
    observations, infos = vector.reset(seed=SEED)
    expected, expected_infos = single.reset(seed=SEED)
    seen = {"success": 0, "dead end": 0, "illegal": 0, "truncated": 0}
    for _ in range(steps):
        assert_equal(observations, expected)
        assert_equal(infos, expected_infos)
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in infos["action_mask"]])
        drawn = rng.integers(0, vector.single_action_space.n, len(actions))
        actions = np.where(rng.random(len(actions)) < wrong, drawn, actions)
        observations, *rest, infos = vector.step(actions)
        expected, *expected_rest, expected_infos = single.step(actions)
        for one, other in zip(rest, expected_rest, strict=True):
            assert_equal(one, other)
        ends = infos.get("final_info", infos)
        seen["success"] += int(ends.get("is_success", np.zeros(1)).sum())
        seen["dead end"] += int(ends.get("dead_end", np.zeros(1)).sum())
        seen["illegal"] += sum(text is not None for text in ends.get("illegal_move", ()))
        seen["truncated"] += int(rest[2].sum())
    return seen


def pool_of(name, size=6, more=0):
    """The first requests of a scenario, padded to more slots and levels than it or the default one has."""
    own, usual = (layout_for(load_scenario(source), None, None) for source in (name, "paper"))
    layout = ObservationLayout(
        max(own.num_slots, usual.num_slots) + more, max(own.num_levels, usual.num_levels) + more
    )
    return InstancePool.draw(load_scenario(name), layout, size, seed=0)


def layout_of(samples):
    """Slots and levels for all of some samples, and for what scalar environments are made with."""
    usual = layout_for(load_scenario("paper"), None, None)
    return ObservationLayout(
        max(usual.num_slots, *(sample.instance.num_slots for sample in samples)),
        max(usual.num_levels, *(sample.instance.tables.num_levels for sample in samples)),
    )


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name, mode):
    """Over every scenario: observations, rewards, ends, masks and infos are equal, over ends of walks."""
    pool = pool_of(name)
    vector = SatLLMSplitVectorEnv(4, pool=pool, autoreset_mode=mode, on_illegal="penalty")
    seen = assert_same_walks(vector, scalar_ones(pool, 4, mode), 120, seed=0, wrong=0.004)
    assert seen["success"] + seen["illegal"] > 0


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_wrong_actions_and_truncation(mode):
    """The same with many illegal actions, a step limit, padding and rewards in reference units."""
    pool = pool_of("paper-ground", more=2)
    vector = SatLLMSplitVectorEnv(
        5,
        pool=pool,
        autoreset_mode=mode,
        max_episode_steps=10,
        reward_unit="reference",
        on_illegal="penalty",
    )
    single = scalar_ones(pool, 5, mode, limit=10, reward_unit="reference")
    seen = assert_same_walks(vector, single, 150, seed=1, wrong=0.03)
    assert min(seen["success"], seen["illegal"], seen["truncated"]) > 0


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_instances_of_every_size_in_one_pool(mode):
    """Problem files with different numbers of nodes, links, layers and levels are walked side by side."""
    samples = [Sample(Instance.from_problem(load_problem(path))) for path in WITH_PLAN]
    pool = InstancePool(samples, layout_of(samples))
    assert len({tuple(sizes) for sizes in pool.packed.sizes.tolist()}) > 3
    vector = SatLLMSplitVectorEnv(7, pool=pool, autoreset_mode=mode, on_illegal="penalty")
    assert_same_walks(vector, scalar_ones(pool, 7, mode), 150, seed=2, wrong=0.01)


@settings(max_examples=40, deadline=None)
@given(st.lists(problems(layers=4, satellites=4), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_small_problems_of_every_shape(drawn, seed):
    """The same over small random problems, those without a plan left out."""
    samples = [Sample(Instance.from_problem(problem)) for problem in drawn]
    try:
        pool = InstancePool(samples, layout_of(samples))
    except NoPlanError:
        return
    vector = SatLLMSplitVectorEnv(3, pool=pool, autoreset_mode="SameStep", on_illegal="penalty")
    assert_same_walks(vector, scalar_ones(pool, 3, "SameStep"), 25, seed, wrong=0.05)
