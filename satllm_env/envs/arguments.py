"""The arguments that the scalar and the vector environment have in common, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import gymnasium as gym
import numpy as np

from satllm_env.envs.observation import ObservationLayout
from satllm_env.envs.sources import InstanceSource
from satllm_env.errors import InputError
from satllm_env.optional import advice, is_installed
from satllm_env.problem.instance import Floats

RewardUnit = Literal["seconds", "reference"]

Observed = Literal["plain", "lookahead"]
"""What is observed: the walk, or that and estimates of its actions."""

OnIllegal = Literal["raise", "penalty"]
"""What an action that breaks a rule does: nothing but an error, or it ends the walk at a price."""


def check_reward_unit(unit: str) -> None:
    """Refuse an unknown unit of rewards.

    Raises:
        InputError: it is unknown.
    """
    if unit not in ("seconds", "reference"):
        raise InputError("reward_unit", "", f"is {unit!r}, not 'seconds' or 'reference'")


def check_observation(observation: str) -> None:
    """Refuse an unknown observation.

    Raises:
        InputError: it is unknown.
    """
    if observation not in ("plain", "lookahead"):
        raise InputError("observation", "", f"is {observation!r}, not 'plain' or 'lookahead'")


def check_on_illegal(on_illegal: str) -> None:
    """Refuse an unknown way with illegal actions.

    Raises:
        InputError: it is unknown.
    """
    if on_illegal not in ("raise", "penalty"):
        raise InputError("on_illegal", "", f"is {on_illegal!r}, not 'raise' or 'penalty'")


def check_render_mode(mode: str | None, known: Sequence[str]) -> None:
    """Refuse an unknown way of drawing.

    Raises:
        InputError: it is unknown.
        DependencyNotInstalled: pictures need matplotlib.
    """
    if mode is not None and mode not in known:
        raise InputError("render_mode", "", f"is {mode!r}, not one of {known}")
    if mode in ("human", "rgb_array") and not is_installed("matplotlib"):
        raise gym.error.DependencyNotInstalled(advice("matplotlib"))


def units_s(unit: RewardUnit, reference_s: Floats) -> Floats:
    """(P,) [s] that rewards over instances of some reference delays are divided by.

    Raises:
        InputError: the unit is a reference delay of 0 s.
    """
    if unit == "seconds":
        return np.ones_like(reference_s)
    if not reference_s.all():
        raise InputError("reward_unit", "", "is 'reference', but the problem's reference delay is 0 s")
    return reference_s.copy()


def layout_for(source: InstanceSource, num_slots: int | None, num_levels: int | None) -> ObservationLayout:
    """The layout that serves a source, padded to the slots and levels asked for.

    Raises:
        InputError: they are too few, or no whole numbers.
    """
    return ObservationLayout(
        at_least(source.num_slots, num_slots, "num_slots"),
        at_least(source.num_levels, num_levels, "num_levels"),
    )


def at_least(needed: int, asked: int | None, name: str) -> int:
    """A whole number asked for, or what is needed where none is.

    Raises:
        InputError: it is too small, or no whole number.
    """
    if asked is not None and (isinstance(asked, bool) or not isinstance(asked, int)):
        raise InputError(name, "", f"is {asked!r}, not a whole number")
    if asked is not None and asked < needed:
        raise InputError(name, "", f"is {asked}, but {needed} are needed")
    return needed if asked is None else asked
