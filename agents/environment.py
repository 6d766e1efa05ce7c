"""The environments that agents learn in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym

import satllm_env  # noqa: F401  registers SatLLMSplit-v0
from satllm_env.envs import LookaheadObservation
from satllm_env.scenarios import Scenario, load_scenario

TRAINING_SEEDS_FROM = 10**9
"""Training draws its instances from seeds above this; seeds below are for evaluation alone."""


def make_env(
    scenario: str | Scenario = "paper", *, num_slots: int | None = None, num_levels: int | None = None
) -> LookaheadObservation:
    """A split environment as agents see it: estimates observed, rewards in units of the reference delay."""
    return LookaheadObservation(make_plain_env(scenario, num_slots=num_slots, num_levels=num_levels))


def make_plain_env(
    scenario: str | Scenario = "paper", *, num_slots: int | None = None, num_levels: int | None = None
) -> gym.Env[Any, Any]:
    """The same without estimates."""
    return gym.make(
        "SatLLMSplit-v0",
        scenario=scenario,
        reward_unit="reference",
        num_slots=num_slots,
        num_levels=num_levels,
    )


def action_space_of(scenarios: tuple[str, ...]) -> tuple[int, int]:
    """Slots and levels that serve every one of some scenarios."""
    loaded = [load_scenario(name) for name in scenarios]
    return max(s.num_slots for s in loaded), max(s.num_levels for s in loaded)


def env_makers(scenarios: tuple[str, ...], count: int) -> list[Callable[[], gym.Env[Any, Any]]]:
    """Constructors of `count` environments that take turns among the scenarios, all of one shape."""
    slots, levels = action_space_of(scenarios)

    def maker(scenario: str) -> Callable[[], gym.Env[Any, Any]]:
        return lambda: make_env(scenario, num_slots=slots, num_levels=levels)

    return [maker(scenarios[i % len(scenarios)]) for i in range(count)]
