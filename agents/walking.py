"""A policy's walk over one instance."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from planners.result import Result
from satllm_env.envs import SatLLMSplitEnv
from satllm_env.errors import NoPlanError
from satllm_env.problem import Plan
from satllm_env.scenarios import Sample

Choose = Callable[[Any, NDArray[np.bool_]], int]
"""From an observation and the mask to an action."""

Draw = Callable[[Any, NDArray[np.bool_], np.random.Generator | None], int]
"""The same; the best action, or one drawn where there is a generator."""


def plan_by_walking(name: str, env: gym.Env[Any, Any], sample: Sample, act: Draw, drawn_walks: int) -> Result:
    """Walk an instance by the best action of every state; infeasible where every attempt gets stuck.

    The mask cannot rule out every dead end. A walk that gets stuck is followed by some that draw their
    moves, with fixed seeds; the best that finishes is taken.

    Args:
        name: of the policy, for the result.
        env: as for `walk`.
        sample: the instance.
        act: the policy.
        drawn_walks: after one that gets stuck.

    Raises:
        InputError: the instance needs more slots or levels than the action space has.
    """

    def attempt(rng: np.random.Generator | None) -> Plan | None:
        return walk(env, sample, lambda observation, mask: act(observation, mask, rng))

    begin = time.perf_counter()
    try:
        plan = attempt(None)
        if plan is None:
            walks = (attempt(np.random.default_rng(seed)) for seed in range(drawn_walks))
            plans = [found for found in walks if found is not None]
            plan = min(plans, key=lambda found: found.delay_s, default=None)
    except NoPlanError as error:
        return Result(name, "infeasible", None, 0.0, time.perf_counter() - begin, str(error))
    taken = time.perf_counter() - begin
    if plan is None:
        return Result(name, "infeasible", None, 0.0, taken, "every walk got stuck")
    return Result(name, "feasible", plan, 0.0, taken)


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
