"""Vector environments of Gymnasium under Stable-Baselines3."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.evaluation import evaluate_policy
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3 import PPO
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import DummyVecEnv
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import satllm_env  # noqa: F401  (registers the environment)
from agents.vector_env import SB3VectorEnv
from satllm_env.envs import SatLLMSplitEnv
from satllm_env.errors import InputError


def make(**kwargs: Any) -> SB3VectorEnv:
    """Four environments of a scenario whose walks are short."""
    arguments = {"scenario": "paper-ground", "pool_size": 4, "reward_unit": "reference", **kwargs}
    return SB3VectorEnv(gym.make_vec("SatLLMSplit-v0", num_envs=4, autoreset_mode="SameStep", **arguments))


@pytest.mark.parametrize("algorithm", [PPO, MaskablePPO])
def test_learning_curves_reach_tensorboard(algorithm: Any, tmp_path: Path) -> None:
    """PPO, which pays for illegal moves, and MaskablePPO learn; return, length and success are recorded."""
    env = make(on_illegal="penalty" if algorithm is PPO else "raise")
    model = algorithm("MlpPolicy", env, n_steps=32, batch_size=64, n_epochs=1, seed=0, device="cpu")
    model.set_logger(configure(str(tmp_path), ["tensorboard"]))
    model.learn(256)
    assert model.num_timesteps == 256
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert tags >= {"rollout/ep_rew_mean", "rollout/ep_len_mean", "rollout/success_rate", "train/loss"}
    assert all(event.value < 0 for event in events.Scalars("rollout/ep_rew_mean"))


def test_a_masked_policy_makes_no_illegal_move() -> None:
    """What MaskablePPO predicts with the adapter's masks is always legal; it can be evaluated as well."""
    envs = make()
    model = MaskablePPO("MlpPolicy", envs, n_steps=32, batch_size=64, n_epochs=1, seed=0, device="cpu")
    assert is_masking_supported(envs)
    observations, ended = envs.reset(), 0
    for _ in range(60):
        actions, _ = model.predict(observations, action_masks=get_action_masks(envs))
        observations, _, over, infos = envs.step(actions)
        assert all(info["illegal_move"] is None for info, end in zip(infos, over, strict=True) if end)
        ended += int(over.sum())
    assert ended > 0
    mean, _ = evaluate_policy(model, envs, n_eval_episodes=4)
    assert mean < 0


def test_equals_stable_baselines_own_loop() -> None:
    """Observations, rewards, ends, masks and last infos are those of `DummyVecEnv` over the same problem."""
    problem = Path(__file__).parents[2] / "data" / "problems" / "ring-12x5.json"
    envs = make(problem=str(problem), max_episode_steps=30)

    def single() -> gym.Env[Any, Any]:
        return gym.wrappers.TimeLimit(SatLLMSplitEnv(problem=problem, reward_unit="reference"), 30)

    expected = DummyVecEnv([single] * 4)
    rng = np.random.default_rng(0)
    envs.seed(1)
    assert np.array_equal(envs.reset(), expected.reset())
    returns, ended = np.zeros(4), 0
    for _ in range(150):
        masks = get_action_masks(envs)
        assert np.array_equal(masks, get_action_masks(expected))
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in masks])
        mine, theirs = envs.step(actions), expected.step(actions)
        for one, other in zip(mine[:3], theirs[:3], strict=True):
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)
        returns += mine[1]
        for i in np.flatnonzero(mine[2]).tolist():
            info, other_info = mine[3][i], theirs[3][i]
            assert info["episode"]["r"] == pytest.approx(returns[i], rel=1e-6)
            assert np.array_equal(info["terminal_observation"], other_info["terminal_observation"])
            assert info["TimeLimit.truncated"] == other_info["TimeLimit.truncated"]
            assert set(info) - {"episode"} == set(other_info)
            assert info.get("delay_s") == other_info.get("delay_s")
            assert info.get("plan") == other_info.get("plan")
            returns[i], ended = 0.0, ended + 1
    assert ended > 4


def test_environments_reset_in_the_same_step_only() -> None:
    """Stable-Baselines3 needs the next observation at once, so another mode is refused."""
    with pytest.raises(InputError, match="autoreset_mode: must be SAME_STEP"):
        SB3VectorEnv(gym.make_vec("SatLLMSplit-v0", num_envs=1, pool_size=1))


def test_runs_gymnasiums_own_vector_environments_as_well() -> None:
    """Any vector environment will do; without masks none are offered."""
    envs = SB3VectorEnv(
        gym.make_vec(
            "CartPole-v1",
            num_envs=2,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP},
        )
    )
    assert not is_masking_supported(envs)
    with pytest.raises(AttributeError, match="'reset'"):
        envs.env_method("reset")
    PPO("MlpPolicy", envs, n_steps=16, batch_size=32, n_epochs=1, device="cpu").learn(32)
    envs.close()


def test_draws_environments() -> None:
    """Pictures of all environments are tiled by Stable-Baselines3."""
    envs = make(render_mode="rgb_array")
    envs.reset()
    assert len(envs.get_images()) == 4
    picture = envs.render()
    assert picture is not None
    assert picture.ndim == 3
