"""`LookaheadObservation`: the observation with, for every action, how good the relaxed tables find it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numba
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs.lookahead import Lookahead, look_again, look_ahead, move_estimates
from satllm_env.envs.observation import squash
from satllm_env.envs.split import SatLLMSplitEnv
from satllm_env.problem.instance import Bools, Floats

ACTION_FEATURES = 3
FINE_PIVOT, COARSE_PIVOT = 0.01, 0.1
"""Regrets of 1 % and 10 % of the best estimate map to one half."""


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
        self._first = look_ahead(tables, float(self.split.left.least_s[-1]))
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
        walk, tables = self.split.walk, self.split.instance.tables
        used_nodes, used_links, here = walk.used_nodes, walk.used_links, walk.node
        self._now = look_again(tables, self._first, used_nodes, used_links, -1)
        served = used_nodes[here] or not self.split.instance.can_compute[here]
        self._after: Lookahead = (
            self._now if served else look_again(tables, self._first, used_nodes, used_links, here)
        )

    def _observe(self, plain: NDArray[np.float32], over: bool) -> NDArray[np.float32]:
        walk, mask = self.split.walk, self.split.action_masks()
        if over:  # nothing is left to estimate, though the mask always holds an action
            mask[:] = False
        self._estimates = move_estimates(
            self.split.instance.tables,
            self._now,
            self._after,
            self.split.left,
            self.split.slots,
            walk.ints,
            walk.reals,
            mask,
        )
        return np.concatenate((plain, action_features(mask, self._estimates)))


@numba.njit(cache=True)
def action_features(mask: Bools, estimates: Floats) -> NDArray[np.float32]:
    """(3 · actions,) unmasked, and 1 − regret on two scales."""
    out = np.zeros((len(mask), ACTION_FEATURES), np.float32)
    best = np.min(estimates)
    for action in range(len(mask)):
        if mask[action]:
            regret = (estimates[action] - best) / best if 0.0 < best < np.inf else 0.0
            out[action, 0] = 1.0
            out[action, 1] = 1.0 - squash(regret, FINE_PIVOT)
            out[action, 2] = 1.0 - squash(regret, COARSE_PIVOT)
    return out.reshape(-1)
