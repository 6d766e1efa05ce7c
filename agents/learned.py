"""A trained policy as a file (weights and card) and as something that plans."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import gymnasium as gym
import numpy as np
import torch
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from torch import nn

from agents.config import NetworkSettings
from agents.environment import make_env
from agents.spaces import Spaces
from agents.walking import walk
from planners import Result
from satllm_env.cli import write_bytes, write_text
from satllm_env.envs import LookaheadObservation
from satllm_env.errors import InputError, NoPlanError
from satllm_env.problem import Plan
from satllm_env.problem.schema import Form, Name, first_error, load_json
from satllm_env.scenarios import Sample

SHIPPED = files("agents") / "weights"
DRAWN_WALKS, SHARPNESS = 24, 1.5
"""Walks drawn after the likeliest one got stuck, and the power that their chances are raised to."""

WEIGHTS, CARD = "policy.safetensors", "card.json"

_ACTIVATIONS: Mapping[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "silu": nn.SiLU}


class Card(Form):
    """What one must know of trained weights to use them, and how they were made."""

    format: Literal["satllm-policy/1"] = "satllm-policy/1"
    name: Name
    num_slots: Annotated[int, Field(ge=1, strict=True)]
    num_levels: Annotated[int, Field(ge=1, strict=True)]
    network: NetworkSettings
    sha256: Name
    """Of the weights' file."""
    command: Name
    seed: Annotated[int, Field(ge=0, strict=True)]
    scenarios: tuple[Name, ...]
    steps: Annotated[int, Field(ge=0, strict=True)]
    """Environment steps of reinforcement learning, after cloning."""


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

    The mask cannot rule out every dead end. A walk that gets stuck is followed by a few walks that draw
    their moves from the policy instead, sharpened and with fixed seeds; the best that finishes is taken.
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
        """Walk an instance; infeasible where every attempt gets stuck."""
        env = make_env(num_slots=self.card.num_slots, num_levels=self.card.num_levels)
        start = time.perf_counter()
        try:
            plan = self._walk(env, sample, None) or self._drawn_walk(env, sample)
        except NoPlanError as error:
            return Result(self.card.name, "infeasible", None, 0.0, time.perf_counter() - start, str(error))
        taken = time.perf_counter() - start
        if plan is None:
            return Result(self.card.name, "infeasible", None, 0.0, taken, "every walk got stuck")
        return Result(self.card.name, "feasible", plan, 0.0, taken)

    def _drawn_walk(self, env: LookaheadObservation, sample: Sample) -> Plan | None:
        """The best of the drawn walks that finish."""
        walks = (self._walk(env, sample, np.random.default_rng(seed)) for seed in range(DRAWN_WALKS))
        return min((plan for plan in walks if plan is not None), key=lambda plan: plan.delay_s, default=None)

    def _walk(
        self, env: LookaheadObservation, sample: Sample, rng: np.random.Generator | None
    ) -> Plan | None:
        return walk(env, sample, lambda observation, mask: self.act(observation, mask, rng))


def save_policy(folder: Path, policy: MaskableActorCriticPolicy, **card: Any) -> None:
    """Write weights and card; the card's other fields are given by name."""
    weights = save({name: tensor.contiguous() for name, tensor in policy.state_dict().items()})
    made = Card(sha256=hashlib.sha256(weights).hexdigest(), **card)
    write_bytes(folder / WEIGHTS, weights)
    write_text(folder / CARD, json.dumps(made.model_dump(mode="json"), indent=1) + "\n")


def load_policy(folder: str | Path) -> LearnedPolicy:
    """Read a trained policy; nothing in it is executed.

    Raises:
        InputError: a file is missing, damaged, or does not fit the card.
    """
    path = Path(folder)
    card = _load_card(path / CARD)
    policy = new_policy(card.num_slots, card.num_levels, card.network)
    try:
        if hashlib.sha256((path / WEIGHTS).read_bytes()).hexdigest() != card.sha256:
            raise InputError(str(path / WEIGHTS), "", "is not the file that its card describes (sha256)")
        policy.load_state_dict(load_file(path / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise InputError(str(path / WEIGHTS), "", f"cannot be loaded: {error}") from None
    policy.set_training_mode(False)
    return LearnedPolicy(card, policy)


def _load_card(path: Path) -> Card:
    try:
        return Card.model_validate(load_json(path))
    except ValidationError as error:
        raise first_error(error, str(path)) from None


def shipped_names() -> tuple[str, ...]:
    """Names of the policies that come with the project."""
    if not SHIPPED.is_dir():
        return ()
    return tuple(sorted(entry.name for entry in SHIPPED.iterdir() if entry.is_dir()))


def load_shipped(name: str) -> LearnedPolicy:
    """A policy that comes with the project, by name."""
    return load_policy(Path(str(SHIPPED / name)))
