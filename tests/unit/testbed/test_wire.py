"""The wire format: what arrives is what was sent, or is refused."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.testbed import wire

SHAPE = (2, 3, 4)
PLAIN = wire.Form(3, 0, np.dtype(np.float32), SHAPE)
CODED = wire.Form(3, 2, np.dtype(np.float32), SHAPE)
BODY = np.arange(24, dtype=np.float32).tobytes()


@given(st.integers(0, wire.MAX_RUN), st.integers(0, 2**32 - 1), st.floats(-1e9, 1e9))
def test_header_says_what_was_packed(run: int, micro_batch: int, due_s: float) -> None:
    """Run, number, time, length and checksum survive the way."""
    data = wire.pack_header(PLAIN, run, micro_batch, BODY, due_s)
    header = wire.parse_header(data, PLAIN, run, micro_batch)
    assert header == wire.Header(run, micro_batch, len(BODY), zlib.crc32(BODY), due_s)
    wire.check_body(header, BODY)


@given(st.integers(0, wire.HEADER_BYTES * 8 - 1))
def test_any_flipped_bit_of_a_header_is_seen(bit: int) -> None:
    """No damaged header passes."""
    data = bytearray(wire.pack_header(PLAIN, 0, 1, BODY))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(wire.WireError):
        wire.parse_header(bytes(data), PLAIN, 0, 1)


@given(st.integers(0, len(BODY) * 8 - 1))
def test_any_flipped_bit_of_a_body_is_seen(bit: int) -> None:
    """No damaged body passes."""
    header = wire.parse_header(wire.pack_header(PLAIN, 0, 1, BODY), PLAIN, 0, 1)
    data = bytearray(BODY)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(wire.WireError, match="checksum"):
        wire.check_body(header, bytes(data))


@given(st.binary(max_size=2 * wire.HEADER_BYTES))
def test_noise_is_refused(data: bytes) -> None:
    """Arbitrary bytes raise the one error that callers look for."""
    with pytest.raises(wire.WireError):
        wire.parse_header(data, PLAIN, 0, 0)


@pytest.mark.parametrize(
    ("form", "run", "micro_batch", "word"),
    [
        (PLAIN, 1, 0, "pass"),
        (PLAIN, 0, 1, "micro-batch"),
        (wire.Form(4, 0, np.dtype(np.float32), SHAPE), 0, 0, "boundary"),
        (CODED, 0, 0, "level"),
        (wire.Form(3, 0, np.dtype(np.uint8), SHAPE), 0, 0, "dtype"),
        (wire.Form(3, 0, np.dtype(np.float32), (4, 3, 2)), 0, 0, "shape"),
        (wire.Form(3, 0, np.dtype(np.float32), (2, 12)), 0, 0, "shape"),
    ],
)
def test_what_is_not_due_is_refused(form: wire.Form, run: int, micro_batch: int, word: str) -> None:
    """A payload that is sound but another one than the plan's next is named by what differs."""
    with pytest.raises(wire.WireError, match=word):
        wire.parse_header(wire.pack_header(PLAIN, 0, 0, BODY), form, run, micro_batch)


def test_another_version_is_named() -> None:
    """A newer sender is told apart from noise."""
    data = bytearray(wire.pack_header(PLAIN, 0, 0, BODY))
    data[4] = 9
    data[-4:] = struct.pack("<I", zlib.crc32(bytes(data[:-4])))
    with pytest.raises(wire.WireError, match="wire version 9"):
        wire.parse_header(bytes(data), PLAIN, 0, 0)


@pytest.mark.parametrize("form", [PLAIN, CODED])
def test_lengths_are_bounded_before_memory_is_taken(form: wire.Form) -> None:
    """A header with right checksums that claims a huge body is refused."""
    data = bytearray(wire.pack_header(form, 0, 0, BODY))
    data[-16:-8] = struct.pack("<Q", 2**40)
    data[-4:] = struct.pack("<I", zlib.crc32(bytes(data[:-4])))
    with pytest.raises(wire.WireError, match="bytes where"):
        wire.parse_header(bytes(data), form, 0, 0)


@pytest.mark.parametrize("due_s", [float("nan"), float("inf")])
def test_no_time_is_refused(due_s: float) -> None:
    """A payload that would never be through its link is none."""
    with pytest.raises(wire.WireError, match="due"):
        wire.parse_header(wire.pack_header(PLAIN, 0, 0, BODY, due_s), PLAIN, 0, 0)


def test_arrays_come_back() -> None:
    """A body of level 0 is the array."""
    assert np.array_equal(wire.to_array(PLAIN, BODY), np.arange(24, dtype=np.float32).reshape(SHAPE))
