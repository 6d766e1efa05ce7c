"""A trained policy as two files: its weights, and a card that says what they are and how they were made."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TypeVar

from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from agents.config import Amount, parse_as
from satllm_env.cli import write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.problem.schema import Count, Finite, Form, Name, load_json

WEIGHTS, CARD = "policy.safetensors", "card.json"


class PolicyCard(Form):
    """What every trained policy's card holds."""

    name: Name
    sha256: Name
    """Of the weights' file."""
    command: Name
    git_revision: Name = "unknown"
    seed: Amount
    scenarios: tuple[Name, ...]
    steps: Amount = 0
    """Environment steps of reinforcement learning."""
    figures: dict[str, Finite] = Field(default_factory=dict)
    """On the evaluation instances of training, by the names that TensorBoard shows."""


class WalkerCard(PolicyCard):
    """The card of a policy that takes the environment's actions, by the size of its action space."""

    num_slots: Count
    num_levels: Count


AnyCard = TypeVar("AnyCard", bound=PolicyCard)


def write_policy(folder: Path, network: nn.Module, card: PolicyCard) -> None:
    """Write weights and card; the card's SHA-256 is filled in."""
    weights = save({name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()})
    made = card.model_copy(update={"sha256": hashlib.sha256(weights).hexdigest()})
    write_bytes(folder / WEIGHTS, weights)
    write_text(folder / CARD, json.dumps(made.model_dump(mode="json"), indent=1) + "\n")


def read_card(folder: Path, form: type[AnyCard]) -> AnyCard:
    """The card in a folder.

    Raises:
        InputError: it is missing, damaged or breaks the form.
    """
    return parse_as(form, load_json(folder / CARD), str(folder / CARD))


def read_weights(folder: Path, network: nn.Module, card: PolicyCard) -> None:
    """Load weights into a network of the card's shape; nothing in the file is executed.

    Raises:
        InputError: the file is missing or damaged, or is not the one that the card describes.
    """
    path = folder / WEIGHTS
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != card.sha256:
            raise InputError(str(path), "", "is not the file that its card describes (sha256)")
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise InputError(str(path), "", f"cannot be loaded: {error}") from None
