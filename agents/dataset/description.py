"""`dataset.json`: what a program must know of a dataset, and the hash of every file."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from agents.dataset.columns import columns
from agents.dataset.request import WalkRequest
from agents.spaces import Spaces
from satllm_env.cli import write_text
from satllm_env.problem.schema import Count, Form, Name, first_error, load_json

DESCRIPTION = "dataset.json"

Amount = Annotated[int, Field(ge=0, strict=True)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ColumnForm(Form):
    """One column."""

    name: Name
    type: Name
    shape: str
    unit: str
    meaning: Name


class ShardForm(Form):
    """One file."""

    file: Name
    sha256: Sha256
    episodes: Amount
    steps: Amount


class ScenarioForm(Form):
    """What there is of one scenario."""

    name: Name
    sha256: Sha256
    """Of what its file says, defaults included."""
    episodes: Amount
    steps: Amount


class Description(Form):
    """A whole dataset."""

    format: Literal["satllm-optimal-walks/1"] = "satllm-optimal-walks/1"
    licence: Literal["MIT"] = "MIT"
    command: Name
    revision: Name
    """Commit of the code that finished it."""
    planner: Literal["astar"] = "astar"
    planner_version: Name
    reward_unit: Literal["reference"] = "reference"
    request: WalkRequest
    spaces: Spaces
    episodes: Count
    steps: Count
    left_out: tuple[Amount, ...]
    """Numbers of the episodes that were not proven optimal in time."""
    scenarios: tuple[ScenarioForm, ...]
    columns: tuple[ColumnForm, ...]
    shards: tuple[ShardForm, ...]

    def save(self, folder: Path) -> None:
        """Write it into a dataset's folder."""
        write_text(folder / DESCRIPTION, json.dumps(self.model_dump(mode="json"), indent=1) + "\n")


def load_description(folder: str | Path) -> Description:
    """Read the description of a dataset.

    Raises:
        InputError: it is missing, no JSON, or breaks its form.
    """
    path = Path(folder) / DESCRIPTION
    try:
        return Description.model_validate(load_json(path))
    except ValidationError as error:
        raise first_error(error, str(path)) from None


def shard_form(folder: Path, file: str, table: Any) -> ShardForm:
    """What the description says of a file."""
    return ShardForm(
        file=file,
        sha256=hashlib.sha256((folder / file).read_bytes()).hexdigest(),
        episodes=len(set(table.column("episode").to_pylist())),
        steps=table.num_rows,
    )


def column_forms(spaces: Spaces) -> tuple[ColumnForm, ...]:
    """What the description says of the columns."""
    return tuple(
        ColumnForm(name=c.name, type=c.kind, shape=c.shape, unit=c.unit, meaning=c.meaning)
        for c in columns(spaces)
    )


def planner_version() -> str:
    """Version of this package."""
    try:
        return version("satllm")
    except PackageNotFoundError:
        return "unknown"
