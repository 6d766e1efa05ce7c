"""`DictObservation`: the flat observation in named parts, for one environment and for many."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from satllm_env.envs.observation import Singles
from satllm_env.envs.vector import SatLLMSplitVectorEnv
from satllm_env.envs.vector_infos import objects
from satllm_env.envs.wrappers.parts import dict_space, mask_box, parts_of, split_of, take_apart
from satllm_env.problem.instance import Bools

Parts = dict[str, Any]
"""Arrays by name."""


class DictObservation(gym.Wrapper[Parts, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Show the observation as a dictionary of named parts.

    The parts are ``request`` (5,), ``node`` (2,), ``walk`` (3,), ``left`` (2,), ``accuracy`` (3,),
    ``links`` (D, 8) and ``levels`` (Q, 4), after `LookaheadObservation` also ``lookahead``
    (1 + D·Q, 3). They stand in the order of the flat observation, so
    `gymnasium.wrappers.FlattenObservation` gives it back.

    Args:
        env: a `SatLLMSplit-v0` environment, or one in `LookaheadObservation`.
        action_mask: whether the mask, (1 + D·Q,) int8, is a part too, the last.

    Raises:
        TypeError: `env` is another environment, or shows something else.
    """

    def __init__(self, env: gym.Env[Any, Any], action_mask: bool = False) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, action_mask=action_mask)
        super().__init__(env)
        self._split, self._parts = split_of(env, "DictObservation")
        self._with_mask = action_mask
        shown = dict_space(self._parts)
        if action_mask:
            shown["action_mask"] = mask_box(self._split.layout.num_actions)
        self.observation_space = spaces.Dict(shown, sort_keys=False)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Parts, dict[str, Any]]:
        """Reset the environment."""
        flat, info = self.env.reset(seed=seed, options=options)
        return self._observe(flat, info), info

    def step(self, action: Any) -> tuple[Parts, float, bool, bool, dict[str, Any]]:
        """Make one move."""
        flat, reward, terminated, truncated, info = self.env.step(action)
        return self._observe(flat, info), float(reward), terminated, truncated, info

    def action_masks(self) -> Bools:
        """(1 + D·Q,) the environment's mask."""
        return self._split.action_masks()

    def _observe(self, flat: Any, info: dict[str, Any]) -> Parts:
        parts: Parts = {**take_apart(self._parts, flat)}
        if self._with_mask:
            parts["action_mask"] = info["action_mask"].copy()
        return parts


class VectorDictObservation(
    VectorWrapper[Parts, NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]],
    gym.utils.RecordConstructorArgs,
):
    """`DictObservation` over the vector environment: the same parts, behind an axis of environments.

    Under ``"SameStep"``, ``infos["final_obs"]`` holds the dictionaries of the walks that have ended;
    their masks stand in ``infos["final_info"]``, as without the wrapper.

    Args:
        env: the vector environment of `SatLLMSplit-v0`.
        action_mask: whether the masks, (num_envs, 1 + D·Q) int8, are a part too, the last.

    Raises:
        TypeError: `env` is another environment, or shows something else.
    """

    def __init__(
        self, env: VectorEnv[NDArray[Any], NDArray[Any], NDArray[Any]], action_mask: bool = False
    ) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, action_mask=action_mask)
        super().__init__(env)
        inner = env.unwrapped
        if not isinstance(inner, SatLLMSplitVectorEnv):
            raise TypeError("VectorDictObservation wraps the vector environment of SatLLMSplit-v0 only")
        if env.single_observation_space != inner.layout.space:
            raise TypeError("VectorDictObservation wraps the plain observation only")
        self._split: SatLLMSplitVectorEnv = inner
        self._parts, self._with_mask = parts_of(inner.layout), action_mask
        shown = dict_space(self._parts)
        if action_mask:
            shown["action_mask"] = mask_box(inner.layout.num_actions)
        self.single_observation_space = spaces.Dict(shown, sort_keys=False)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Parts, dict[str, Any]]:
        """Begin walks."""
        flat, infos = self.env.reset(seed=seed, options=options)
        return self._observe(flat), infos

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[Parts, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Make one move of every walk."""
        flat, rewards, terminated, truncated, infos = self.env.step(actions)
        if "final_obs" in infos:
            infos = infos | {"final_obs": objects(map(self._final, infos["final_obs"]))}
        return self._observe(flat), rewards, terminated, truncated, infos

    def action_masks(self) -> Bools:
        """(num_envs, 1 + D·Q) the environments' masks."""
        return self._split.action_masks()

    def _observe(self, flat: Singles) -> Parts:
        parts: Parts = {**take_apart(self._parts, flat)}
        if self._with_mask:
            parts["action_mask"] = self.action_masks().astype(np.int8)
        return parts

    def _final(self, flat: Singles | None) -> Parts | None:
        return None if flat is None else {**take_apart(self._parts, flat)}
