"""`LookaheadObservation`: the observation with, for every action, how good the relaxed tables find it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs.actions import COMPUTE
from satllm_env.envs.lookahead import (
    ACTION_FEATURES,
    NUM_TABLES,
    Guide,
    estimate_moves,
    guide_of,
    look_out,
    make_outlook,
    write_features,
)
from satllm_env.envs.lookahead_tables import make_desk
from satllm_env.envs.split import SatLLMSplitEnv
from satllm_env.problem.instance import Bools, Floats


class LookaheadObservation(
    gym.Wrapper[NDArray[Any], Any, NDArray[Any], Any], gym.utils.RecordConstructorArgs
):
    """Append three entries per action to the observation: unmasked, and 1 − regret on two scales.

    The regret of an action is how far its expected delay lies above the best action's. The expected
    delay comes from backward tables over what is left to the walk (`satllm_env.envs.lookahead`), which
    are built anew whenever the payload moves; they know the accuracy budget by a price and let future
    stages share a processor, so the best estimate is a good move, not the optimal one. Once the walk is
    over, all entries of actions are 0.

    Args:
        env: a `SatLLMSplit-v0` environment.

    Raises:
        TypeError: `env` is another environment.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        gym.utils.RecordConstructorArgs.__init__(self)  # so that the spec can be made again
        super().__init__(env)
        inner = env.unwrapped
        if not isinstance(inner, SatLLMSplitEnv):
            raise TypeError("LookaheadObservation wraps SatLLMSplit-v0 only")
        self.split: SatLLMSplitEnv = inner
        size = inner.layout.size + ACTION_FEATURES * inner.layout.num_actions
        self.observation_space = spaces.Box(0.0, 1.0, (size,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Reset the environment and build the instance's tables."""
        plain, info = self.env.reset(seed=seed, options=options)
        tables = self.split.instance.tables
        self.guide: Guide = guide_of(tables, float(self.split.left.least_s[-1]))
        self._desk = make_desk(
            tables.num_nodes, tables.num_layers, len(tables.link_source), tables.num_levels, NUM_TABLES
        )
        self._outlook = make_outlook(self.split.layout.num_slots, tables.num_layers, tables.num_levels)
        self._estimates = np.empty(self.split.layout.num_actions)
        self._look()
        return self._observe(plain, over=False), info

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Make one move; the tables are built anew where the payload has moved."""
        sent = len(self.split.walk.sends)
        plain, reward, terminated, truncated, info = self.env.step(action)
        if len(self.split.walk.sends) != sent and not terminated:
            self._look()
        return self._observe(plain, over=terminated), float(reward), terminated, truncated, info

    def action_masks(self) -> Bools:
        """(1 + D·Q,) the environment's mask."""
        return self.split.action_masks()

    @property
    def estimates(self) -> Floats:
        """(1 + D·Q,) [s] expected delay after each unmasked action, inf for the others."""
        return self._estimates.copy()

    def _look(self) -> None:
        split = self.split
        computes = bool(split.action_masks()[COMPUTE])
        look_out(split.terrain, self.guide, split.state, computes, self._desk, self._outlook)

    def _observe(self, plain: NDArray[np.float32], over: bool) -> NDArray[np.float32]:
        split, mask = self.split, self.split.action_masks()
        if over:  # nothing is left to estimate, though the mask always holds an action
            mask[:] = False
        levels = split.layout.num_levels
        estimate_moves(split.terrain, self.guide, split.state, self._outlook, levels, mask, self._estimates)
        observation = np.empty(len(plain) + ACTION_FEATURES * len(mask), np.float32)
        observation[: len(plain)] = plain
        write_features(mask, self._estimates, observation[len(plain) :])
        return observation
