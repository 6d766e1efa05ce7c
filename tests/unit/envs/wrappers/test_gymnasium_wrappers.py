"""Tests that Gymnasium's own wrappers do with the environments what their users expect."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import wrappers
from gymnasium.wrappers import vector as vector_wrappers

from satllm_env.envs import DictObservation, GraphObservation
from tests.unit.envs.cases import PROBLEMS, at_random, walk


def make_vec(**kwargs):
    """A small vector environment."""
    return gym.make_vec("SatLLMSplit-v0", num_envs=4, pool_size=8, **kwargs)


def masked_actions(infos, rng):
    """Unmasked actions of every walk, at random."""
    return np.array([rng.choice(np.flatnonzero(mask)) for mask in infos["action_mask"]])


@pytest.mark.parametrize("view", [lambda env: env, DictObservation, GraphObservation])
def test_record_episode_statistics(view):
    """Return and length of an episode stand in its last info, and no sooner."""
    env = wrappers.RecordEpisodeStatistics(view(gym.make("SatLLMSplit-v0")))
    for seed in range(3):
        episode = walk(env, at_random(seed), seed=seed)
        assert episode.end["episode"]["r"] == pytest.approx(episode.total)
        assert episode.end["episode"]["l"] == len(episode.actions)
        assert not any("episode" in info for info in episode.infos[:-1])
    assert len(env.return_queue) == 3


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_vector_record_episode_statistics(mode):
    """Over the vector environment a finished walk's recorded return is minus its delay."""
    envs = vector_wrappers.RecordEpisodeStatistics(make_vec(autoreset_mode=mode))
    _, infos = envs.reset(seed=0)
    rng, finished = np.random.default_rng(0), 0
    for _ in range(200):
        *_, infos = envs.step(masked_actions(infos, rng))
        ends = infos.get("final_info", infos)
        recorded = infos if "episode" in infos else ends
        if "delay_s" not in ends:
            continue
        assert np.array_equal(recorded["_episode"], ends["_delay_s"])
        for i in np.flatnonzero(ends["_delay_s"] & ends["is_success"]):
            assert recorded["episode"]["r"][i] == pytest.approx(-ends["delay_s"][i])
            finished += 1
    assert finished > 0


def test_time_limit():
    """A limit truncates a walk that is not over, and the mask stays one of moves."""
    env = gym.make("SatLLMSplit-v0", max_episode_steps=5)
    _, info = env.reset(seed=0)
    for step in range(1, 6):
        _, _, terminated, truncated, info = env.step(int(np.flatnonzero(info["action_mask"])[0]))
        assert not terminated
        assert truncated == (step == 5)
    assert "delay_s" not in info
    assert info["action_mask"].any()


def test_transformed_rewards():
    """A factor on rewards is a factor on the return, for one environment and for many."""
    plain = gym.make("SatLLMSplit-v0")
    env = wrappers.TransformReward(plain, lambda reward: 0.5 * reward)
    episode = walk(env, at_random(0), seed=0)
    assert episode.total == pytest.approx(0.5 * walk(plain, at_random(0), seed=0).total)
    envs, scaled = make_vec(), vector_wrappers.TransformReward(make_vec(), lambda rewards: 0.5 * rewards)
    _, infos = envs.reset(seed=0)
    scaled.reset(seed=0)
    actions = masked_actions(infos, np.random.default_rng(0))
    assert np.allclose(scaled.step(actions)[1], 0.5 * envs.step(actions)[1])


def test_rewards_in_units_of_the_instance():
    """In units of the reference a return is minus how many times the proven bound the delay is."""
    for seed in range(5):
        seconds = walk(gym.make("SatLLMSplit-v0", scenario="walker-dense"), at_random(seed), seed=seed)
        env = gym.make("SatLLMSplit-v0", scenario="walker-dense", reward_unit="reference")
        scaled = walk(env, at_random(seed), seed=seed)
        assert scaled.actions == seconds.actions
        assert scaled.total == pytest.approx(seconds.total / seconds.end["reference_s"])
        assert scaled.total <= -1 + 1e-9


def test_running_normalisation():
    """Gymnasium's running scale runs on both environments and keeps rewards' signs and order of size."""
    env = wrappers.NormalizeReward(gym.make("SatLLMSplit-v0"), gamma=1.0)
    rewards = []
    for seed in range(20):
        episode = walk(env, at_random(seed), seed=seed)
        assert (np.array(episode.rewards) <= 0).all()
        rewards.append(episode.total)
    assert 0 < np.std(rewards[10:]) < 10
    envs = vector_wrappers.NormalizeReward(make_vec())
    _, infos = envs.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(100):
        _, scaled, *_, infos = envs.step(masked_actions(infos, rng))
        assert np.isfinite(scaled).all()
        assert (scaled <= 0).all()


def test_flattening_the_graph():
    """The graph flattens to one vector and back."""
    env = GraphObservation(gym.make("SatLLMSplit-v0"))
    observation, _ = env.reset(seed=0)
    flat = gym.spaces.flatten(env.observation_space, observation)
    again = gym.spaces.unflatten(env.observation_space, flat)
    assert all(np.array_equal(again[name], observation[name]) for name in observation)


def test_record_video(tmp_path):
    """An episode that is asked for becomes a film, the others do not."""
    pytest.importorskip("moviepy", reason="needs the extra video")
    env = gym.make("SatLLMSplit-v0", problem=str(PROBLEMS / "tiny-ring.json"), render_mode="rgb_array")
    env = wrappers.RecordVideo(env, str(tmp_path / "films"), episode_trigger=lambda number: number == 1)
    for seed in range(3):
        walk(env, at_random(seed), seed=seed)
    env.close()
    (film,) = tmp_path.glob("films/*.mp4")
    assert film.name == "rl-video-episode-1.mp4"
    assert film.stat().st_size > 1000


def test_record_vector_video(tmp_path):
    """The vector environment's walks are filmed side by side."""
    pytest.importorskip("moviepy", reason="needs the extra video")
    envs = gym.make_vec(
        "SatLLMSplit-v0",
        num_envs=2,
        problem=str(PROBLEMS / "tiny-ring.json"),
        render_mode="rgb_array",
    )
    envs = vector_wrappers.RecordVideo(
        envs, str(tmp_path / "films"), video_length=3, step_trigger=lambda n: n == 0
    )
    _, infos = envs.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(4):
        *_, infos = envs.step(masked_actions(infos, rng))
    envs.close()
    (film,) = tmp_path.glob("films/*.mp4")
    assert film.stat().st_size > 1000
