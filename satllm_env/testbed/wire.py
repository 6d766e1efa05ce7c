"""What travels between two processes: a header of fixed size and a body, both under checksums.

| part | bytes | meaning |
|---|---|---|
| magic | 4 | `SLTB` |
| version | 1 | 1 |
| dtype | 1 | 0 coded by a codec, 1 uint8, 2 int64, 3 float32 |
| dimensions | 1 | D, from 1 to 4 |
| run | 1 | which pass over the batch |
| micro-batch | 4 | number, from 0 |
| boundary | 2 | layers done |
| level | 2 | index of the compression level |
| shape | 16 | D sizes of the decoded array, then zeros |
| due | 8 | [s] when the payload is through its emulated link, a float in the first process's time |
| length | 8 | bytes of the body |
| body checksum | 4 | CRC-32 of the body |
| header checksum | 4 | CRC-32 of all before |

All numbers are little-endian. A body is either an array's bytes in C order or a payload of the codec. What
arrives is compared with what the plan says must arrive before any memory is taken for it, and nothing in it
is ever executed or unpickled.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAGIC, VERSION = b"SLTB", 1
MAX_DIMENSIONS = 4
CODED = 0
_FIELDS = struct.Struct("<4sBBBBIHH4IdQI")
_CHECKSUM = struct.Struct("<I")
MAX_RUN = 255
HEADER_BYTES = _FIELDS.size + _CHECKSUM.size
DTYPES = {1: np.dtype(np.uint8), 2: np.dtype(np.int64), 3: np.dtype(np.float32)}
_CODED_OVERHEAD_BYTES = 4096
"""What a codec's payload may take beyond the array it stands for; it is nearly always far smaller."""


class WireError(ValueError):
    """What arrived is not what the plan says must arrive, or is damaged."""


@dataclass(frozen=True)
class Form:
    """What the payloads of one hop look like.

    Args:
        boundary: layers done.
        level: index of the compression level.
        dtype: of the decoded array.
        shape: of the decoded array.
    """

    boundary: int
    level: int
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """[bytes] of the decoded array."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def code(self) -> int:
        """The dtype's number in a header."""
        if self.level:
            return CODED
        return next(code for code, dtype in DTYPES.items() if dtype == self.dtype)

    def accepts(self, length: int) -> bool:
        """Whether a body may have that many bytes."""
        return length <= self.nbytes + _CODED_OVERHEAD_BYTES if self.level else length == self.nbytes


@dataclass(frozen=True)
class Header:
    """A header that has passed its checks."""

    run: int
    micro_batch: int
    length: int
    checksum: int
    due_s: float = 0.0
    """[s] when the payload is through its link, in the first process's time."""


def pack_header(form: Form, run: int, micro_batch: int, body: bytes, due_s: float = 0.0) -> bytes:
    """The header of a body."""
    sizes = (*form.shape, *([0] * (MAX_DIMENSIONS - len(form.shape))))
    fields = _FIELDS.pack(
        MAGIC, VERSION, form.code, len(form.shape), run, micro_batch, form.boundary, form.level, *sizes,
        due_s, len(body), zlib.crc32(body),
    )  # fmt: skip
    return fields + _CHECKSUM.pack(zlib.crc32(fields))


def parse_header(data: bytes, form: Form, run: int, micro_batch: int) -> Header:
    """Check a header against the form, pass and micro-batch that must come next.

    Raises:
        WireError: it is damaged, of another version, or another payload than the plan's next.
    """
    if len(data) != HEADER_BYTES or data[: len(MAGIC)] != MAGIC:
        raise WireError("is no payload of the testbed")
    if data[len(MAGIC)] != VERSION:
        raise WireError(f"is of wire version {data[len(MAGIC)]}; this code reads version {VERSION}")
    fields, checksum = data[: _FIELDS.size], data[_FIELDS.size :]
    if _CHECKSUM.unpack(checksum)[0] != zlib.crc32(fields):
        raise WireError("has a damaged header: its checksum does not match")
    _, _, code, dimensions, its_run, its_number, boundary, level, *rest = _FIELDS.unpack(fields)
    sizes, (due_s, length, body_checksum) = tuple(rest[:MAX_DIMENSIONS]), rest[MAX_DIMENSIONS:]
    _require("pass", its_run, run)
    _require("micro-batch", its_number, micro_batch)
    _require("boundary", boundary, form.boundary)
    _require("level", level, form.level)
    _require("dtype", code, form.code)
    _require("shape", sizes[:dimensions], form.shape)
    if not form.accepts(length):
        raise WireError(f"has {length} bytes where an array of {form.nbytes} is due")
    if not math.isfinite(due_s):
        raise WireError("is due at no time")
    return Header(its_run, its_number, length, body_checksum, due_s)


def check_body(header: Header, body: bytes) -> None:
    """Check a body against its header.

    Raises:
        WireError: it is damaged.
    """
    if len(body) != header.length or zlib.crc32(body) != header.checksum:
        raise WireError("is damaged: the checksum of its body does not match")


def to_array(form: Form, body: bytes) -> NDArray[np.generic]:
    """The array of a body at level 0, which may be written to."""
    return np.frombuffer(bytearray(body), dtype=form.dtype).reshape(form.shape)


def _require(name: str, got: object, due: object) -> None:
    if got != due:
        raise WireError(f"has {name} {got} where {due} is due")
