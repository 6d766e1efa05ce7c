"""Networks as files: weights in safetensors, and beside them a card that says what they are.

Nothing in either file is executed.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from satllm_env.cli import write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.nets.char_lm import CharLm, CharLmConfig
from satllm_env.nets.huggingface import load_huggingface
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.training import TrainingSettings
from satllm_env.nets.vit import Vit, VitConfig
from satllm_env.problem.schema import Count, Finite, Form, Name, first_error, load_json

SHIPPED = files("satllm_env.nets") / "weights"
WEIGHTS, CARD = ".safetensors", ".json"


Measure = Literal["accuracy_pct", "perplexity"]
"""Percent of the test images classified rightly; e to the mean cross-entropy [nat] per byte."""


class DataCard(Form):
    """What a network was trained and tested on."""

    source: Name
    """A procedural data set's name, or that of a folder or file."""
    seed: Annotated[int, Field(ge=0, strict=True)]
    train_items: Count
    """Images, or characters."""
    test_items: Count
    test_sha256: Name
    """Of the test split's values: whether one measures on the same data."""


class NetCard(Form):
    """What one must know of trained weights to use them, and how they were made."""

    format: Literal["satllm-net/1"] = "satllm-net/1"
    name: Name
    config: Annotated[VitConfig | CharLmConfig, Field(discriminator="kind")]
    sha256: Name
    """Of the weights' file."""
    measure: Measure
    test: Finite
    """The measure on the test split, of the weights as stored."""
    data: DataCard
    training: TrainingSettings
    start: Name | None = None
    """The network that training went on from; None is from scratch."""
    command: Name
    versions: dict[str, str]


def versions() -> dict[str, str]:
    """Versions that the result of a training depends on."""
    return {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}


def build(config: VitConfig | CharLmConfig, seed: int = 0) -> SplitNet:
    """A network with fresh weights, the same for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Vit(config) if isinstance(config, VitConfig) else CharLm(config)


def halved(net: SplitNet) -> SplitNet:
    """The network with its weights rounded to float16, as `save_net` stores them; computes in float32."""
    return net.half().float()


def save_net(net: SplitNet, path: Path, **card: Any) -> NetCard:
    """Write weights (float16) and card; the card's other fields are given by name.

    Args:
        net: whose weights are rounded already; see `halved`.
        path: of the card; the weights lie beside it.
        card: fields of `NetCard` but `sha256`.
    """
    state = {name: tensor.half().contiguous() for name, tensor in net.state_dict().items()}
    weights = save(state)
    made = NetCard(sha256=hashlib.sha256(weights).hexdigest(), **card)
    write_bytes(path.with_suffix(WEIGHTS), weights)
    write_text(path.with_suffix(CARD), json.dumps(made.model_dump(mode="json"), indent=1) + "\n")
    return made


def load_net(name_or_path: str | Path) -> SplitNet:
    """Load a shipped network by its name, or any other from its files, ready to compute in float32.

    Args:
        name_or_path: a shipped network's name, the card or the weights that `save_net` wrote, or the
            folder of a Hugging Face model.

    Raises:
        InputError: no such network; a file is missing, damaged or does not fit its card.
    """
    if name_or_path not in shipped_nets() and Path(name_or_path).is_dir():
        return load_huggingface(name_or_path)
    return _load(card_path(name_or_path))


def load_card(name_or_path: str | Path) -> NetCard:
    """Read the card of a shipped network or of one's own.

    Raises:
        InputError: no such network, or the card breaks its form.
    """
    if name_or_path not in shipped_nets() and Path(name_or_path).is_dir():
        raise InputError(str(name_or_path), "", "has no card: only networks of train_net.py have one")
    path = card_path(name_or_path)
    try:
        return NetCard.model_validate(load_json(path))
    except ValidationError as error:
        raise first_error(error, str(path)) from None


def card_path(name_or_path: str | Path) -> Path:
    """Where the card of a network lies."""
    if isinstance(name_or_path, str) and name_or_path in shipped_nets():
        return Path(str(SHIPPED / f"{name_or_path}{CARD}"))
    path = Path(name_or_path)
    if path.suffix not in (WEIGHTS, CARD):
        known = f"unknown; known are {', '.join(shipped_nets())}, or give a {CARD} file or a folder"
        raise InputError("network", str(name_or_path), known)
    return path.with_suffix(CARD)


def shipped_nets() -> tuple[str, ...]:
    """Names of the networks that come with the project."""
    return tuple(sorted(Path(entry.name).stem for entry in SHIPPED.iterdir() if entry.name.endswith(CARD)))


def _load(path: Path) -> SplitNet:
    card, weights = load_card(path), path.with_suffix(WEIGHTS)
    net = build(card.config)
    try:
        data = weights.read_bytes()
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise InputError(str(weights), "", "is not the file that its card describes (sha256)")
        net.load_state_dict({name: tensor.float() for name, tensor in load(data).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise InputError(str(weights), "", f"cannot be loaded: {error}") from None
    net.name = card.name
    return net.eval()
