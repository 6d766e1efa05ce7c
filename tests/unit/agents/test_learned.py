"""Trained policies as files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from agents.config import NetworkSettings
from agents.learned import LearnedPolicy, load_policy, new_policy, save_policy
from agents.policy_files import CARD, WEIGHTS
from satllm_env.errors import InputError
from satllm_env.problem import evaluate
from satllm_env.scenarios import load_scenario

NETWORK = NetworkSettings(hidden=(16,))
LEVELS = load_scenario("paper-ground").num_levels


def _card() -> dict[str, Any]:
    return {
        "name": "test",
        "num_slots": 5,
        "num_levels": LEVELS,
        "network": NETWORK,
        "command": "none",
        "seed": 0,
        "scenarios": ("paper",),
        "steps": 0,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved, untrained policy."""
    torch.manual_seed(0)
    save_policy(tmp_path, new_policy(5, LEVELS, NETWORK), **_card())
    return tmp_path


def test_a_loaded_policy_acts_like_the_saved_one(folder: Path) -> None:
    """Weights survive the file."""
    loaded = load_policy(folder)
    torch.manual_seed(0)
    original = LearnedPolicy(loaded.card, new_policy(5, LEVELS, NETWORK))
    rng = np.random.default_rng(0)
    for _ in range(20):
        observation = rng.random(original.policy.observation_space.shape, np.float32)
        mask = rng.random(1 + 5 * LEVELS) < 0.5
        mask[3] = True
        action = loaded.act(observation, mask)
        assert action == original.act(observation, mask)
        assert mask[action]


def test_its_plans_keep_the_rules_and_repeat(folder: Path) -> None:
    """Greedy walks are legal plans, the same each time."""
    policy, sample = load_policy(folder), load_scenario("paper-ground").sample(3)
    first, second = policy.plan(sample), policy.plan(sample)
    assert first.plan is not None
    assert first.delay_s == second.delay_s
    assert evaluate(sample.instance, first.plan.steps).delay_s == pytest.approx(first.delay_s, rel=1e-12)


@pytest.mark.parametrize("damage", ["truncate", "other", "missing"])
def test_damaged_weights_are_refused_with_the_file_named(folder: Path, damage: str) -> None:
    """What the card does not describe is not loaded."""
    path = folder / WEIGHTS
    if damage == "missing":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(data[:-7] if damage == "truncate" else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(InputError, match=WEIGHTS):
        load_policy(folder)


def test_a_card_with_an_unknown_key_is_refused(folder: Path) -> None:
    """The card's form is strict."""
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | {"exec": "rm"}))
    with pytest.raises(InputError, match="exec"):
        load_policy(folder)
