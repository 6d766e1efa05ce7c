"""A policy's walk over one instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from satllm_env.envs import SatLLMSplitEnv
from satllm_env.problem import Plan
from satllm_env.scenarios import Sample

Choose = Callable[[Any, NDArray[np.bool_]], int]
"""From an observation and the mask to an action."""


def walk(env: gym.Env[Any, Any], sample: Sample, choose: Choose) -> Plan | None:
    """Walk an instance and return the plan that it amounts to, None where the walk gets stuck.

    Args:
        env: a `SatLLMSplit-v0` environment, wrappers included, whose spaces serve the instance.
        sample: the instance.
        choose: the policy.

    Raises:
        InputError: the instance needs more slots or levels than the action space has.
        NoPlanError: no walk reaches the destination, as far as bounds tell.
    """
    split = env.unwrapped
    assert isinstance(split, SatLLMSplitEnv)
    observation, _ = env.reset(seed=0, options={"problem": sample})
    over = False
    while not over:
        observation, _, terminated, truncated, _ = env.step(choose(observation, split.action_masks()))
        over = terminated or truncated
    return Plan.from_walk(split.walk) if split.walk.finished else None
