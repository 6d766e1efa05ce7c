"""Which optimal walks to collect."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from agents.environment import TRAINING_SEEDS_FROM
from agents.spaces import Observation, Spaces
from satllm_env.errors import InputError
from satllm_env.problem.schema import Count, Form, Name, Positive
from satllm_env.scenarios import load_scenario

SHARD_EPISODES = 500


class WalkRequest(Form):
    """What decides the walks of a dataset."""

    scenarios: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names or files; they take turns."""
    episodes: Count
    """Instances planned, over all scenarios together; those not proven optimal are left out."""
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
    """Instances of different seeds differ, where the number of episodes is the same."""
    deadline_s: Positive
    """[s] for the planner, per instance."""
    observation: Observation = "lookahead"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.seed + 1) * self.episodes > TRAINING_SEEDS_FROM:
            raise ValueError(f"seed and episodes ask for instances beyond seed {2 * TRAINING_SEEDS_FROM}")
        return self

    def spaces(self) -> Spaces:
        """The spaces that serve all of the scenarios."""
        return Spaces.of(self.scenarios, self.observation)

    def instance(self, number: int) -> tuple[str, int]:
        """Scenario and seed of an episode's instance."""
        first = TRAINING_SEEDS_FROM + self.seed * self.episodes
        return self.scenarios[number % len(self.scenarios)], first + number

    def shards(self) -> list[range]:
        """The episodes of each shard."""
        starts = range(0, self.episodes, SHARD_EPISODES)
        return [range(start, min(start + SHARD_EPISODES, self.episodes)) for start in starts]

    def scenario_hashes(self) -> dict[str, str]:
        """Name of each scenario and the SHA-256 of what its file says, defaults included.

        Raises:
            InputError: two of them have one name.
        """
        hashes: dict[str, str] = {}
        for given in self.scenarios:
            scenario = load_scenario(given)
            if hashes.setdefault(scenario.name, scenario.sha256) != scenario.sha256:
                raise InputError(given, "name", f"{scenario.name!r} is another scenario's name too")
        return hashes

    def identity(self) -> dict[str, Any]:
        """What a shard has to agree with to belong to this request."""
        return {
            "request": self.model_dump(mode="json"),
            "spaces": self.spaces().model_dump(mode="json"),
            "scenarios": self.scenario_hashes(),
        }
