"""The body of a payload: scales of this payload, which values are kept, and their symbols.

With the range coder, the body is the scales and the range coder's part, which codes the values that a
static mask keeps, or all, those that top-k dropped as zeros. Otherwise it is the scales, a bit per value
if top-k chose the values, and the kept values alone, packed; `zstandard` makes one frame of that. Values
run component by component: the tokens' first components, then their second ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from satllm_env.compression.codec.packing import (
    Reader,
    bad_payload,
    bit_bytes,
    integer_bytes,
    nibble_bytes,
    read_bits,
    read_integers,
    read_nibbles,
    read_scales,
    scale_bytes,
)
from satllm_env.compression.codec.quantise import MAX_SYMBOL, Quantised
from satllm_env.compression.codec.range_coder import RangeCoder
from satllm_env.compression.codec.settings import CodecSettings, FloatValues, Quantiser, ScaledIntegers, TopK
from satllm_env.compression.codec.sparsify import Kept

ZSTANDARD_LEVEL = 9

Size = tuple[int, int]
"""Tokens and width."""


def write_body(quantised: Quantised, settings: CodecSettings, coder: RangeCoder | None) -> bytes:
    """The body's bytes; `coder` is the range coder where the settings name it."""
    scales = b"" if quantised.scales is None else scale_bytes(quantised.scales)
    if coder is not None:
        kept = None if isinstance(settings.sparsifier, TopK) else quantised.kept
        return scales + coder.encode(*by_component(quantised.symbols, kept))
    values, _ = by_component(quantised.symbols, quantised.kept)
    mask = _mask_bytes(quantised.kept) if isinstance(settings.sparsifier, TopK) else b""
    content = scales + mask + _pack(values, settings.quantiser)
    return _compress(content) if settings.coder == "zstandard" else content


def read_body(
    body: bytes, size: Size, settings: CodecSettings, static: Kept | None, coder: RangeCoder | None
) -> Quantised:
    """Read what `write_body` wrote, for N tokens of width W; `static` is the static mask, shape (N, W).

    Raises:
        InputError: the body is not what `write_body` gives.
    """
    if settings.coder == "zstandard":
        body = _decompress(body, most=8 * (size[0] + 1) * (size[1] + 1))
    reader = Reader(body)
    scales = _read_scales(reader, size, settings.quantiser)
    if coder is not None:
        kept = static
        values = coder.decode(reader.rest(), _counts(size, static))
    else:
        kept = _read_mask(reader, size) if isinstance(settings.sparsifier, TopK) else static
        values = _unpack(reader, int(_counts(size, kept).sum()), settings.quantiser)
        reader.finish()
    _check_symbols(values, settings.quantiser)
    return Quantised(_spread(values, size, kept), scales, kept)


def by_component(symbols: NDArray[Any], kept: Kept | None) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The kept symbols, component by component, from shape (N, W); and their number in each component."""
    values = symbols.T.reshape(-1) if kept is None else symbols.T[kept.T]
    return values, _counts(symbols.shape, kept)


def _counts(size: tuple[int, ...], kept: Kept | None) -> NDArray[np.int64]:
    return np.full(size[1], size[0], dtype=np.int64) if kept is None else kept.sum(axis=0, dtype=np.int64)


def _spread(values: NDArray[Any], size: Size, kept: Kept | None) -> NDArray[Any]:
    """Put values, component by component, where they are kept; zeros elsewhere."""
    if kept is None:
        return np.ascontiguousarray(values.reshape(size[::-1]).T)
    whole = np.zeros(size[::-1], dtype=values.dtype)
    whole[kept.T] = values
    return np.ascontiguousarray(whole.T)


def _mask_bytes(kept: Kept | None) -> bytes:
    assert kept is not None
    return bit_bytes(kept.T.reshape(-1))


def _read_mask(reader: Reader, size: Size) -> Kept:
    return read_bits(reader, size[0] * size[1]).reshape(size[::-1]).T


def _pack(values: NDArray[Any], quantiser: Quantiser) -> bytes:
    if isinstance(quantiser, FloatValues):
        return values.astype(f"<f{quantiser.bits // 8}").tobytes()
    if isinstance(quantiser, ScaledIntegers):
        return nibble_bytes(values) if quantiser.bits == 4 else values.astype(np.int8).tobytes()
    return integer_bytes(values)


def _unpack(reader: Reader, count: int, quantiser: Quantiser) -> NDArray[Any]:
    if isinstance(quantiser, FloatValues):
        dtype = f"f{quantiser.bits // 8}"
        return reader.array(f"<{dtype}", count).astype(dtype)
    if isinstance(quantiser, ScaledIntegers):
        if quantiser.bits == 4:
            return read_nibbles(reader, count)
        return reader.array("<i1", count).astype(np.int32)
    return read_integers(reader, count)


def _check_symbols(symbols: NDArray[Any], quantiser: Quantiser) -> None:
    if isinstance(quantiser, FloatValues):
        return
    largest = quantiser.largest if isinstance(quantiser, ScaledIntegers) else MAX_SYMBOL
    if symbols.size and max(-int(symbols.min()), int(symbols.max())) > largest:
        raise bad_payload(f"holds a symbol beyond {largest}")


def _read_scales(reader: Reader, size: Size, quantiser: Quantiser) -> NDArray[np.float32] | None:
    if not isinstance(quantiser, ScaledIntegers):
        return None
    shape = (size[0], 1) if quantiser.scales == "token" else (1, size[1])
    return read_scales(reader, shape[0] * shape[1]).reshape(shape)


def _compress(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=ZSTANDARD_LEVEL).compress(content)


def _decompress(frame: bytes, most: int) -> bytes:
    try:
        parameters = zstandard.get_frame_parameters(frame)
        if not parameters.content_size <= most:  # also where the size is not told
            raise bad_payload("the zstandard frame claims too many bytes")
        return zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError:
        raise bad_payload("the zstandard frame is not valid") from None
