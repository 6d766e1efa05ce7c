"""A vector environment of Gymnasium as one of Stable-Baselines3."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from satllm_env.errors import InputError

MASKS = "action_masks"
"""The method by which sb3-contrib asks for masks."""


class SB3VectorEnv(VecEnv):
    """Runs PPO, and MaskablePPO of sb3-contrib, on environments that a `VectorEnv` steps together.

    An episode's last info has what the environment says at its end, ``terminal_observation``,
    ``TimeLimit.truncated`` and ``episode`` (return ``r``, length ``l``, seconds since the start ``t``), so
    that learning curves show in TensorBoard without a `VecMonitor`.

    Args:
        env: resets environments in the step in which their episodes end; masks are taken from
            ``infos["action_mask"]``, where there are any.

    Raises:
        InputError: `env` has another autoreset mode than SAME_STEP.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        if env.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
            raise InputError("autoreset_mode", "", "must be SAME_STEP for Stable-Baselines3")
        self.env = env
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self._masks: NDArray[np.bool_] | None = None
        self._returns, self._lengths = np.zeros(env.num_envs), np.zeros(env.num_envs, np.int64)
        self._start = time.perf_counter()

    def reset(self) -> Any:
        """Begin all episodes, with the seed of `seed` if it was called since."""
        observations, infos = self.env.reset(seed=self._seeds[0], options=self._options[0] or None)
        self._reset_seeds()
        self._reset_options()
        self._keep_masks(infos)
        self._returns[:], self._lengths[:] = 0.0, 0
        self.reset_infos = [{} for _ in range(self.num_envs)]
        return observations

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> Any:
        """Step, and hand out observations, rewards, ends and a dictionary per environment."""
        observations, rewards, terminated, truncated, infos = self.env.step(self._actions)
        self._keep_masks(infos)
        self._returns += rewards
        self._lengths += 1
        over = terminated | truncated
        said: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(over).tolist():
            said[i] = self._last_info(i, infos, bool(truncated[i] and not terminated[i]))
        self._returns[over], self._lengths[over] = 0.0, 0
        return observations, rewards.astype(np.float32), over, said

    def close(self) -> None:
        """Close the environments."""
        self.env.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute of the vector environment, once for each environment asked for."""
        if attr_name == MASKS and self._masks is not None:
            return [partial(self.env_method, MASKS, indices=i) for i in self._get_indices(indices)]
        value = getattr(self.env, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Environments that are stepped together have no attributes of their own."""
        raise NotImplementedError("attributes are set on the vector environment")

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """The masks of the environments asked for; there is no other method.

        Raises:
            AttributeError: another method is asked for.
        """
        if method_name != MASKS:
            raise AttributeError(
                f"environments that are stepped together have no {method_name!r} of their own"
            )
        masks = getattr(self.env, MASKS)() if self._masks is None else self._masks
        return [masks[i] for i in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """True for `Monitor`, whose work is done here; environments have no wrappers of their own."""
        return [issubclass(wrapper_class, Monitor) for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[NDArray[Any] | None]:
        """A picture of every environment."""
        return [np.asarray(frame) for frame in self.env.render() or ()]

    def _keep_masks(self, infos: dict[str, Any]) -> None:
        if "action_mask" in infos:
            self._masks = infos["action_mask"].astype(np.bool_)

    def _last_info(self, i: int, infos: dict[str, Any], truncated: bool) -> dict[str, Any]:
        final = infos["final_info"]
        return {
            **{key: value[i] for key, value in final.items() if f"_{key}" in final and final[f"_{key}"][i]},
            "terminal_observation": infos["final_obs"][i],
            "TimeLimit.truncated": truncated,
            "episode": {
                "r": float(self._returns[i]),
                "l": int(self._lengths[i]),
                "t": round(time.perf_counter() - self._start, 6),
            },
        }
