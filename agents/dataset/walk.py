"""One optimal walk: a proven plan, replayed in the environment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.spaces import Spaces
from planners import solve
from satllm_env.envs import SatLLMSplitEnv
from satllm_env.scenarios import load_scenario


@dataclass(frozen=True, eq=False)
class OptimalWalk:
    """What an agent sees, does and gets on the way of an optimal plan."""

    scenario: str
    """Its name."""
    seed: int
    """Of the instance: the one that ``load_scenario(scenario).sample(seed)`` draws."""
    observations: NDArray[np.float32]  # (steps, features)
    masks: NDArray[np.bool_]  # (steps, actions)
    actions: NDArray[np.int64]  # (steps,)
    rewards: NDArray[np.float64]  # (steps,) in units of the reference delay
    delay_s: float
    reference_s: float
    gap_pct: float
    """[%] of the delay above the planner's lower bound."""

    @property
    def returns(self) -> NDArray[np.float64]:
        """(steps,) what is still to come, this step's reward included; undiscounted."""
        return np.cumsum(self.rewards[::-1])[::-1]


def walk_optimally(scenario: str, spaces: Spaces, seed: int, deadline_s: float) -> OptimalWalk | None:
    """Plan an instance and walk the plan; None where it is not proven optimal in time.

    Args:
        scenario: name or file of a scenario.
        spaces: what the walk is seen in.
        seed: of the instance.
        deadline_s: [s] for the planner.
    """
    env = spaces.make_env(scenario)
    split = env.unwrapped
    assert isinstance(split, SatLLMSplitEnv)
    observation, info = env.reset(seed=seed)
    result = solve(split.instance, deadline_s=deadline_s)
    if result.status != "optimal" or result.plan is None:
        return None
    observations, masks, rewards = [], [], []
    actions = split.actions_of(result.plan.steps)
    for action in actions:
        observations.append(observation)
        masks.append(info["action_mask"].astype(np.bool_))
        observation, reward, _, _, info = env.step(action)
        rewards.append(reward)
    return OptimalWalk(
        scenario=load_scenario(scenario).name,
        seed=seed,
        observations=np.stack(observations),
        masks=np.stack(masks),
        actions=np.array(actions),
        rewards=np.array(rewards, np.float64),
        delay_s=info["delay_s"],
        reference_s=info["reference_s"],
        gap_pct=100.0 * result.gap,
    )
