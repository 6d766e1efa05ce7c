"""Planners and policies from outside the project, by ``module:name``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from agents.evaluation import BrokenPlanError, Contender
from agents.walking import walk
from planners import Result
from satllm_env.envs import SatLLMSplitEnv
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Instance, Plan, evaluate
from satllm_env.scenarios import Sample


class Policy(Protocol):
    """What a class given as ``module:Class`` has; it is made without arguments."""

    def make_env(self) -> gym.Env[Any, Any]:
        """The `SatLLMSplit-v0` environment that it walks in, its own wrappers included."""

    def act(self, observation: Any, action_mask: NDArray[np.bool_]) -> int:
        """An unmasked action."""


Planner = Callable[[Instance], Plan | None]
"""What a function given as ``module:function`` is; None where it finds no plan."""


def is_plugin(name: str) -> bool:
    """Whether a contender's name has the form ``module:name``."""
    module, colon, attribute = name.partition(":")
    return bool(colon) and attribute.isidentifier() and all(part.isidentifier() for part in module.split("."))


def plugin(name: str) -> Contender:
    """A policy (class) or a planner (function) by ``module:name``.

    Modules are looked for as Python does, then in the working directory. Plans of planners are walked
    again by the rules, so that what they claim of delay and loss does not count.

    Raises:
        InputError: there is no such module or name, or it is neither.
    """
    found = _load(name)
    if isinstance(found, type):
        policy = found()
        for method in ("make_env", "act"):
            if not callable(getattr(policy, method, None)):
                raise InputError("--policies", name, f"has no method {method}")
        return Contender(name, "learned", _timed(name, _policy_plan(name, policy)))
    if not callable(found):
        raise InputError("--policies", name, "is neither a class nor a function")
    return Contender(name, "planner", _timed(name, lambda sample: _checked(name, found, sample.instance)))


def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise InputError("--policies", name, f"cannot be imported: {error}") from None
    except AttributeError:
        raise InputError("--policies", name, f"the module has no {attribute!r}") from None


def _policy_plan(name: str, policy: Policy) -> Callable[[Sample], Plan | None]:
    env = policy.make_env()
    if not isinstance(env.unwrapped, SatLLMSplitEnv):
        raise InputError("--policies", name, "make_env() gives no SatLLMSplit-v0 environment")

    def choose(observation: Any, mask: NDArray[np.bool_]) -> int:
        action = int(policy.act(observation, mask))
        if not (0 <= action < len(mask) and mask[action]):
            raise BrokenPlanError("--policies", name, f"chose action {action}, which is masked")
        return action

    return lambda sample: walk(env, sample, choose)


def _checked(name: str, planner: Planner, instance: Instance) -> Plan | None:
    plan = planner(instance)
    if plan is None:
        return None
    if not isinstance(plan, Plan):
        raise InputError("--policies", name, f"returned a {type(plan).__name__}, not a Plan or None")
    try:
        return evaluate(instance, plan.steps, name)
    except InputError as error:
        raise BrokenPlanError(error.source, error.field, error.problem) from None


def _timed(name: str, plan: Callable[[Sample], Plan | None]) -> Callable[[Sample], Result]:
    def run(sample: Sample) -> Result:
        begin = time.perf_counter()
        try:
            found, reason = plan(sample), "found no plan"
        except NoPlanError as error:
            found, reason = None, str(error)
        taken = time.perf_counter() - begin
        if found is None:
            return Result(name, "infeasible", None, 0.0, taken, reason)
        return Result(name, "feasible", found, 0.0, taken)

    return run
