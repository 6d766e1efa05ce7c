"""Reading a dataset back."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agents.dataset import Demonstrations, load_dataset
from satllm_env.errors import InputError

SHARD = "data/train-00000-of-00001.parquet"


def describe(folder: Path, change: Callable[[dict], object]) -> None:
    """Change what dataset.json says."""
    path = folder / "dataset.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def rewrite(folder: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a shard, and its hash with it."""
    pq.write_table(change(pq.read_table(folder / SHARD)), folder / SHARD)
    made = hashlib.sha256((folder / SHARD).read_bytes()).hexdigest()
    describe(folder, lambda data: data["shards"][0].update(sha256=made))


def with_actions(table: pa.Table, action: int) -> pa.Table:
    """The same steps, all with one action."""
    column = table.schema.get_field_index("action")
    return table.set_column(column, table.schema.field(column), pa.array([action] * len(table), pa.int32()))


def test_steps_have_the_shapes_that_the_spaces_say(steps: Demonstrations) -> None:
    """Arrays fit the network that is to learn from them."""
    assert steps.observations.shape == (len(steps), steps.spaces.observation_size)
    assert steps.masks.shape == (len(steps), steps.spaces.num_actions)
    assert [
        array.dtype.name for array in (steps.observations, steps.masks, steps.actions, steps.returns)
    ] == [
        "float32",
        "bool",
        "int64",
        "float32",
    ]


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no description": (lambda f: (f / "dataset.json").unlink(), r"dataset\.json: cannot be read"),
    "no JSON": (lambda f: (f / "dataset.json").write_text("{"), r"dataset\.json"),
    "another format": (lambda f: describe(f, lambda d: d.update(format="x")), r"dataset\.json: format"),
    "a key too many": (lambda f: describe(f, lambda d: d.update(more=1)), r"dataset\.json: more"),
    "no file": (lambda f: (f / SHARD).unlink(), r"parquet: cannot be read"),
    "a byte more": (
        lambda f: (f / SHARD).write_bytes((f / SHARD).read_bytes() + b"x"),
        r"parquet: is not the file .* \(sha256\)",
    ),
    "steps missing": (lambda f: rewrite(f, lambda t: t.slice(1)), r"dataset\.json: steps: is \d+, but"),
    "a column missing": (
        lambda f: rewrite(f, lambda t: t.drop_columns("reward")),
        r"parquet: reward: is miss",
    ),
    "another type": (
        lambda f: rewrite(f, lambda t: t.set_column(6, "action", t["action"].cast(pa.int64()))),
        r"parquet: action: is int64, not int32",
    ),
    "no such action": (lambda f: rewrite(f, lambda t: with_actions(t, 999)), r"action: lies outside 0 … \d+"),
    "a masked action": (lambda f: rewrite(f, lambda t: with_actions(t, 45)), r"action: is masked"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_one_line_that_names_the_file(dataset: Path, tmp_path: Path, case: str) -> None:
    """Nothing damaged is learned from."""
    damage, message = DAMAGE[case]
    folder = tmp_path / "walks"
    shutil.copytree(dataset, folder)
    damage(folder)
    with pytest.raises(InputError, match=message) as error:
        load_dataset(folder)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


def test_no_parquet_file_at_all_is_one_line(dataset: Path, tmp_path: Path) -> None:
    """A file that only claims to be Parquet is told too, with its hash put right."""
    folder = tmp_path / "walks"
    shutil.copytree(dataset, folder)
    (folder / SHARD).write_bytes(b"not parquet")
    made = hashlib.sha256(b"not parquet").hexdigest()
    describe(folder, lambda data: data["shards"][0].update(sha256=made))
    with pytest.raises(InputError, match=r"parquet: cannot be loaded"):
        load_dataset(folder)
