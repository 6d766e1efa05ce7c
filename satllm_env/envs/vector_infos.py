"""Infos of a vector environment, in the form of Gymnasium's `SyncVectorEnv`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.problem.instance import Ints


def about_all(values: dict[str, NDArray[Any]], num_envs: int) -> dict[str, Any]:
    """Infos about every environment: values, and ``_key`` all True.

    Args:
        values: (num_envs, …) by key.
        num_envs: number of environments.
    """
    infos: dict[str, Any] = {}
    for key, value in values.items():
        infos[key], infos[f"_{key}"] = value, np.ones(num_envs, np.bool_)
    return infos


def about_some(values: dict[str, NDArray[Any]], which: Ints, num_envs: int) -> dict[str, Any]:
    """Infos about some environments: 0 or None for the others, and in ``_key`` which they are.

    Args:
        values: (which, …) by key.
        which: the environments.
        num_envs: number of environments.
    """
    about = np.zeros(num_envs, np.bool_)
    about[which] = True
    infos: dict[str, Any] = {}
    for key, value in values.items():
        # an empty array of objects holds None
        make = np.empty if value.dtype == np.object_ else np.zeros
        spread = make((num_envs, *value.shape[1:]), value.dtype)
        spread[which] = value
        infos[key], infos[f"_{key}"] = spread, about.copy()
    return infos


def objects(values: Iterable[Any]) -> NDArray[np.object_]:
    """Any objects as an array, arrays and sequences left whole."""
    kept = list(values)
    array = np.empty(len(kept), np.object_)
    for i, value in enumerate(kept):
        array[i] = value
    return array
