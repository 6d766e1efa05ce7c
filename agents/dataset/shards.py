"""The Parquet files of a dataset; each says which request it belongs to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agents.dataset.columns import schema_of, table_of
from agents.dataset.extras import pyarrow
from agents.dataset.request import WalkRequest
from agents.dataset.walk import OptimalWalk
from agents.spaces import Spaces
from satllm_env.cli import write_bytes
from satllm_env.errors import InputError

FOLDER = "data"
KEY = b"satllm"
"""Of the file's metadata, beside the columns."""


def shard_name(number: int, of: int) -> str:
    """Path of a shard inside its dataset."""
    return f"{FOLDER}/train-{number:05d}-of-{of:05d}.parquet"


def write_shard(path: Path, walks: dict[int, OptimalWalk], request: WalkRequest) -> None:
    """Write walks, by number of the episode, as one file.

    Raises:
        InputError: the file cannot be written.
    """
    pa = pyarrow()
    identity = json.dumps(request.identity(), sort_keys=True)
    table = table_of(walks, request.spaces()).replace_schema_metadata({KEY: identity})
    buffer = pa.BufferOutputStream()
    pa.parquet.write_table(table, buffer, compression="zstd")
    write_bytes(path, buffer.getvalue().to_pybytes())


def check_shard(path: Path, request: WalkRequest) -> None:
    """Refuse a file that another request wrote.

    Raises:
        InputError: it did, or the file cannot be read.
    """
    metadata = _parquet_file(path.read_bytes, str(path)).schema_arrow.metadata or {}
    if metadata.get(KEY) != json.dumps(request.identity(), sort_keys=True).encode():
        raise InputError(str(path), "", "holds walks of another request; choose another folder")


def read_shard(data: bytes, source: str, spaces: Spaces) -> Any:
    """The rows of a file as an Arrow table.

    Raises:
        InputError: it is no Parquet file, or its columns are others.
    """
    pa = pyarrow()
    file = _parquet_file(lambda: data, source)
    expected = schema_of(spaces)
    for field in expected:
        if field.name not in file.schema_arrow.names:
            raise InputError(source, field.name, "is missing")
        found = file.schema_arrow.field(field.name).type
        if found != field.type:
            raise InputError(source, field.name, f"is {found}, not {field.type}")
    try:
        return file.read(columns=expected.names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(source, "", f"cannot be loaded: {error}") from None


def _parquet_file(read: Any, source: str) -> Any:
    pa = pyarrow()
    try:
        return pa.parquet.ParquetFile(pa.BufferReader(read()))
    except (pa.ArrowException, OSError) as error:
        raise InputError(source, "", f"cannot be loaded: {error}") from None
