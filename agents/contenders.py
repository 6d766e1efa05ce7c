"""Who takes part in a comparison, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from agents.evaluation import Contender
from agents.guide.policy import GuidePolicy
from agents.learned import AnyPolicy, load_policy, load_shipped, shipped_names
from agents.plugins import is_plugin, plugin
from agents.policy_files import CARD
from planners import Result, planner_kind, planner_names, solve
from satllm_env.errors import InputError
from satllm_env.scenarios import Sample

OPTIMUM = "astar"
"""The exact planner that gaps are measured against."""

SWEEPS = "@"
"""Between a guide's name and how many sweeps it makes."""

EXHAUSTIVE = "exhaustive"
"""The reference that tries every walk, for tiny instances alone."""


def default_names() -> tuple[str, ...]:
    """Every planner and baseline that any instance is small enough for, then the shipped policies."""
    return (*(name for name in planner_names() if name != EXHAUSTIVE), *shipped_names())


def contender(name: str, seed: int, deadline_s: float | None) -> Contender:
    """A planner, a baseline, a shipped policy, the policy in a run's folder, or one from outside.

    Args:
        name: its name, a folder, or ``module:name`` of a class or function (`agents.plugins`). Behind the
            name of a guide ``@16`` asks for 16 sweeps.
        seed: for planners that draw.
        deadline_s: [s] per instance, for the exact planner.

    Raises:
        InputError: there is nothing of that name, or its files are damaged.
    """
    if name in planner_names():
        return Contender(name, planner_kind(name), partial(_solve, name, seed, deadline_s))
    alone, _, sweeps = name.partition(SWEEPS)
    policy = trained(alone)
    if policy is not None and (not sweeps or sweeps.isdecimal()):
        return Contender(name, "learned", _planner(policy, name, sweeps))
    if is_plugin(name):
        return plugin(name)
    known = ", ".join(default_names())
    raise InputError(
        "--policies", name, f"unknown; known are {known}, the folder of a training run, or module:name"
    )


def trained(name: str) -> AnyPolicy | None:
    """A shipped policy, or that in a run's folder; None where there is none."""
    if name in shipped_names():
        return load_shipped(name)
    folder = Path(name)
    for place in (folder, folder / "best"):
        if (place / CARD).exists():
            return load_policy(place)
    return None


def _planner(policy: AnyPolicy, name: str, sweeps: str) -> Callable[[Sample], Result]:
    if not sweeps:
        return policy.plan
    if not isinstance(policy, GuidePolicy) or int(sweeps) < 1:
        raise InputError("--policies", name, "only guides make sweeps, and one at the least")
    return partial(policy.plan_best, sweeps=int(sweeps))


def _solve(name: str, seed: int, deadline_s: float | None, sample: Sample) -> Result:
    return solve(sample.instance, name, deadline_s=deadline_s, seed=seed)
