"""A copy of a dataset for Minari: its walks again, replayed in the environment.

Minari keeps one environment per dataset and the observation after the last step, so every scenario
becomes a dataset, and its walks are replayed by their seeds and actions.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import gymnasium as gym
import numpy as np

from agents.dataset.columns import as_numpy
from agents.dataset.description import Description
from agents.dataset.extras import minari
from agents.dataset.loading import load_table
from satllm_env.errors import InputError
from satllm_env.scenarios import load_scenario

FOLDER = "minari"


def write_minari(folder: Path, made: Description) -> tuple[str, ...]:
    """Write a dataset's walks into its folder ``minari``, one Minari dataset per scenario.

    Args:
        folder: of the dataset.
        made: its description.

    Returns:
        The Minari ids of the datasets; with ``MINARI_DATASETS_PATH=FOLDER/minari`` they load by these.

    Raises:
        InputError: Minari is not installed, the dataset is damaged, or the environment no longer gives the
            rewards that the dataset holds.
    """
    library, table = minari(), load_table(folder, made)
    given = {load_scenario(name).name: name for name in made.request.scenarios}
    ids = {s.name: f"satllm/{s.name}/optimal-v0" for s in made.scenarios if s.episodes}
    if not (folder / FOLDER).exists():  # else an earlier run has written it
        with _whole(folder / FOLDER) as place, _datasets_in(place):
            for name, minari_id in ids.items():
                env = made.spaces.make_env(given[name])
                walks = [_replay(env, number, *walk) for number, walk in enumerate(_walks(table, name))]
                library.create_dataset_from_buffers(minari_id, walks, env, **_card(made, name))
    return tuple(ids.values())


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder that gets its name once all that belongs there has been written."""
    with TemporaryDirectory(dir=folder.parent, prefix=".part-") as made:
        place = Path(made) / folder.name
        place.mkdir()
        yield place
        place.rename(folder)


def _walks(table: Any, scenario: str) -> Iterator[tuple[int, list[int], list[float]]]:
    """Seed, actions and rewards of each walk of a scenario."""
    names = np.array(table.column("scenario").to_pylist())
    of_scenario = table.filter(names == scenario)
    episode, seed = as_numpy(of_scenario, "episode"), as_numpy(of_scenario, "seed")
    action, reward = as_numpy(of_scenario, "action"), as_numpy(of_scenario, "reward")
    for rows in np.split(np.arange(len(episode)), np.flatnonzero(np.diff(episode)) + 1):
        yield int(seed[rows[0]]), action[rows].tolist(), reward[rows].tolist()


def _replay(env: gym.Env[Any, Any], number: int, seed: int, actions: list[int], paid: list[float]) -> Any:
    """A walk as Minari's buffer of an episode.

    Raises:
        InputError: the environment does not allow the actions, ends elsewhere or gives other rewards.
    """
    observation, info = env.reset(seed=seed)
    observations, masks, rewards, terminated = [observation], [info["action_mask"]], [], False
    for action in actions:
        if terminated or not masks[-1][action]:
            raise _contradiction(seed)
        observation, reward, terminated, _, info = env.step(action)
        observations.append(observation)
        masks.append(info["action_mask"])
        rewards.append(float(reward))
    if not terminated or not np.allclose(rewards, paid, rtol=1e-9, atol=1e-12):
        raise _contradiction(seed)
    return minari().data_collector.EpisodeBuffer(
        id=number,
        seed=seed,
        observations=np.stack(observations),
        actions=np.array(actions),
        rewards=rewards,
        terminations=[False] * (len(actions) - 1) + [True],
        truncations=[False] * len(actions),
        infos={"action_mask": np.stack(masks)},
    )


def _contradiction(seed: int) -> InputError:
    return InputError("dataset", f"walk of seed {seed}", "is not what this environment gives")


def _card(made: Description, name: str) -> dict[str, Any]:
    return {
        "data_format": "arrow",
        "algorithm_name": f"{made.planner} (satllm {made.planner_version})",
        "description": (
            f"Walks of the scenario {name!r} proven optimal. Made with: {made.command}; code: {made.revision}"
        ),
        "requirements": ["satllm"],
    }


@contextmanager
def _datasets_in(folder: Path) -> Iterator[None]:
    """Let Minari write into a folder, without its advice on authors and links."""
    with mock.patch.dict(os.environ, {"MINARI_DATASETS_PATH": str(folder)}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* is set to None", category=UserWarning)
        yield
