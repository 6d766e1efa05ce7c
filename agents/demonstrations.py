"""Optimal walks to learn from: the planner's plans, replayed in the environment."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from agents.environment import TRAINING_SEEDS_FROM, action_space_of, make_env
from planners import solve
from satllm_env.cli import write_bytes
from satllm_env.errors import InputError

SHARD_EPISODES = 500


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """Steps of optimal walks."""

    observations: NDArray[np.float32]  # (steps, features)
    masks: NDArray[np.bool_]  # (steps, actions)
    actions: NDArray[np.int64]  # (steps,)
    returns: NDArray[np.float32]  # (steps,) what is still to come, in units of the reference delay

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.actions)


def demonstrate(
    scenario: str, slots: int, levels: int, seed: int, deadline_s: float
) -> Demonstrations | None:
    """One optimal walk, None where the plan is not proven optimal in time.

    Args:
        scenario: name or file of a scenario.
        slots: D of the action space.
        levels: Q of the action space.
        seed: of the instance.
        deadline_s: [s] for the planner.
    """
    env = make_env(scenario, num_slots=slots, num_levels=levels)
    observation, info = env.reset(seed=seed)
    result = solve(env.split.instance, deadline_s=deadline_s)
    if result.status != "optimal" or result.plan is None:
        return None
    observations, masks, rewards = [], [], []
    actions = env.split.actions_of(result.plan.steps)
    for action in actions:
        observations.append(observation)
        masks.append(info["action_mask"].astype(np.bool_))
        observation, reward, _, _, info = env.step(action)
        rewards.append(reward)
    returns = np.cumsum(rewards[::-1])[::-1]
    return Demonstrations(
        np.stack(observations), np.stack(masks), np.array(actions), returns.astype(np.float32)
    )


def collect(
    folder: Path,
    scenarios: tuple[str, ...],
    episodes: int,
    seed: int,
    deadline_s: float,
    tick: Callable[[], None] = lambda: None,
    jobs: int = -1,
) -> Demonstrations:
    """Optimal walks, written to shards as they come, so that a killed run goes on where it was.

    They are the same whatever the number of jobs and however often the run is killed.

    Args:
        folder: holds the shards.
        scenarios: take turns.
        episodes: instances planned; those not proven optimal in time are left out.
        seed: of the run; instances of different runs differ.
        deadline_s: [s] for the planner, per instance.
        tick: called for every instance.
        jobs: processes, −1 for one per core.
    """
    slots, levels = action_space_of(scenarios)
    first = TRAINING_SEEDS_FROM + seed * episodes
    shards = []
    for start in range(0, episodes, SHARD_EPISODES):
        numbers = range(start, min(start + SHARD_EPISODES, episodes))
        path = folder / f"{start:06d}.npz"
        if not path.exists():
            tasks = [
                delayed(demonstrate)(scenarios[i % len(scenarios)], slots, levels, first + i, deadline_s)
                for i in numbers
            ]
            _save(path, _gather(Parallel(n_jobs=jobs, return_as="generator")(tasks), tick))
        else:
            for _ in numbers:
                tick()
        shards.append(_load(path))
    return _concatenate(shards)


def _gather(walks: Iterable[Demonstrations | None], tick: Callable[[], None]) -> Demonstrations:
    kept = []
    for walk in walks:
        if walk is not None:
            kept.append(walk)
        tick()
    return _concatenate(kept)


def _concatenate(walks: list[Demonstrations]) -> Demonstrations:
    return Demonstrations(
        observations=np.concatenate([walk.observations for walk in walks]),
        masks=np.concatenate([walk.masks for walk in walks]),
        actions=np.concatenate([walk.actions for walk in walks]),
        returns=np.concatenate([walk.returns for walk in walks]),
    )


def _save(path: Path, steps: Demonstrations) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **vars(steps))
    write_bytes(path, buffer.getvalue())


def _load(path: Path) -> Demonstrations:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Demonstrations(**{field.name: arrays[field.name] for field in fields(Demonstrations)})
    except (OSError, ValueError, KeyError) as error:
        raise InputError(str(path), "", f"cannot be loaded: {error}") from None
