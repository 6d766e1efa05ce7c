"""The split problem as a PettingZoo game: whoever holds the payload decides what becomes of it.

Needs the extra `multiagent` (the library pettingzoo).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs.arguments import at_least
from satllm_env.envs.sources import FixedProblem
from satllm_env.envs.split import SatLLMSplitEnv
from satllm_env.errors import InputError
from satllm_env.optional import advice
from satllm_env.problem import Problem

try:
    from pettingzoo import AECEnv
    from pettingzoo.utils import wrappers
except ImportError:
    raise ModuleNotFoundError(advice("pettingzoo"), name="pettingzoo") from None

Seen = dict[str, NDArray[Any]]


class raw_env(AECEnv):  # type: ignore[misc]  # noqa: N801  (PettingZoo's name for it)
    """`SatLLMSplit-v0` with an agent on every node but the destination, which has nothing to decide.

    The agent of the node that holds the payload acts: it computes a layer and goes on acting, or sends
    the payload on, and the node at the link's end acts next. Actions, rewards and ends are those of
    `SatLLMSplitEnv`; the same actions give the same walk, and the rewards of all agents together are
    those of the walk, minus its delay in all.

    With one given `problem`, agents have the names of its nodes. A scenario draws other satellites at
    every reset; its agents are ``satellite_0``, ``satellite_1`` and so on up to the most that a request
    may have, of which each request takes the first ones for its satellites in their order. Every
    agent's info names its node (``infos[agent]["node"]``).

    Everyone sees the payload where it is, ``{"observation": …, "action_mask": …}``, by the flat
    observation of `SatLLMSplitEnv`; the mask of those who do not hold the payload is all 0. Once the
    walk is over, all masks hold action 0 alone, as in `SatLLMSplitEnv`. ``state()`` is the same flat
    observation, for critics that are shared.

    Args:
        shared_reward: every agent gets the walk's reward at every move, not only the one that acts. The
            rewards of all agents together are then that many times the walk's.
        max_cycles: moves after which the walk is truncated, by default none.
        **split: arguments of `SatLLMSplitEnv`.

    Raises:
        InputError: an argument is wrong.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        **SatLLMSplitEnv.metadata,
        "name": "satllm_split_v0",
        "is_parallelizable": False,
    }

    def __init__(self, shared_reward: bool = False, max_cycles: int | None = None, **split: Any) -> None:
        super().__init__()
        if max_cycles is not None:
            at_least(1, max_cycles, "max_cycles")
        self.split = SatLLMSplitEnv(**split)
        self.shared_reward, self.max_cycles = shared_reward, max_cycles
        self.render_mode = self.split.render_mode
        source = self.split.source
        self._named = isinstance(source, FixedProblem)
        if isinstance(source, FixedProblem):
            self.possible_agents = list(_agent_names(source.problem, named=True).values())
        else:
            self.possible_agents = [numbered(i) for i in range(source.max_nodes - 1)]
        self.state_space = self.split.layout.space
        self.observation_spaces = {agent: self._space() for agent in self.possible_agents}
        self.action_spaces = {
            agent: spaces.Discrete(self.split.layout.num_actions) for agent in self.possible_agents
        }
        self.agents: list[str] = []

    def observation_space(self, agent: str) -> spaces.Dict:
        """``observation``, the flat Box, and ``action_mask``, (1 + D·Q,) int8."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Discrete:
        """``Discrete(1 + D·Q)``."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Draw an instance and place the payload at its source.

        Args:
            seed: restarts the environment's generator.
            options: ``{"problem": Problem | Sample}`` walks that instance this once; others, which
                PettingZoo's own checks hand in, are left out with a warning.

        Raises:
            InputError: a problem that needs more slots, levels or agents.
            NoPlanError: no walk reaches the destination, as far as bounds tell.
        """
        self.agents = []  # until all of it has worked
        self._flat, info = self.split.reset(seed=seed, options=_known(options))
        self._agent_of = _agent_names(self.split.instance.problem, self._named)
        agents = list(self._agent_of.values())
        for agent in agents:
            if agent not in self.action_spaces:
                raise InputError("options", "problem", f"needs an agent {agent!r}, which there is not")
        self.agents, self._moves, self._skip_agent_selection = agents, 0, None
        self.rewards = dict.fromkeys(agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(agents, 0.0)
        self.terminations = dict.fromkeys(agents, False)
        self.truncations = dict.fromkeys(agents, False)
        self.agent_selection = self._holder()
        self._tell(info, over=False)

    def step(self, action: int | np.integer[Any] | None) -> None:
        """Make one move for the agent that holds the payload; see `SatLLMSplitEnv`."""
        actor = self.agent_selection
        if self.terminations[actor] or self.truncations[actor]:
            self._was_dead_step(action)
            return
        if action is None:
            raise InputError("action", "", f"is None, but {actor!r} holds the payload")
        self._flat, reward, terminated, _, info = self.split.step(int(action))
        self._moves += 1
        truncated = not terminated and self._moves == self.max_cycles
        self._cumulative_rewards[actor] = 0.0
        paid = self.agents if self.shared_reward else [actor]
        self.rewards = {agent: reward if agent in paid else 0.0 for agent in self.agents}
        self.terminations = dict.fromkeys(self.agents, terminated)
        self.truncations = dict.fromkeys(self.agents, truncated)
        self._tell(info, over=terminated)
        if not terminated:
            self.agent_selection = self._holder()
        self._accumulate_rewards()
        self._deads_step_first()

    def observe(self, agent: str) -> Seen:
        """What an agent sees: the payload where it is, and the mask if it is its turn."""
        mask = self.split.action_masks().astype(np.int8)
        if not self._over and agent != self._holder():
            mask[:] = 0
        return {"observation": self._flat.copy(), "action_mask": mask}

    def state(self) -> NDArray[np.float32]:
        """(15 + 8·D + 4·Q,) the flat observation."""
        return self._flat.copy()

    def render(self) -> str | NDArray[np.uint8] | None:
        """The walk as text or as a picture, by `render_mode`."""
        return self.split.render()

    def close(self) -> None:
        """Close the environment."""
        self.split.close()

    def _space(self) -> spaces.Dict:
        layout = self.split.layout
        mask = spaces.Box(0, 1, (layout.num_actions,), np.int8)
        return spaces.Dict({"observation": layout.space, "action_mask": mask})

    def _holder(self) -> str:
        """The agent of the node that holds the payload; under way that is never the destination."""
        return self._agent_of[self.split.instance.problem.nodes[self.split.walk.node].id]

    def _tell(self, info: dict[str, Any], over: bool) -> None:
        """Write everyone's info: its node, and for whom it concerns what the walk's says."""
        self._over = over
        said = {key: value for key, value in info.items() if key != "action_mask"}
        self.infos = {
            agent: {"node": node, **(said if over or agent == self._holder() else {})}
            for node, agent in self._agent_of.items()
        }


def env(**arguments: Any) -> AECEnv:
    """`raw_env` with PettingZoo's checks of order and of actions out of range.

    Args:
        **arguments: of `raw_env`.

    Raises:
        InputError: an argument is wrong.
    """
    return wrappers.OrderEnforcingWrapper(wrappers.AssertOutOfBoundsWrapper(raw_env(**arguments)))


def _agent_names(problem: Problem, named: bool) -> dict[str, str]:
    """The agent of each node but the destination: named like it, or numbered."""
    nodes = [node.id for node in problem.nodes if node.id != problem.destination]
    return {node: node if named else numbered(i) for i, node in enumerate(nodes)}


def numbered(i: int) -> str:
    """The agent of the i-th satellite of a request."""
    return f"satellite_{i}"


def _known(options: dict[str, Any] | None) -> dict[str, Any] | None:
    for name in sorted(set(options or ()) - {"problem"}, key=str):
        warnings.warn(f"reset: {name!r} is not an option; there is: problem", stacklevel=3)
    return {name: value for name, value in (options or {}).items() if name == "problem"}
