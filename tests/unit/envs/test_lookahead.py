"""Tests of the look-ahead wrapper."""

import numpy as np
import pytest

from planners import solve
from satllm_env.envs import LookaheadObservation
from satllm_env.envs.lookahead import ACTION_FEATURES
from satllm_env.errors import NoPlanError
from satllm_env.problem.moves import LOSS_UNITS
from tests.strategies import random_problem
from tests.unit.envs.cases import SOURCES, at_random, in_turn, make, source_id, walk


def check_walk(env, seed):
    """Walk at random; the estimates and the appended entries follow the mask in every state."""
    chooser, inner = at_random(seed), env.unwrapped

    def choose(info):
        mask = info["action_mask"].astype(bool)
        assert np.array_equal(np.isfinite(env.estimates), mask)
        return chooser(info)

    episode = walk(env, choose, seed=seed)
    assert np.isinf(env.estimates).all()
    for observation, info in zip(episode.observations, episode.infos, strict=True):
        assert env.observation_space.contains(observation)
        features = observation[inner.layout.size :].reshape(-1, ACTION_FEATURES)
        if info is episode.end:
            assert not features.any()
            continue
        mask = info["action_mask"].astype(bool)
        assert np.array_equal(features[:, 0], mask)
        assert not features[~mask].any()
        assert features[:, 1:].max() == 1
        assert (features[:, 1] <= features[:, 2]).all()
    return episode


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_estimates_follow_the_mask(source):
    """Estimates are infinite exactly where actions are masked; observations stay in the space."""
    env = LookaheadObservation(make(**source))
    for seed in range(3):
        check_walk(env, seed)


def test_estimates_follow_the_mask_on_small_problems():
    """The same over small problems of every shape, dead ends included."""
    dead_ends = 0
    for seed in (*range(40), 225, 298):
        env = LookaheadObservation(make(problem=random_problem(np.random.default_rng(seed))))
        try:
            env.reset()
        except NoPlanError:
            continue
        dead_ends += check_walk(env, seed).end["dead_end"]
    assert dead_ends > 0


@pytest.mark.parametrize("source", SOURCES, ids=source_id)
def test_appends_to_the_plain_observation(source):
    """The wrapped observation begins with the plain one; rewards, ends and infos are the environment's."""
    plain, wrapped = make(**source), LookaheadObservation(make(**source))
    one, two = walk(plain, at_random(3), seed=3), walk(wrapped, at_random(3), seed=3)
    size = plain.observation_space.shape[0]
    assert np.array_equal(one.observations, np.array(two.observations)[:, :size])
    assert one.rewards == two.rewards
    assert one.end["delay_s"] == two.end["delay_s"]
    assert wrapped.observation_space.shape == (size + ACTION_FEATURES * plain.action_space.n,)
    assert np.array_equal(wrapped.action_masks(), plain.action_masks())


def test_last_move_is_estimated_by_the_formula():
    """Before the last send, nothing is relaxed any more: the estimate is the delay, at the threshold if
    the bottleneck lies below it, less the price of the budget left over."""
    for seed in range(6):
        env = LookaheadObservation(make())
        env.reset(seed=seed)
        actions = env.unwrapped.actions_of(solve(env.unwrapped.instance, deadline_s=1.0).plan.steps)
        walk(env, in_turn(actions), seed=seed)
        done = env.unwrapped.walk
        tables, guide = env.unwrapped.instance.tables, env.guide
        bottleneck_s = max(done.bottleneck_s, guide.thresholds_s.min())
        left = tables.budget_units - int(done.ints[LOSS_UNITS])
        env.reset(seed=seed)
        for action in actions[:-1]:
            env.step(action)
        expected = done.sum_s + (tables.micro_batches - 1) * bottleneck_s - guide.prices[0] * left
        assert env.estimates[actions[-1]] == pytest.approx(expected, rel=1e-9)


def test_greedy_on_estimates_beats_random_walks():
    """Taking the best estimate at every move finishes walks, not far above the reference, unlike chance."""
    env = LookaheadObservation(make())
    greedy, chance = [], []
    for seed in range(10):
        episode = walk(env, lambda info: np.argmin(env.estimates), seed=seed)
        greedy.append(episode.end["delay_s"] / episode.end["reference_s"])
        chance.append(walk(env, at_random(seed), seed=seed).end["delay_s"] / episode.end["reference_s"])
    assert min(greedy) >= 1 - 1e-9
    assert np.median(greedy) < 0.5 * np.median(chance)


def test_illegal_action_where_all_layers_are_done():
    """An illegal end is observed without looking at layers that do not exist."""
    env = LookaheadObservation(make(on_illegal="penalty"))
    inner, rng = env.unwrapped, np.random.default_rng(0)
    _, info = env.reset(seed=3)
    while inner.walk.boundary < 48 or inner.walk.stage_start >= 0:  # until the result has been relayed
        _, _, over, _, info = env.step(int(rng.choice(np.flatnonzero(info["action_mask"]))))
        if over:
            _, info = env.reset()
    observation, _, terminated, _, info = env.step(0)
    assert terminated
    assert info["illegal_move"] == "all layers are done"
    assert not observation[inner.layout.size :].any()
