"""The bytes of an encoded activation: a header, the coded values, a checksum.

| part | bytes | meaning |
|---|---|---|
| magic | 2 | `SA` |
| version | 1 | 1 |
| codec | 4 | fingerprint of the settings and of all parameters at this boundary |
| boundary | 1 or more | number, as are the shape's sizes: 7 bits a byte, low ones first |
| dimensions | 1 | D, from 1 to 8 |
| shape | D or more | sizes of the activation, the width last |
| body | | scales, mask, symbols: see `boundary.BoundaryCodec` |
| checksum | 4 | CRC-32 of all before |

All numbers are little-endian. Elements are float32.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass

from satllm_env.compression.codec.packing import Reader, bad_payload, number_bytes

MAGIC, VERSION = b"SA", 1
FINGERPRINT_BYTES = 4
MAX_DIMENSIONS = 8
MAX_ELEMENTS = 2**27
"""Of an activation: a payload of few bytes may stand for many zeros, so its claim is bounded."""
_CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class Header:
    """What a payload says of itself."""

    fingerprint: bytes
    boundary: int
    shape: tuple[int, ...]

    def to_bytes(self) -> bytes:
        """The header's bytes."""
        sizes = b"".join(number_bytes(size) for size in self.shape)
        return (
            MAGIC
            + bytes([VERSION])
            + self.fingerprint
            + number_bytes(self.boundary)
            + bytes([len(self.shape)])
            + sizes
        )


def seal(header: Header, body: bytes) -> bytes:
    """Join header and body and add the checksum."""
    content = header.to_bytes() + body
    return content + zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "little")


def unseal(payload: bytes) -> tuple[Header, bytes]:
    """Check a payload and take it apart into header and body.

    Raises:
        InputError: it is no payload of this version, is damaged, or claims an impossible shape.
    """
    if payload[: len(MAGIC)] != MAGIC:
        raise bad_payload("is no activation payload")
    content, checksum = payload[:-_CHECKSUM_BYTES], payload[-_CHECKSUM_BYTES:]
    if zlib.crc32(content) != int.from_bytes(checksum, "little"):
        raise bad_payload("is damaged: its checksum does not match")
    reader = Reader(content)
    reader.take(len(MAGIC))
    if (version := reader.take(1)[0]) != VERSION:
        raise bad_payload(f"is of version {version}; this code reads version {VERSION}")
    header = Header(reader.take(FINGERPRINT_BYTES), reader.number(), _read_shape(reader))
    return header, reader.rest()


def _read_shape(reader: Reader) -> tuple[int, ...]:
    dimensions = reader.take(1)[0]
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise bad_payload(f"has {dimensions} dimensions")
    shape = tuple(reader.number() for _ in range(dimensions))
    if math.prod(shape) > MAX_ELEMENTS:
        raise bad_payload(f"claims more than {MAX_ELEMENTS} elements")
    return shape
