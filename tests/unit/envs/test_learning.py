"""Test that a maskable policy learns on the plain environment; the page's example has the wrapper."""

import gymnasium as gym
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks
from stable_baselines3.common.vec_env import DummyVecEnv

import satllm_env  # noqa: F401  (registers the environment)


def test_maskable_ppo_learns():
    """MaskablePPO takes 128 steps over two scenarios and then walks without an illegal action."""
    names = ("paper", "walker-dense")

    def maker(name):
        return lambda: gym.make("SatLLMSplit-v0", scenario=name, reward_unit="reference")

    vector = DummyVecEnv([maker(name) for name in names])
    model = MaskablePPO("MlpPolicy", vector, n_steps=64, batch_size=64, n_epochs=1, seed=0, device="cpu")
    model.learn(128)
    assert model.num_timesteps == 128
    observations = vector.reset()
    for _ in range(20):
        actions, _ = model.predict(observations, action_masks=get_action_masks(vector))
        observations, _, over, infos = vector.step(actions)
        assert all(info["illegal_move"] is None for info, end in zip(infos, over, strict=True) if end)
    vector.close()
