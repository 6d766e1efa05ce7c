"""Reading a dataset back, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.dataset.columns import as_numpy
from agents.dataset.description import DESCRIPTION, Description, ShardForm, load_description
from agents.dataset.extras import pyarrow
from agents.dataset.shards import read_shard
from agents.spaces import Spaces
from satllm_env.errors import InputError


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """Steps of optimal walks, walk after walk."""

    spaces: Spaces
    observations: NDArray[np.float32]  # (steps, features)
    masks: NDArray[np.bool_]  # (steps, actions)
    actions: NDArray[np.int64]  # (steps,)
    returns: NDArray[np.float32]  # (steps,) what is still to come, in units of the reference delay

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.actions)


def load_dataset(folder: str | Path) -> Demonstrations:
    """The steps of a dataset, for behaviour cloning.

    Args:
        folder: that ``make_dataset.py`` wrote.

    Raises:
        InputError: a file is missing, damaged or of another form, or Parquet is not installed.
    """
    described = load_description(folder)
    table = load_table(folder, described)
    steps = Demonstrations(
        spaces=described.spaces,
        observations=as_numpy(table, "observation"),
        masks=as_numpy(table, "action_mask"),
        actions=as_numpy(table, "action").astype(np.int64),
        returns=as_numpy(table, "return_to_go").astype(np.float32),
    )
    _check(steps, str(folder))
    return steps


def load_table(folder: str | Path, described: Description) -> Any:
    """All rows of a dataset as an Arrow table, its files checked against their hashes.

    Raises:
        InputError: a file is missing, damaged or of another form, or Parquet is not installed.
    """
    pa = pyarrow()
    tables = [_verified(Path(folder), shard, described.spaces) for shard in described.shards]
    table = pa.concat_tables(tables)
    if table.num_rows != described.steps:
        problem = f"is {described.steps}, but the files hold {table.num_rows}"
        raise InputError(str(Path(folder) / DESCRIPTION), "steps", problem)
    return table


def _verified(folder: Path, shard: ShardForm, spaces: Spaces) -> Any:
    path = folder / shard.file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != shard.sha256:
        raise InputError(str(path), "", f"is not the file that {DESCRIPTION} describes (sha256)")
    return read_shard(data, str(path), spaces)


def _check(steps: Demonstrations, source: str) -> None:
    """Refuse steps that a policy could not have taken."""
    if steps.actions.min() < 0 or steps.actions.max() >= steps.spaces.num_actions:
        raise InputError(source, "action", f"lies outside 0 … {steps.spaces.num_actions - 1}")
    if not steps.masks[np.arange(len(steps)), steps.actions].all():
        raise InputError(source, "action", "is masked")
    if not (np.isfinite(steps.observations).all() and np.isfinite(steps.returns).all()):
        raise InputError(source, "observation, return_to_go", "must be finite")
