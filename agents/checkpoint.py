"""Checkpoints of a training: weights, optimizer, generators and counters, without pickled objects."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from sb3_contrib import MaskablePPO

from satllm_env.cli import write_bytes, write_text
from satllm_env.errors import InputError

STATE, PROGRESS = "checkpoint.pt", "progress.json"


def save_checkpoint(folder: Path, model: MaskablePPO) -> None:
    """Write a checkpoint in place of the last one; a kill while writing leaves the last one whole."""
    state = {
        "steps": model.num_timesteps,
        "updates": model._n_updates,
        "policy": model.policy.state_dict(),
        "optimizer": model.policy.optimizer.state_dict(),
        "torch_rng": torch.get_rng_state(),
    }
    write_state(folder, state)
    write_text(folder / PROGRESS, json.dumps({"steps": model.num_timesteps}) + "\n")


def load_checkpoint(folder: Path, model: MaskablePPO) -> int:
    """Restore a checkpoint into a model of the same shape.

    Returns:
        Environment steps done.

    Raises:
        InputError: the checkpoint cannot be read or does not fit.
    """

    def restore(state: dict[str, Any]) -> None:
        model.policy.load_state_dict(state["policy"])
        model.policy.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["torch_rng"])
        model.num_timesteps, model._n_updates = int(state["steps"]), int(state["updates"])

    read_state(folder, restore)
    return model.num_timesteps


def has_checkpoint(folder: Path) -> bool:
    """Whether a training left a checkpoint here."""
    return (folder / STATE).exists()


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers, text, lists and dictionaries in place of the last checkpoint."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(folder / STATE, buffer.getvalue())


def read_state(folder: Path, restore: Callable[[dict[str, Any]], None]) -> None:
    """Read a checkpoint; nothing in it is executed.

    Args:
        folder: of the run.
        restore: takes what the checkpoint holds.

    Raises:
        InputError: the checkpoint cannot be read, or `restore` finds that it does not fit.
    """
    path = folder / STATE
    try:
        restore(torch.load(path, weights_only=True, map_location="cpu"))
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, EOFError, UnpicklingError) as error:
        raise InputError(str(path), "", f"cannot be loaded: {error}") from None
