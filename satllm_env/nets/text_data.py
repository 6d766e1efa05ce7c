"""Text to train and measure on, in splits: the procedural log, or any file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from satllm_env.errors import InputError
from satllm_env.nets.mission_log import SPLITS, mission_log
from satllm_env.text import read_utf8

SHARES = {"train": 0.90, "calibration": 0.02, "validation": 0.03, "test": 0.05}
"""Of a file's bytes, one after the other."""
SIZES = {"train": 3_000_000, "calibration": 50_000, "validation": 100_000, "test": 200_000}
"""[bytes] of the procedural log where one does not say."""
LOG = "mission-log"


def text(name_or_file: str | Path, split: str, length: int | None = None, seed: int = 0) -> Tensor:
    """(N,) int64 bytes of a split.

    Args:
        name_or_file: `mission-log`, or a file of UTF-8 text.
        split: train, calibration, validation or test.
        length: [bytes] of it; by default the usual number, or all that a file has.
        seed: of the procedural log; a file is cut at fixed places.

    Raises:
        InputError: no such split, the file cannot be read or is not UTF-8, or has too few bytes.
    """
    if split not in SPLITS:
        raise InputError("split", split, f"unknown; known are {', '.join(SPLITS)}")
    if name_or_file == LOG:
        made = mission_log(split, SIZES[split] if length is None else length, seed).encode()
        return _ids(made)
    part = _file_part(name_or_file, split)
    if length is not None and length > len(part):
        raise InputError(str(name_or_file), split, f"has {len(part)} bytes (asked for {length})")
    return _ids(part[:length])


def windows(ids: Tensor, context: int) -> tuple[Tensor, Tensor]:
    """(N, context) inputs and the (N, context) bytes that follow each, side by side, without overlap.

    Raises:
        InputError: the text does not fill one window.
    """
    count = (len(ids) - 1) // context
    if count < 1:
        raise InputError("text", "", f"must have more than {context} bytes (got {len(ids)})")
    return ids[: count * context].view(count, context), ids[1 : count * context + 1].view(count, context)


def text_sha256(ids: Tensor) -> str:
    """Of the bytes."""
    return hashlib.sha256(ids.to(torch.uint8).numpy().tobytes()).hexdigest()


def _ids(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8).long() if data else torch.empty(0).long()


def _file_part(path: str | Path, split: str) -> bytes:
    data = read_utf8(path)
    before = sum(share for name, share in SHARES.items() if SPLITS.index(name) < SPLITS.index(split))
    return data[round(before * len(data)) : round((before + SHARES[split]) * len(data))]
