"""Deep Q-learning with masks: masked actions are neither taken, drawn nor hoped for."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.policies.learner import Tick, first_seed, set_rate, update
from agents.policies.lessons import draw_pool
from agents.policies.network import ActionScorer
from agents.policies.policy import draw_actions, scores_of
from agents.policies.settings import QSettings, ScorerTraining
from satllm_env.envs import SatLLMSplitVectorEnv

REWARD_FLOOR = -5.0
"""[reference delays] a dead end costs no more than this, so that a few do not drown the rest."""

LEAST_EXPLORE = 0.1
"""What the share of random moves falls to, of what it was at the start."""


class Memory:
    """The last steps of all walks, as rows of one step each; a row's successor is the row behind it.

    Args:
        rows: kept.
        num_envs: walks.
        size: of an observation.
        actions: of the action space.
    """

    def __init__(self, rows: int, num_envs: int, size: int, actions: int) -> None:
        self.observations = np.zeros((rows, num_envs, size), np.float32)
        self.masks = np.zeros((rows, num_envs, actions), np.bool_)
        self.actions = np.zeros((rows, num_envs), np.int64)
        self.rewards = np.zeros((rows, num_envs), np.float32)
        self.over = np.zeros((rows, num_envs), np.bool_)
        self.ready = np.zeros(rows, np.bool_)
        """(rows,) whether the successor is there, too."""
        self.next = 0

    def see(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> None:
        """Note what is seen before a move."""
        self.observations[self.next], self.masks[self.next] = observations, masks
        self.ready[self.next] = False

    def move(self, actions: NDArray[np.int64], rewards: NDArray[np.float64], over: NDArray[np.bool_]) -> None:
        """Note a move; what is seen after it has to be noted next."""
        self.actions[self.next], self.over[self.next] = actions, over
        self.rewards[self.next] = np.maximum(rewards, REWARD_FLOOR)
        self.ready[self.next] = True
        self.next = (self.next + 1) % len(self.ready)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(count,) rows and (count,) walks of steps whose successors are there."""
        rows = np.flatnonzero(self.ready)
        return rng.choice(rows, count), rng.integers(0, self.actions.shape[1], count)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything but the place of the next row."""
        names = ("observations", "masks", "actions", "rewards", "over", "ready")
        return {name: getattr(self, name) for name in names}


class QLearner:
    """Double deep Q-learning in the vector environment.

    Args:
        network: to be trained; its scores are returns to come.
        settings: of a run whose algorithm is `dqn`.
    """

    def __init__(self, network: ActionScorer, settings: ScorerTraining) -> None:
        assert settings.q_learning is not None
        self.network, self._run = network, settings
        self._settings: QSettings = settings.q_learning
        self._target = deepcopy(network)
        self._optimizer = torch.optim.Adam(network.parameters(), lr=self._settings.learning_rate)
        self._memory: Memory | None = None
        self._steps, self._updates = 0, 0

    @property
    def work(self) -> int:
        """Environment steps."""
        return self._settings.steps

    def learn(self, number: int, tick: Tick) -> dict[str, float]:
        """Walk and update by turns, on instances of the round."""
        settings, run = self._settings, self._run
        rng, seed = np.random.default_rng((run.seed, number)), first_seed(run.seed, number)
        envs = SatLLMSplitVectorEnv(
            settings.num_envs,
            pool=draw_pool(run.scenarios, self.network.layout, settings.episodes, seed),
            observation="lookahead",
            reward_unit="reference",
            autoreset_mode="SameStep",
        )
        seen, _ = envs.reset(seed=seed)
        memory = self._memory_for(seen.shape[1], envs.layout.num_actions)
        memory.see(seen, envs.action_masks())
        finished, sums = [], np.zeros(2)
        for _ in range(0, settings.steps, settings.num_envs):
            actions = self._choose(seen, envs.action_masks(), rng)
            seen, rewards, over, _, infos = envs.step(actions)
            memory.move(actions, rewards, over)
            if over.any():
                finished += infos["final_info"]["is_success"][over].tolist()
            memory.see(seen, envs.action_masks())
            self._steps += settings.num_envs
            sums += self._catch_up(memory, rng)
            tick(settings.num_envs)
        # the next round begins other walks, so that the last row has no successor
        memory.ready[memory.next - 1] = False
        return {
            "steps": float(self._steps),
            "loss": float(sums[0] / max(sums[1], 1.0)),
            "explore": self._explore,
            "finished_rate": float(np.mean(finished or [0.0])),
            "masked_share": 1.0 - float(memory.masks[memory.ready].mean()),
        }

    def state(self) -> dict[str, Any]:
        """Weights, target, optimizer, memory and counters."""
        memory = self._memory
        kept = memory.arrays() if memory else {}
        return {
            "network": self.network.state_dict(),
            "target": self._target.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "memory": {name: torch.as_tensor(column) for name, column in kept.items()},
            "counters": [self._steps, self._updates, memory.next if memory else 0],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.network.load_state_dict(state["network"])
        self._target.load_state_dict(state["target"])
        self._optimizer.load_state_dict(state["optimizer"])
        kept = state["memory"]
        memory = self._memory_for(kept["observations"].shape[2], kept["masks"].shape[2])
        for name, column in memory.arrays().items():
            column[:] = kept[name].numpy()
        self._steps, self._updates, memory.next = state["counters"]

    @property
    def _explore(self) -> float:
        """Share of random moves: falls along a line over the first half of the run."""
        done = self._steps / (self._settings.steps * self._run.rounds)
        return self._settings.explore * max(1.0 - 2.0 * done * (1.0 - LEAST_EXPLORE), LEAST_EXPLORE)

    def _memory_for(self, size: int, actions: int) -> Memory:
        if self._memory is None:
            rows = max(2, self._settings.memory // self._settings.num_envs)
            self._memory = Memory(rows, self._settings.num_envs, size, actions)
        return self._memory

    def _choose(
        self, seen: NDArray[np.float32], masks: NDArray[np.bool_], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        best = scores_of(self.network, seen, masks).argmax(axis=1)
        anything = draw_actions(np.where(masks, np.float32(0.0), np.float32(-np.inf)), rng)
        return np.where(rng.random(len(seen)) < self._explore, anything, best)

    def _catch_up(self, memory: Memory, rng: np.random.Generator) -> NDArray[np.float64]:
        """Update as often as the steps so far ask for; the sum of losses and their number."""
        settings, sums = self._settings, np.zeros(2)
        done = self._steps / (settings.steps * self._run.rounds)
        set_rate(self._optimizer, settings.learning_rate, min(done, 1.0))
        while self._updates < self._steps * settings.updates_per_step:
            if self._updates % settings.target_every == 0:
                self._target.load_state_dict(self.network.state_dict())
            loss = q_loss(self.network, self._target, memory, *memory.draw(settings.batch_size, rng))
            update(self.network, self._optimizer, loss)
            self._updates += 1
            sums += np.array([loss.item(), 1.0])
        return sums


def q_loss(
    network: ActionScorer,
    target: ActionScorer,
    memory: Memory,
    rows: NDArray[np.int64],
    walks: NDArray[np.int64],
) -> torch.Tensor:
    """Huber loss to the reward and what the target network expects of the network's own next action.

    Args:
        network: to be trained.
        target: an older copy.
        memory: holds the steps.
        rows: (B,) of the memory.
        walks: (B,) of each row.
    """
    device, after = network.head.weight.device, (rows + 1) % len(memory.ready)

    def take(column: NDArray[Any], at: NDArray[np.int64]) -> torch.Tensor:
        return torch.as_tensor(column[at, walks], device=device)

    with torch.no_grad():
        seen, masks = take(memory.observations, after), take(memory.masks, after)
        best = network(seen, masks).argmax(dim=1, keepdim=True)
        ahead = target(seen, masks).gather(1, best)[:, 0]
        ahead = ahead.masked_fill(take(memory.over, rows), 0.0)
        expected = take(memory.rewards, rows) + ahead
    scores = network(take(memory.observations, rows), take(memory.masks, rows))
    found = scores.gather(1, take(memory.actions, rows)[:, None])[:, 0]
    return torch.nn.functional.smooth_l1_loss(found, expected)
