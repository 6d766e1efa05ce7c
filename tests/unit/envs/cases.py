"""Environments to test, and ways to walk them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import satllm_env  # noqa: F401  (registers the environment)
from satllm_env.scenarios import scenario_names

SCENARIOS = scenario_names()
PROBLEMS = Path(__file__).parents[2] / "data" / "problems"
WITH_PLAN = sorted(p for p in PROBLEMS.glob("*.json") if p.name not in ("optima.json", "no-plan.json"))
SOURCES = [
    *({"scenario": name} for name in SCENARIOS),
    *({"problem": str(path)} for path in WITH_PLAN),
]


def source_id(source):
    """Short name of an environment's arguments, for test reports."""
    return Path(next(iter(source.values()))).stem


def make(**kwargs):
    """The registered environment without Gymnasium's wrappers."""
    return gym.make("SatLLMSplit-v0", **kwargs).unwrapped


@dataclass
class Episode:
    """A walk from reset to its end."""

    observations: list[Any] = field(default_factory=list)
    infos: list[dict[str, Any]] = field(default_factory=list)
    actions: list[int] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)

    @property
    def end(self):
        """The last info."""
        return self.infos[-1]

    @property
    def total(self):
        """The undiscounted return."""
        return sum(self.rewards)


def walk(env, choose, **reset):
    """Walk until the end; `choose(info)` gives each action."""
    observation, info = env.reset(**reset)
    episode = Episode([observation], [info])
    over = False
    while not over:
        action = int(choose(info))
        observation, reward, over, truncated, info = env.step(action)
        assert not truncated
        episode.observations.append(observation)
        episode.infos.append(info)
        episode.actions.append(action)
        episode.rewards.append(reward)
    return episode


def at_random(seed):
    """Choose uniformly among unmasked actions."""
    rng = np.random.default_rng(seed)
    return lambda info: rng.choice(np.flatnonzero(info["action_mask"]))


def in_turn(actions):
    """Choose given actions one after the other."""
    rest = iter(actions)
    return lambda info: next(rest)


class Bare(gym.Env):
    """A wrapped environment that passes for an unwrapped one: checkers refuse wrappers."""

    def __init__(self, env):
        self.env = env
        self.observation_space, self.action_space = env.observation_space, env.action_space
        self.metadata, self.render_mode, self.spec = env.metadata, env.render_mode, None

    def reset(self, *, seed=None, options=None):
        """As the wrapped one."""
        super().reset(seed=seed)
        result = self.env.reset(seed=seed, options=options)
        self.np_random = self.env.unwrapped.np_random
        return result

    def step(self, action):
        """As the wrapped one."""
        return self.env.step(action)

    def render(self):
        """As the wrapped one."""
        return self.env.render()
