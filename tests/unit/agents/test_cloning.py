"""Optimal walks and their imitation."""

import numpy as np
import torch

from agents.cloning import clone
from agents.config import CloningSettings, NetworkSettings
from agents.dataset import Demonstrations
from agents.environment import TRAINING_SEEDS_FROM
from agents.learned import new_policy
from satllm_env.scenarios import load_scenario

LEVELS = load_scenario("paper-ground").num_levels
SETTINGS = CloningSettings(
    episodes=8, epochs=120, batch_size=64, learning_rate=3e-3, value_weight=0.5, planner_deadline_s=20.0
)


def test_demonstrated_actions_are_unmasked_and_returns_grow_towards_the_end(steps: Demonstrations) -> None:
    """Every step of an optimal walk is a legal move with a cost."""
    assert steps.masks[np.arange(len(steps)), steps.actions].all()
    assert (steps.returns <= 1e-6).all()
    assert ((steps.observations >= 0.0) & (steps.observations <= 1.0)).all()


def test_training_instances_lie_outside_the_seeds_of_evaluation() -> None:
    """Nobody evaluates on what was trained on by counting seeds from zero."""
    assert TRAINING_SEEDS_FROM >= 10**9


def test_cloning_learns_the_demonstrations(steps: Demonstrations) -> None:
    """Cross-entropy falls and the policy comes to agree with the planner."""
    torch.manual_seed(0)
    policy = new_policy(5, LEVELS, NetworkSettings(hidden=(64,)))
    epochs = list(clone(policy, steps, SETTINGS, seed=0))
    assert epochs[-1].cross_entropy < 0.6 * epochs[0].cross_entropy
    assert epochs[-1].agreement > max(0.8, epochs[0].agreement)
