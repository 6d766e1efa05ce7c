"""Scenes with what every cell leads to: what the guide learns from, made without any planner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numba
import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from agents.guide.features import SIZE, Singles, write_features
from planners.sweeps.cells import NUM_CELLS
from planners.sweeps.scene import Scene
from planners.sweeps.search import scene_of, value_cells
from satllm_env.errors import NoPlanError
from satllm_env.problem import Walk
from satllm_env.problem.instance import Floats, Ints
from satllm_env.scenarios import load_scenario

CHUNK = 32
"""Instances that are handed to a process together."""


class Lessons(NamedTuple):
    """Scenes, row by row."""

    features: NDArray[np.float32]  # (S, features)
    delays_s: NDArray[np.float64]  # (S, cells) inf where a cell finds no way
    scenario: NDArray[np.int64]  # (S,) number in the list of scenarios

    def rows(self, numbers: Ints) -> Lessons:
        """Some of the scenes."""
        return Lessons(self.features[numbers], self.delays_s[numbers], self.scenario[numbers])


def joined(parts: Sequence[Lessons]) -> Lessons:
    """Lessons behind each other."""
    return Lessons(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.delays_s for part in parts]),
        np.concatenate([part.scenario for part in parts]),
    )


def collect_lessons(
    scenarios: Sequence[str],
    first_seed: int,
    instances: int,
    jobs: int = 1,
    tick: Callable[[int], None] = lambda _: None,
) -> Lessons:
    """Draw instances, the scenarios in turn, and value every cell at their sources.

    Instances that no cell finds a way in are left out.

    Args:
        scenarios: by name.
        first_seed: of the first instance; the others follow.
        instances: drawn in all.
        jobs: processes.
        tick: called with the number of instances done.
    """
    chunks = [range(at, min(at + CHUNK, instances)) for at in range(0, instances, CHUNK)]
    parts = []
    work = (delayed(_chunk)(tuple(scenarios), first_seed, chunk) for chunk in chunks)
    for chunk, part in zip(chunks, Parallel(n_jobs=jobs, return_as="generator")(work), strict=True):
        parts.append(part)
        tick(len(chunk))
    return joined(parts)


def _chunk(scenarios: tuple[str, ...], first_seed: int, numbers: range) -> Lessons:
    loaded = [load_scenario(name) for name in scenarios]
    features, delays_s, scenario = [], [], []
    for number in numbers:
        which = number % len(loaded)
        try:
            sample = loaded[which].sample(first_seed + number)
        except NoPlanError:
            continue
        scene = scene_of(Walk(sample.instance))
        seen, values_s = np.empty(SIZE, np.float32), np.empty(NUM_CELLS)
        _look(scene, seen, values_s)
        if np.isfinite(values_s).any():
            features.append(seen)
            delays_s.append(values_s)
            scenario.append(which)
    return Lessons(
        np.array(features, np.float32).reshape(-1, SIZE),
        np.array(delays_s, np.float64).reshape(-1, NUM_CELLS),
        np.array(scenario, np.int64),
    )


@numba.njit(cache=True, nogil=True)
def _look(scene: Scene, features: Singles, values_s: Floats) -> None:
    write_features(scene, features)
    value_cells(scene, values_s)
