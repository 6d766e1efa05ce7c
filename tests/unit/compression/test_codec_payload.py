"""The payload's bytes: fixed, counted, and refused when damaged or forged."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.compression.codec import BoundaryCodec, Codec, calibrate
from satllm_env.compression.codec.packing import number_bytes
from satllm_env.compression.codec.quantise import Steps
from satllm_env.compression.codec.tables import SymbolTables
from satllm_env.compression.codec.transform import NoTransform
from satllm_env.errors import InputError

from .codec_cases import BOUNDARY, INT4, INT8, TOKENS, WIDTH, activations, codec_of, settings

UNIFORM = {"kind": "uniform", "step": 1.0}
TOP = {"kind": "top_k", "keep": 0.3}
CODECS = [
    codec_of(settings(transform="klt", quantiser=UNIFORM, coder="range")),
    codec_of(settings(quantiser=INT8, coder="range", sparsifier={"kind": "mask"})),
    codec_of(settings(quantiser=UNIFORM, coder="zstandard")),
    codec_of(settings(quantiser=INT4, sparsifier=TOP)),
    codec_of(settings(quantiser=INT8, sparsifier=TOP, coder="zstandard")),
    codec_of(settings(quantiser={"kind": "float", "bits": 16})),
]
HEADER_BYTES = 2 + 1 + 4 + 1 + 1 + 3


def plain_codec() -> Codec:
    """A codec whose every parameter is written here: symbols are the activation's whole numbers."""
    level = settings(quantiser=UNIFORM, coder="range")
    ones = np.ones(2, np.float32)
    frequencies = np.array([20, 60, 19, 1, 99, 1], np.uint32)
    tables = SymbolTables(np.array([1, 0], np.int32), frequencies, np.arange(2, dtype=np.int32))
    part = BoundaryCodec(level, 2, NoTransform(), steps=Steps(ones, ones / 2, 0 * ones), tables=tables)
    return Codec(level, {BOUNDARY: part})


def test_the_same_symbols_give_the_same_bytes_everywhere() -> None:
    """A payload with escapes, byte by byte as on the machine that first wrote it."""
    sent = np.array([[0, 0], [1, 0], [-1, 0], [1000, 0], [0, -3], [-2, 0], [1, 0]], np.float32)
    payload = plain_codec().encode(sent, BOUNDARY)
    assert payload.hex() == "534101706b47e8030207020302e603fffffdff44b3e7b3410c52d7"
    np.testing.assert_array_equal(plain_codec().decode(payload), sent)


@pytest.mark.parametrize(
    ("sparsifier", "quantiser", "expected"),
    [
        (None, {"kind": "float", "bits": 32}, 4 * TOKENS * WIDTH),
        (None, INT8, TOKENS * (WIDTH + 2)),
        (None, INT4, TOKENS * (WIDTH // 2 + 2)),
        (None, INT8 | {"scales": "channel"}, WIDTH * (TOKENS + 2)),
        (TOP, INT8, TOKENS * (4 + 2) + WIDTH * TOKENS // 8),  # 4 of 12 kept, a bit for each of the 12
        ({"kind": "mask"}, INT8, TOKENS * (8 + 2)),  # 8 of 12 kept, both ends know which
    ],
)
def test_bytes_count_values_scales_and_masks(sparsifier: dict, quantiser: dict, expected: int) -> None:
    """A payload is its header, what the arithmetic says, and the checksum."""
    codec = codec_of(settings(sparsifier=sparsifier, quantiser=quantiser))
    assert len(codec.encode(activations(1), BOUNDARY)) == HEADER_BYTES + expected + 4


def test_the_range_coder_reaches_the_entropy_of_its_symbols() -> None:
    """Payloads of unseen activations take at most 1 % more than the symbols' empirical entropy."""
    level = settings(transform="klt", quantiser=UNIFORM, coder="range")
    codec = calibrate([level], {BOUNDARY: activations(300)})[0]
    sent = activations(300, seed=3)
    entropy_bits = 0.0
    for column in codec.boundaries[BOUNDARY].quantise(sent).symbols.T:
        counts = np.unique(column, return_counts=True)[1]
        entropy_bits -= (counts * np.log2(counts / len(column))).sum()
    assert len(codec.encode(sent, BOUNDARY)) * 8 < 1.01 * entropy_bits + 8 * (HEADER_BYTES + 4)


@given(st.sampled_from(CODECS), st.data())
def test_a_damaged_payload_is_refused(codec: Codec, data: st.DataObject) -> None:
    """A changed byte or a lost end never decodes."""
    payload = bytearray(codec.encode(activations(1), BOUNDARY))
    place = data.draw(st.integers(0, len(payload) - 1))
    if data.draw(st.booleans()):
        payload[place] ^= data.draw(st.integers(1, 255))
    else:
        del payload[place:]
    with pytest.raises(InputError, match=r"^payload: "):
        codec.decode(bytes(payload))


@given(st.sampled_from(CODECS), st.data())
def test_a_forged_body_is_decoded_to_finite_numbers_or_refused(codec: Codec, data: st.DataObject) -> None:
    """With a right checksum, any change of the body gives an activation or an InputError, nothing else."""
    payload = codec.encode(activations(1), BOUNDARY)
    body = bytearray(payload[HEADER_BYTES:-4])
    place = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(place, len(body)))
    body[place:end] = data.draw(st.binary(max_size=12))
    forged = payload[:HEADER_BYTES] + bytes(body)
    try:
        decoded = codec.decode(forged + zlib.crc32(forged).to_bytes(4, "little"))
    except InputError as error:
        assert str(error).startswith("payload: ")
    else:
        assert decoded.shape == (1, TOKENS, WIDTH)
        assert np.isfinite(decoded).all()


@given(st.binary(max_size=60))
def test_any_bytes_with_a_right_checksum_are_refused(content: bytes) -> None:
    """Bytes that no codec wrote raise an InputError."""
    for start in (b"", b"SA", b"SA\x01"):
        with pytest.raises(InputError, match=r"^payload: "):
            CODECS[0].decode(start + content + zlib.crc32(start + content).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        (bytes([0]), "0 dimensions"),
        (bytes([9]) + bytes(9), "9 dimensions"),
        (bytes([2]) + number_bytes(2**24) + number_bytes(WIDTH), "elements"),
        (bytes([1, WIDTH + 1]), "wide"),
        (bytes([1]) + b"\xff" * 9, "too long"),
        (bytes([3, 1]), "ends early"),
        (bytes([1, WIDTH]), "ends early"),
    ],
)
def test_an_impossible_shape_is_refused_before_memory_is_taken(shape: bytes, problem: str) -> None:
    """The shape a payload claims is checked first."""
    codec = CODECS[-1]
    content = b"SA\x01" + codec.boundaries[BOUNDARY].fingerprint + bytes([BOUNDARY]) + shape
    with pytest.raises(InputError, match=problem):
        codec.decode(content + zlib.crc32(content).to_bytes(4, "little"))


def test_another_version_is_named() -> None:
    """A payload of a later format says so."""
    content = b"SA\x02" + bytes(20)
    with pytest.raises(InputError, match="version 2"):
        CODECS[0].decode(content + zlib.crc32(content).to_bytes(4, "little"))


def test_fingerprints_tell_parameters_apart() -> None:
    """Any difference of settings or parameters changes the fingerprint; the same ones give it again."""
    level = settings(transform="klt", quantiser=UNIFORM, coder="range")
    other = settings(transform="klt", quantiser=UNIFORM | {"threshold": 0.6}, coder="range")
    first, again, changed = (codec_of(s).boundaries[BOUNDARY].fingerprint for s in (level, level, other))
    assert first == again != changed
