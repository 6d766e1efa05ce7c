"""Calibrated codecs in a safetensors file: settings in its metadata, parameters in its arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from satllm_env.cli import write_bytes
from satllm_env.compression.codec.boundary import BoundaryCodec
from satllm_env.compression.codec.codec import Codec
from satllm_env.compression.codec.quantise import Steps
from satllm_env.compression.codec.settings import CodecSettings, StaticMask, UniformSteps
from satllm_env.compression.codec.tables import SymbolTables
from satllm_env.compression.codec.transform import PARAMETERS, restore_transform
from satllm_env.errors import InputError
from satllm_env.problem.schema import Form, first_error

Arrays = dict[str, NDArray[Any]]


class _Contents(Form):
    """The file's metadata."""

    format: Literal["satllm-codec/1"] = "satllm-codec/1"
    levels: tuple[CodecSettings, ...]
    widths: dict[int, int]
    """W by boundary."""


def save_codecs(path: str | Path, codecs: Sequence[Codec]) -> None:
    """Write codecs of the same boundaries.

    Raises:
        InputError: the file cannot be written, or the codecs differ in boundaries, or share a name.
    """
    arrays: Arrays = {}
    widths = {boundary: part.width for boundary, part in codecs[0].boundaries.items()} if codecs else {}
    for codec in codecs:
        if {boundary: part.width for boundary, part in codec.boundaries.items()} != widths:
            raise InputError(str(path), codec.settings.name, "has other boundaries than the first level")
        for boundary, part in codec.boundaries.items():
            for name, array in part.arrays().items():
                arrays[_key(codec.settings, boundary, name)] = array
    contents = _Contents(levels=tuple(codec.settings for codec in codecs), widths=widths)
    _require_distinct(contents, str(path))
    whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    write_bytes(path, save(whole, {"codec": contents.model_dump_json()}))


def load_codecs(path: str | Path) -> tuple[Codec, ...]:
    """Read what `save_codecs` wrote.

    Raises:
        InputError: the file cannot be read, or breaks the form; the message names the array at fault.
    """
    source = str(path)
    contents, arrays = _read(source)
    _require_distinct(contents, source)
    return tuple(
        Codec(
            settings,
            {
                boundary: _part(settings, boundary, width, arrays, source)
                for boundary, width in contents.widths.items()
            },
        )
        for settings in contents.levels
    )


def _key(settings: CodecSettings, boundary: int, name: str) -> str:
    """The array's name in the file."""
    return f"{settings.name}/{boundary}/{name}"


def _read(source: str) -> tuple[_Contents, Arrays]:
    try:
        with safe_open(source, framework="np") as file:
            text = (file.metadata() or {}).get("codec")
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise InputError(source, "", f"cannot be read: {error}") from None
    if text is None:
        raise InputError(source, "", "holds no codec")
    try:
        return _Contents.model_validate_json(text), arrays
    except ValidationError as error:
        raise first_error(error, source) from None


def _require_distinct(contents: _Contents, source: str) -> None:
    names = [settings.name for settings in contents.levels]
    for name in names:
        if names.count(name) > 1:
            raise InputError(source, "levels", f"name {name!r} is taken twice")


def _part(settings: CodecSettings, boundary: int, width: int, arrays: Arrays, source: str) -> BoundaryCodec:
    """The codec of one boundary, its arrays checked."""

    def named(prefix: str, names: tuple[str, ...], dtype: type[np.generic] = np.float32) -> Arrays:
        return {
            name: _array(arrays, _key(settings, boundary, prefix + name), dtype, source) for name in names
        }

    where = f"{source}: {settings.name}/{boundary}"
    kind = settings.transform
    transform = restore_transform(kind, named("transform.", PARAMETERS[kind]), width, where)
    components = transform.components(width)
    keep, steps, tables = None, None, None
    if isinstance(settings.sparsifier, StaticMask):
        keep = named("", ("keep",), np.bool_)["keep"]
        if keep.shape[-1:] != (components,):
            raise InputError(where, "keep", f"must have shape (…, {components})")
    if isinstance(settings.quantiser, UniformSteps):
        steps = Steps(**named("steps.", ("step", "threshold", "offset")))
        steps.check(components, where)
    if settings.coder == "range":
        reach = named("tables.", ("reach",), np.int32)
        table_of = named("tables.", ("table_of",), np.int32)
        tables = SymbolTables(**reach, **named("tables.", ("frequencies",), np.uint32), **table_of)
        tables.check(components, where)
    return BoundaryCodec(settings, width, transform, keep, steps, tables)


def _array(arrays: Arrays, key: str, dtype: type[np.generic], source: str) -> NDArray[Any]:
    if key not in arrays:
        raise InputError(source, key, "is missing")
    if arrays[key].dtype != dtype:
        raise InputError(source, key, f"must be {np.dtype(dtype)} (got {arrays[key].dtype})")
    return arrays[key]
