"""A trained policy as a file (weights and card) and as something that plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from torch import nn

from agents.config import NetworkSettings
from agents.environment import make_env
from agents.guide.policy import FORMAT as GUIDE_FORMAT
from agents.guide.policy import GuidePolicy, load_guide
from agents.policies.policy import FORMAT as SCORER_FORMAT
from agents.policies.policy import ScorerPolicy, load_scorer
from agents.policy_files import CARD, WalkerCard, read_card, read_weights, write_policy
from agents.spaces import Spaces
from agents.walking import plan_by_walking
from planners.result import Result
from satllm_env.problem.schema import load_json
from satllm_env.scenarios import Sample

SHIPPED = files("agents") / "weights"
DRAWN_WALKS, SHARPNESS = 24, 1.5
"""Walks drawn after the likeliest one got stuck, and the power that their chances are raised to."""

_ACTIVATIONS: Mapping[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "silu": nn.SiLU}


class Card(WalkerCard):
    """What one must know of trained weights to use them, and how they were made."""

    format: Literal["satllm-policy/1"] = "satllm-policy/1"
    network: NetworkSettings


def new_policy(num_slots: int, num_levels: int, network: NetworkSettings) -> MaskableActorCriticPolicy:
    """An untrained policy network for an action space."""
    spaces = Spaces(num_slots=num_slots, num_levels=num_levels)
    return MaskableActorCriticPolicy(
        gym.spaces.Box(0.0, 1.0, (spaces.observation_size,), np.float32),
        gym.spaces.Discrete(spaces.num_actions),
        lambda _: 0.0,
        **policy_arguments(network),
    )


def policy_arguments(network: NetworkSettings) -> dict[str, Any]:
    """The network's settings in SB3's words."""
    hidden = list(network.hidden)
    return {
        "net_arch": {"pi": hidden, "vf": hidden},
        "activation_fn": _ACTIVATIONS[network.activation],
        "ortho_init": True,
    }


@dataclass(frozen=True, eq=False)
class LearnedPolicy:
    """A trained policy that plans by taking its likeliest legal move at every step.

    Moves that are drawn, after a walk that got stuck, are drawn by sharpened chances.
    """

    card: Card
    policy: MaskableActorCriticPolicy

    def probabilities(self, observation: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """(actions,) what the policy would do, 0 where masked."""
        with torch.no_grad():
            features = torch.as_tensor(observation)[None]
            distribution = self.policy.get_distribution(features, action_masks=mask[None]).distribution
            assert isinstance(distribution, torch.distributions.Categorical)
            return np.where(mask, distribution.probs[0].numpy(), 0.0)

    def act_all(self, observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """(B,) the likeliest unmasked action of every row of observations and masks."""
        with torch.no_grad():
            hidden = self.policy.mlp_extractor.forward_actor(torch.as_tensor(observations))
            scores = self.policy.action_net(hidden).numpy()
        best: np.ndarray = np.where(masks, scores, -np.inf).argmax(axis=1)
        return best

    def act(self, observation: np.ndarray, mask: np.ndarray, rng: np.random.Generator | None = None) -> int:
        """The likeliest unmasked action, or one drawn with `rng`."""
        chances = self.probabilities(observation, mask).astype(np.float64)
        if rng is None:
            return int(chances.argmax())
        sharp = chances**SHARPNESS
        return int(rng.choice(len(sharp), p=sharp / sharp.sum()))

    def plan(self, sample: Sample) -> Result:
        """Walk an instance; infeasible where every attempt gets stuck (`plan_by_walking`)."""
        env = make_env(num_slots=self.card.num_slots, num_levels=self.card.num_levels)
        return plan_by_walking(self.card.name, env, sample, self.act, DRAWN_WALKS)


AnyPolicy = LearnedPolicy | ScorerPolicy | GuidePolicy


def save_policy(folder: Path, policy: MaskableActorCriticPolicy, **card: Any) -> None:
    """Write weights and card; the card's other fields are given by name."""
    write_policy(folder, policy, Card(sha256="to be filled in", **card))


def load_policy(folder: str | Path) -> AnyPolicy:
    """Read a trained policy, whatever its card says it is; nothing in it is executed.

    Raises:
        InputError: a file is missing, damaged, or does not fit the card.
    """
    path = Path(folder)
    data = load_json(path / CARD)
    form = data.get("format") if isinstance(data, dict) else None
    if form == SCORER_FORMAT:
        return load_scorer(path)
    if form == GUIDE_FORMAT:
        return load_guide(path)
    card = read_card(path, Card)
    policy = new_policy(card.num_slots, card.num_levels, card.network)
    read_weights(path, policy, card)
    policy.set_training_mode(False)
    return LearnedPolicy(card, policy)


def shipped_names() -> tuple[str, ...]:
    """Names of the policies that come with the project."""
    if not SHIPPED.is_dir():
        return ()
    return tuple(sorted(entry.name for entry in SHIPPED.iterdir() if entry.is_dir()))


def load_shipped(name: str) -> AnyPolicy:
    """A policy that comes with the project, by name."""
    return load_policy(Path(str(SHIPPED / name)))
