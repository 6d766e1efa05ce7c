"""Arrays to bytes and back, and a reader of payloads that trusts no length."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError

_WIDTHS = (1, 2, 4)  # [bytes] of an integer


class Reader:
    """Takes a payload's bytes from front to back."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = memoryview(data), 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            InputError: fewer are left.
        """
        left = len(self._data) - self._at
        if count > left:
            raise bad_payload(f"ends early: {count} more bytes are due, {left} are left")
        self._at += count
        return bytes(self._data[self._at - count : self._at])

    def rest(self) -> bytes:
        """All bytes that are left."""
        return self.take(len(self._data) - self._at)

    def number(self) -> int:
        """A number written by `number_bytes`.

        Raises:
            InputError: the payload ends early, or the number is longer than 35 bits.
        """
        value = 0
        for shift in range(0, 35, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise bad_payload("holds a number that is too long")

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        """The next `count` numbers of a little-endian type."""
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype=dtype)

    def finish(self) -> None:
        """Require that nothing is left.

        Raises:
            InputError: bytes are left.
        """
        if left := len(self._data) - self._at:
            raise bad_payload(f"has {left} bytes too many")


def bad_payload(problem: str) -> InputError:
    """The error of a payload that breaks the format."""
    return InputError("payload", "", problem)


def number_bytes(value: int) -> bytes:
    """A number of at least 0 in groups of 7 bits, low ones first; all but the last have the high bit set."""
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def integer_bytes(values: NDArray[np.int32]) -> bytes:
    """Integers at the least width of 1, 2 or 4 bytes that holds them all, behind a byte that tells it."""
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    width = next(w for w in _WIDTHS if -(1 << 8 * w - 1) <= low and high < 1 << 8 * w - 1)
    return bytes([width]) + values.astype(f"<i{width}").tobytes()


def read_integers(reader: Reader, count: int) -> NDArray[np.int32]:
    """Read what `integer_bytes` wrote.

    Raises:
        InputError: the payload ends early, or the width is none of 1, 2 and 4.
    """
    width = reader.take(1)[0]
    if width not in _WIDTHS:
        raise bad_payload(f"holds integers of {width} bytes")
    return reader.array(f"<i{width}", count).astype(np.int32)


def nibble_bytes(values: NDArray[np.int32]) -> bytes:
    """Integers of -8 … 7, two to a byte, the first in the low half; an odd one out is followed by 0."""
    halves = np.zeros(len(values) + len(values) % 2, dtype=np.uint8)
    halves[: len(values)] = values & 0xF
    return (halves[0::2] | halves[1::2] << 4).astype(np.uint8).tobytes()


def read_nibbles(reader: Reader, count: int) -> NDArray[np.int32]:
    """Read what `nibble_bytes` wrote.

    Raises:
        InputError: the payload ends early.
    """
    packed = reader.array("<u1", (count + 1) // 2)
    halves = np.stack([packed & 0xF, packed >> 4], axis=1).reshape(-1)[:count].astype(np.int32)
    return np.asarray((halves ^ 8) - 8, dtype=np.int32)  # bit 3 is the sign


def bit_bytes(bits: NDArray[np.bool_]) -> bytes:
    """Bits, eight to a byte, the first in the lowest; the last byte is filled with zeros."""
    return np.packbits(bits, bitorder="little").tobytes()


def read_bits(reader: Reader, count: int) -> NDArray[np.bool_]:
    """Read what `bit_bytes` wrote.

    Raises:
        InputError: the payload ends early.
    """
    packed = reader.array("<u1", (count + 7) // 8)
    return np.unpackbits(packed, count=count, bitorder="little").astype(np.bool_)


def scale_bytes(scales: NDArray[np.float32]) -> bytes:
    """The 16 high bits of numbers from `quantise.next_bfloat16`, whose low bits are 0."""
    return (scales.reshape(-1).view(np.uint32) >> 16).astype("<u2").tobytes()


def read_scales(reader: Reader, count: int) -> NDArray[np.float32]:
    """Read what `scale_bytes` wrote.

    Raises:
        InputError: the payload ends early, or a scale is not a finite number above 0.
    """
    scales = (reader.array("<u2", count).astype(np.uint32) << 16).view(np.float32)
    if not (np.isfinite(scales) & (scales > 0)).all():
        raise bad_payload("holds a scale that is no finite number above 0")
    return scales
