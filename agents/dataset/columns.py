"""The columns of a dataset, one row per step: said once, for the files, the card and the check on loading."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from agents.dataset.extras import pyarrow
from agents.dataset.walk import OptimalWalk
from agents.spaces import Spaces

Kind = Literal["bool", "int32", "int64", "float32", "float64", "string"]


class Column(NamedTuple):
    """One column."""

    name: str
    kind: Kind
    length: int
    """Entries of a list of fixed length, 0 for a single value."""
    unit: str
    meaning: str

    @property
    def shape(self) -> str:
        """Of one row, as NumPy would say it."""
        return f"({self.length},)" if self.length else "()"


def columns(spaces: Spaces) -> tuple[Column, ...]:
    """The columns of walks seen in some spaces."""
    size, actions = spaces.observation_size, spaces.num_actions
    return (
        Column("episode", "int32", 0, "", "number of the walk, from 0; those left out are skipped"),
        Column("step", "int32", 0, "", "number of the step in its walk, from 0"),
        Column("scenario", "string", 0, "", "name of the scenario"),
        Column("seed", "int64", 0, "", "of the instance: `load_scenario(scenario).sample(seed)`"),
        Column("observation", "float32", size, "1", "before the step, each entry in [0, 1]"),
        Column("action_mask", "bool", actions, "", "moves after which the walk can still be finished"),
        Column("action", "int32", 0, "", "the optimal plan's move"),
        Column("reward", "float64", 0, "reference delays", "of the step; times `reference_s` it is [s]"),
        Column("return_to_go", "float64", 0, "reference delays", "sum of rewards from this step on"),
        Column("terminated", "bool", 0, "", "whether the step ends the walk"),
        Column("delay_s", "float64", 0, "s", "delay of the whole walk: the instance's optimum"),
        Column("reference_s", "float64", 0, "s", "the instance's reference delay, a lower bound"),
        Column("gap_pct", "float64", 0, "%", "of the delay above the proven bound"),
    )


def schema_of(spaces: Spaces) -> Any:
    """The columns as an Arrow schema."""
    pa = pyarrow()

    def field(column: Column) -> Any:
        entry = {"bool": pa.bool_(), "string": pa.string()}.get(column.kind) or getattr(pa, column.kind)()
        kind = pa.list_(pa.field("item", entry, nullable=False), column.length) if column.length else entry
        return pa.field(column.name, kind, nullable=False)

    return pa.schema([field(column) for column in columns(spaces)])


def table_of(walks: dict[int, OptimalWalk], spaces: Spaces) -> Any:
    """The rows of walks, by number of the episode, as an Arrow table."""
    pa = pyarrow()
    schema = schema_of(spaces)
    parts = [_rows(number, walk, schema) for number, walk in sorted(walks.items())]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def _rows(number: int, walk: OptimalWalk, schema: Any) -> Any:
    pa = pyarrow()
    steps = len(walk.actions)
    values: dict[str, Any] = {
        "episode": np.full(steps, number),
        "step": np.arange(steps),
        "scenario": [walk.scenario] * steps,
        "seed": np.full(steps, walk.seed),
        "observation": walk.observations.reshape(-1),
        "action_mask": walk.masks.reshape(-1),
        "action": walk.actions,
        "reward": walk.rewards,
        "return_to_go": walk.returns,
        "terminated": np.arange(steps) == steps - 1,
        "delay_s": np.full(steps, walk.delay_s),
        "reference_s": np.full(steps, walk.reference_s),
        "gap_pct": np.full(steps, walk.gap_pct),
    }
    arrays = [_array(values[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Any, kind: Any) -> Any:
    pa = pyarrow()
    if not pa.types.is_fixed_size_list(kind):
        return pa.array(values, kind)
    return pa.FixedSizeListArray.from_arrays(pa.array(values, kind.value_type), type=kind)


def as_numpy(table: Any, name: str) -> np.ndarray[Any, Any]:
    """A column of numbers as (steps,), or (steps, entries) where its rows are lists."""
    column = table.column(name).combine_chunks()
    if not pyarrow().types.is_fixed_size_list(column.type):
        single: np.ndarray[Any, Any] = column.to_numpy(zero_copy_only=False)
        return single
    flat = column.flatten().to_numpy(zero_copy_only=False)
    rows: np.ndarray[Any, Any] = flat.reshape(len(column), column.type.list_size)
    return rows
