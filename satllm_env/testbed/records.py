"""The files of a job's folder that processes leave: inputs, results, and who did what when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from satllm_env.cli import write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.testbed.network import Array
from satllm_env.testbed.stage import Span

INPUTS = "inputs.safetensors"


def save_inputs(folder: Path, inputs: Array) -> None:
    """Write the (items, B, …) inputs."""
    write_bytes(folder / INPUTS, save({"inputs": np.ascontiguousarray(inputs)}))


def load_inputs(folder: Path) -> Array:
    """Read what `save_inputs` wrote."""
    return _load(folder / INPUTS)["inputs"]


def result_file(folder: Path, micro_batch: int) -> Path:
    """Where the result of a micro-batch lies."""
    return folder / "results" / f"{micro_batch:06d}.safetensors"


def pack_result(values: Array) -> bytes:
    """A result as a file's bytes."""
    return save({"result": np.ascontiguousarray(values)})


def load_results(folder: Path, items: int) -> dict[int, Array]:
    """The results that are there, by micro-batch."""
    paths = {number: result_file(folder, number) for number in range(items)}
    return {number: _load(path)["result"] for number, path in paths.items() if path.exists()}


def save_spans(
    folder: Path, visit: int, spans: Sequence[Span], offset_s: float, bytes_sent: Sequence[int]
) -> None:
    """Write what a visit did, in the first process's time."""
    moved = [[*span[:3], span.start_s + offset_s, span.end_s + offset_s] for span in spans]
    write_text(_span_file(folder, visit), json.dumps({"spans": moved, "bytes_sent": list(bytes_sent)}))


def load_spans(folder: Path, visits: int) -> tuple[list[list[Span]], list[list[int]]]:
    """What every visit did, and the bytes that it sent in each measured pass.

    Raises:
        InputError: a file is missing.
    """
    spans, sent = [], []
    for visit in range(visits):
        path = _span_file(folder, visit)
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InputError(str(path), "", "is missing: the run has not ended well") from None
        spans.append([Span(*row) for row in data["spans"]])
        sent.append([int(count) for count in data["bytes_sent"]])
    return spans, sent


def _span_file(folder: Path, visit: int) -> Path:
    return folder / f"spans-{visit}.json"


def _load(path: Path) -> dict[str, Array]:
    try:
        found: dict[str, Array] = load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise InputError(str(path), "", f"cannot be read: {error}") from None
    return found
