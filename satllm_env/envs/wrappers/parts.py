"""The parts of the flat observation by name, in the order in which they stand there."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from satllm_env.envs.lookahead import ACTION_FEATURES
from satllm_env.envs.observation import LEVEL_FEATURES, SLOT_FEATURES, ObservationLayout, Singles
from satllm_env.envs.split import SatLLMSplitEnv

REQUEST_PARTS = {"request": 5, "node": 2, "walk": 3, "left": 2, "accuracy": 3}
"""How many entries of the observation's head belong together."""


class Part(NamedTuple):
    """Some entries of the flat observation."""

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        """Index behind the last entry."""
        return self.start + prod(self.shape)


def parts_of(layout: ObservationLayout, lookahead: bool = False) -> tuple[Part, ...]:
    """The parts of an observation.

    Args:
        layout: of the observation.
        lookahead: whether `LookaheadObservation` has appended its entries.
    """
    shapes: dict[str, tuple[int, ...]] = {name: (size,) for name, size in REQUEST_PARTS.items()}
    shapes["links"] = (layout.num_slots, SLOT_FEATURES)
    shapes["levels"] = (layout.num_levels, LEVEL_FEATURES)
    if lookahead:
        shapes["lookahead"] = (layout.num_actions, ACTION_FEATURES)
    parts: list[Part] = []
    for name, shape in shapes.items():
        parts.append(Part(name, parts[-1].stop if parts else 0, shape))
    return tuple(parts)


def take_apart(parts: Sequence[Part], flat: Singles) -> dict[str, Singles]:
    """The parts of flat observations, as views.

    Args:
        parts: of the observation.
        flat: (…, size) one observation or several.

    Returns:
        (…, \\*shape) by the parts' names.
    """
    return {
        part.name: flat[..., part.start : part.stop].reshape(*flat.shape[:-1], *part.shape) for part in parts
    }


def unit_box(*shape: int) -> spaces.Box:
    """Numbers from 0 to 1."""
    return spaces.Box(0.0, 1.0, shape, np.float32)


def mask_box(size: int) -> spaces.Box:
    """Zeros and ones."""
    return spaces.Box(0, 1, (size,), np.int8)


def dict_space(parts: Sequence[Part]) -> dict[str, spaces.Space[Any]]:
    """The space of each part."""
    return {part.name: unit_box(*part.shape) for part in parts}


def split_of(env: gym.Env[Any, Any], wrapper: str) -> tuple[SatLLMSplitEnv, tuple[Part, ...]]:
    """The environment inside wrappers, and the parts of what it shows.

    Args:
        env: wrapped or not, with the plain observation or that of `LookaheadObservation`.
        wrapper: name of who asks, for the message.

    Raises:
        TypeError: it is another environment, or shows something else.
    """
    inner = env.unwrapped
    if not isinstance(inner, SatLLMSplitEnv):
        raise TypeError(f"{wrapper} wraps SatLLMSplit-v0 only")
    for lookahead in (False, True):
        parts = parts_of(inner.layout, lookahead)
        if env.observation_space == unit_box(parts[-1].stop):
            return inner, parts
    raise TypeError(f"{wrapper} wraps the plain observation or LookaheadObservation only")
