"""Tiny settings of action scorers."""

from __future__ import annotations

from typing import Any

from agents.policies.network import ActionScorer, ScorerShape
from agents.policies.settings import ScorerTraining
from satllm_env.envs.observation import ObservationLayout
from satllm_env.scenarios import load_scenario

_SCENARIO = load_scenario("paper-ground")
LAYOUT = ObservationLayout(_SCENARIO.num_slots, _SCENARIO.num_levels)

TEACHING: dict[str, Any] = {
    "episodes": 4,
    "label_limit": 100_000,
    "explore": 0.05,
    "epochs": 2,
    "batch_size": 64,
    "learning_rate": 2e-3,
    "weight_decay": 1e-3,
}

Q_LEARNING: dict[str, Any] = {
    "episodes": 4,
    "steps": 200,
    "num_envs": 4,
    "memory": 240,
    "updates_per_step": 0.1,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "explore": 0.3,
    "target_every": 10,
}


def tiny(algorithm: str, **changes: Any) -> dict[str, Any]:
    """Settings of a run of seconds, as plain data."""
    part = {"q_learning": Q_LEARNING} if algorithm == "dqn" else {"teaching": TEACHING}
    return {
        "name": f"tiny-{algorithm}",
        "algorithm": algorithm,
        "seed": 3,
        "scenarios": ["paper-ground"],
        "rounds": 2,
        "network": {"encoder": "attention", "width": 16, "heads": 2, "blocks": 1},
        **part,
        "evaluation": {"episodes": 2, "seed": 600_000, "planner_deadline_s": 20.0, "patience": 5},
        **changes,
    }


def tiny_settings(algorithm: str, **changes: Any) -> ScorerTraining:
    """The same, checked."""
    return ScorerTraining.model_validate(tiny(algorithm, **changes))


def scorer(encoder: str = "attention", width: int = 16) -> ActionScorer:
    """A network."""
    shape = ScorerShape.model_validate({"encoder": encoder, "width": width, "heads": 2, "blocks": 1})
    return ActionScorer(LAYOUT, shape)
