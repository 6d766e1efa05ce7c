"""Who takes part in a comparison, by name."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from agents.evaluation import Contender
from agents.learned import CARD, LearnedPolicy, load_policy, load_shipped, shipped_names
from agents.plugins import is_plugin, plugin
from planners import Result, planner_kind, planner_names, solve
from satllm_env.errors import InputError
from satllm_env.scenarios import Sample

OPTIMUM = "astar"
"""The exact planner that gaps are measured against."""

EXHAUSTIVE = "exhaustive"
"""The reference that tries every walk, for tiny instances alone."""


def default_names() -> tuple[str, ...]:
    """Every planner and baseline that any instance is small enough for, then the shipped policies."""
    return (*(name for name in planner_names() if name != EXHAUSTIVE), *shipped_names())


def contender(name: str, seed: int, deadline_s: float | None) -> Contender:
    """A planner, a baseline, a shipped policy, the policy in a run's folder, or one from outside.

    Args:
        name: its name, a folder, or ``module:name`` of a class or function (`agents.plugins`).
        seed: for planners that draw.
        deadline_s: [s] per instance, for the exact planner.

    Raises:
        InputError: there is nothing of that name, or its files are damaged.
    """
    if name in planner_names():
        return Contender(name, planner_kind(name), partial(_solve, name, seed, deadline_s))
    if name in shipped_names():
        return _learned(load_shipped(name), name)
    folder = Path(name)
    for place in (folder, folder / "best"):
        if (place / CARD).exists():
            return _learned(load_policy(place), name)
    if is_plugin(name):
        return plugin(name)
    known = ", ".join(default_names())
    raise InputError(
        "--policies", name, f"unknown; known are {known}, the folder of a training run, or module:name"
    )


def _learned(policy: LearnedPolicy, name: str) -> Contender:
    return Contender(name, "learned", policy.plan)


def _solve(name: str, seed: int, deadline_s: float | None, sample: Sample) -> Result:
    return solve(sample.instance, name, deadline_s=deadline_s, seed=seed)
