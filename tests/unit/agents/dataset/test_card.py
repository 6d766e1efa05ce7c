"""The data card and what a program reads beside it."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest


def card(folder: Path) -> tuple[str, str]:
    """Head and body of the card."""
    _, head, body = (folder / "README.md").read_text().split("---\n", 2)
    return head, body


def test_the_head_is_what_the_hub_reads(dataset: Path) -> None:
    """Licence, task, size and where the data are, as YAML."""
    yaml = pytest.importorskip("yaml")
    head = yaml.safe_load(card(dataset)[0])
    assert head["license"] == "mit"
    assert head["task_categories"] == ["reinforcement-learning"]
    assert head["size_categories"] == ["n<1K"]
    (files,) = head["configs"][0]["data_files"]
    assert len(list(dataset.glob(files["path"]))) == 1


def test_every_column_has_a_row_and_its_true_shape(dataset: Path) -> None:
    """Card and description list the columns that the file has, in its order."""
    schema = pq.read_schema(next((dataset / "data").glob("*.parquet")))
    described = json.loads((dataset / "dataset.json").read_text())["columns"]
    assert [column["name"] for column in described] == schema.names
    body = card(dataset)[1]
    for column, field in zip(described, schema, strict=True):
        size = getattr(field.type, "list_size", None)
        assert column["shape"] == (f"({size},)" if size else "()")
        assert f"| `{field.name}` | {column['type']} | {column['shape']} |" in body


def test_counts_and_hashes_are_those_of_the_files(dataset: Path) -> None:
    """Whoever has the description can check the files without this project."""
    described = json.loads((dataset / "dataset.json").read_text())
    (shard,) = described["shards"]
    assert hashlib.sha256((dataset / shard["file"]).read_bytes()).hexdigest() == shard["sha256"]
    table = pq.read_table(dataset / shard["file"])
    assert described["steps"] == shard["steps"] == len(table)
    assert described["episodes"] == len(set(table["episode"].to_pylist())) == 8
    assert f"| `paper-ground` | 8 | {len(table)} |" in card(dataset)[1]


def test_it_says_how_it_was_made(dataset: Path) -> None:
    """Command and code stand on the card and in the description."""
    described = json.loads((dataset / "dataset.json").read_text())
    body = card(dataset)[1]
    assert "$ python scripts/make_dataset.py --out walks\n" in body
    assert described["revision"] in body
    assert described["request"]["scenarios"] == ["paper-ground"]
