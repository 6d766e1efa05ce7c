"""The spaces that an agent acts and observes in."""

from __future__ import annotations

from typing import Any, Literal

import gymnasium as gym

from agents.environment import action_space_of, make_env, make_plain_env
from satllm_env.envs.lookahead import ACTION_FEATURES
from satllm_env.envs.observation import ObservationLayout
from satllm_env.problem.schema import Count, Form
from satllm_env.scenarios import Scenario

Observation = Literal["plain", "lookahead"]
"""The environment's own, or with the estimates of `LookaheadObservation`."""


class Spaces(Form):
    """Action space and observation: what has to agree for one agent to serve several scenarios."""

    num_slots: Count
    num_levels: Count
    observation: Observation = "lookahead"

    @classmethod
    def of(cls, scenarios: tuple[str, ...], observation: Observation = "lookahead") -> Spaces:
        """The smallest that serve every one of some scenarios.

        Raises:
            InputError: no such scenario, or its file is wrong.
        """
        slots, levels = action_space_of(scenarios)
        return cls(num_slots=slots, num_levels=levels, observation=observation)

    @property
    def num_actions(self) -> int:
        """1 + D·Q."""
        return self._layout.num_actions

    @property
    def observation_size(self) -> int:
        """Entries of an observation."""
        added = ACTION_FEATURES * self.num_actions if self.observation == "lookahead" else 0
        return self._layout.size + added

    def make_env(self, scenario: str | Scenario) -> gym.Env[Any, Any]:
        """An environment with these spaces, rewards in units of the reference delay."""
        make = make_env if self.observation == "lookahead" else make_plain_env
        return make(scenario, num_slots=self.num_slots, num_levels=self.num_levels)

    def __str__(self) -> str:
        """For messages."""
        return f"{self.num_slots} slots, {self.num_levels} levels, {self.observation} observation"

    @property
    def _layout(self) -> ObservationLayout:
        return ObservationLayout(self.num_slots, self.num_levels)
