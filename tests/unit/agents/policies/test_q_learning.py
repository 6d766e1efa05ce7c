"""Deep Q-learning with masks."""

import numpy as np
import pytest
import torch

from agents.policies.q_learning import REWARD_FLOOR, Memory, QLearner, q_loss
from satllm_env.envs.lookahead import ACTION_FEATURES
from tests.unit.agents.policies.cases import LAYOUT, Q_LEARNING, scorer, tiny_settings

SIZE, ACTIONS = LAYOUT.size + ACTION_FEATURES * LAYOUT.num_actions, LAYOUT.num_actions


def filled(steps: int, rows: int = 4) -> Memory:
    """A memory of two walks after some steps whose rewards count up."""
    memory, rng = Memory(rows, 2, SIZE, ACTIONS), np.random.default_rng(0)
    masks = np.zeros((2, ACTIONS), np.bool_)
    masks[:, [2, 5]] = True
    memory.see(rng.random((2, SIZE), np.float32), masks)
    for step in range(steps):
        memory.move(np.array([2, 5]), np.array([-1.0 - step, -100.0]), np.array([step % 2 == 1, False]))
        memory.see(rng.random((2, SIZE), np.float32), masks)
    return memory


def test_only_steps_whose_successors_are_there_are_drawn() -> None:
    """Neither rows that were never written nor the one that is being written."""
    rng = np.random.default_rng(0)
    assert set(filled(2).draw(200, rng)[0].tolist()) == {0, 1}
    assert set(filled(5).draw(200, rng)[0].tolist()) == {2, 3, 0}  # of four rows, the last is in the making
    assert filled(3).rewards[0].tolist() == [-1.0, REWARD_FLOOR]


def test_the_loss_is_that_of_double_q_learning() -> None:
    """The network chooses among unmasked actions, the target values, and an end is worth nothing."""
    torch.manual_seed(0)
    network, target, memory = scorer(), scorer(), filled(2)
    rows, walks = np.array([0, 1, 1]), np.array([0, 0, 1])
    errors = []
    for row, walk in zip(rows, walks, strict=True):

        def scores(net: torch.nn.Module, at: int, which: int = walk) -> torch.Tensor:
            mask = torch.as_tensor(memory.masks[at, which][None])
            return net(torch.as_tensor(memory.observations[at, which][None]), mask)[0].detach()

        best = int(scores(network, row + 1).argmax())
        assert best in (2, 5)
        ahead = 0.0 if memory.over[row, walk] else float(scores(target, row + 1)[best])
        chosen = int(memory.actions[row, walk])
        errors.append(float(scores(network, row)[chosen]) - (memory.rewards[row, walk] + ahead))
    huber = [0.5 * e * e if abs(e) < 1 else abs(e) - 0.5 for e in errors]
    found = q_loss(network, target, memory, rows, walks)
    assert found.item() == pytest.approx(np.mean(huber), rel=1e-4)


def test_it_learns_what_walks_cost() -> None:
    """The loss falls, fewer moves are random, and a second round goes on with memory and counters."""
    torch.manual_seed(0)
    settings = tiny_settings("dqn", rounds=4, q_learning=Q_LEARNING | {"updates_per_step": 0.25})
    learner = QLearner(scorer(), settings)
    first, second = learner.learn(0, lambda done: None), learner.learn(1, lambda done: None)
    assert second["loss"] < first["loss"]
    assert (first["steps"], second["steps"]) == (200.0, 400.0)
    assert first["explore"] == pytest.approx(0.3 * (1.0 - 0.25 * 2 * 0.9))
    assert second["explore"] == pytest.approx(0.03)
