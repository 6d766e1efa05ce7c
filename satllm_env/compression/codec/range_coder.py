"""Symbols to bits near their entropy: constriction's range coder with tables of the components' symbols.

Every integer has a code: a symbol beyond its table is coded as the table's escape and its excess sent
apart. Tables reach the coder as whole numbers, and it turns them into 24-bit frequencies with the four
basic operations alone, which IEEE 754 fixes: the same symbols give the same bytes on every platform.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from satllm_env.compression.codec.packing import (
    Reader,
    bad_payload,
    integer_bytes,
    number_bytes,
    read_integers,
)
from satllm_env.compression.codec.quantise import MAX_SYMBOL
from satllm_env.compression.codec.tables import SymbolTables, by_table

Symbols = NDArray[np.int32]


class RangeCoder:
    """Codes the symbols of components, table by table."""

    def __init__(self, tables: SymbolTables) -> None:
        self.tables = tables

    def __getstate__(self) -> dict[str, SymbolTables]:
        """Leave the models out: constriction's cannot be sent to another process."""
        return {"tables": self.tables}

    @cached_property
    def _models(self) -> list[stream.model.Categorical]:
        """The coder's model of each table."""
        return [stream.model.Categorical(row.astype(np.float64), perfect=False) for row in self.tables.rows()]

    def encode(self, symbols: Symbols, counts: NDArray[np.int64]) -> bytes:
        """Encode symbols.

        Args:
            symbols: those of the first component, then those of the second, …; up to `MAX_SYMBOL` from 0.
            counts: how many symbols each component has, shape (components,).
        """
        order, counts, reach = self._laid_out(counts)
        if order is not None:
            symbols = symbols[order]
        beyond = np.flatnonzero(np.abs(symbols) > reach)
        codes = symbols + reach
        codes[beyond] = 2 * reach[beyond] + 1
        encoder = stream.queue.RangeEncoder()
        for model, column in zip(self._models, np.split(codes, np.cumsum(counts)[:-1]), strict=True):
            encoder.encode(column, model)
        words: NDArray[np.uint32] = encoder.get_compressed()
        return _escape_bytes(_excess(symbols[beyond], reach[beyond])) + words.astype("<u4").tobytes()

    def decode(self, data: bytes, counts: NDArray[np.int64]) -> Symbols:
        """Decode what `encode` gives, for the same counts.

        Raises:
            InputError: the bytes are not what `encode` gives.
        """
        reader = Reader(data)
        excess = _read_escapes(reader, int(counts.sum()))
        order, counts, reach = self._laid_out(counts)
        symbols = self._decode_words(reader.rest(), counts) - reach
        beyond = np.flatnonzero(symbols > reach)
        if len(beyond) != len(excess):
            raise bad_payload(f"has {len(beyond)} escapes but {len(excess)} excesses")
        symbols[beyond] = np.where(excess < 0, excess - reach[beyond], excess + reach[beyond] + 1)
        if order is None:
            return symbols
        components = np.empty_like(symbols)
        components[order] = symbols
        return components

    def _laid_out(
        self, counts: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64] | None, NDArray[np.int64], NDArray[np.int32]]:
        """Of the symbols table by table: their places among the components', numbers and reach."""
        order, per_table = by_table(self.tables.table_of, counts)
        return order, per_table, np.repeat(self.tables.reach, per_table)

    def _decode_words(self, data: bytes, counts: NDArray[np.int64]) -> Symbols:
        if len(data) % 4:
            raise bad_payload("the range coder's part is no whole number of 4-byte words")
        decoder = stream.queue.RangeDecoder(np.frombuffer(data, dtype="<u4").astype(np.uint32))
        try:
            columns = [
                decoder.decode(model, count)
                for model, count in zip(self._models, counts.tolist(), strict=True)
            ]
        except AssertionError:  # constriction's word for bits that no symbols give
            raise bad_payload("the range coder's part is not valid") from None
        if not decoder.maybe_exhausted():
            raise bad_payload("the range coder's part is too long")
        return np.concatenate(columns)


def _excess(symbols: Symbols, reach: Symbols) -> Symbols:
    """How far symbols lie beyond the table, their sign kept: 0, 1, … above and -1, -2, … below."""
    return np.where(symbols > 0, symbols - reach - 1, symbols + reach)


def _escape_bytes(excess: Symbols) -> bytes:
    return number_bytes(len(excess)) + (integer_bytes(excess) if len(excess) else b"")


def _read_escapes(reader: Reader, most: int) -> Symbols:
    count = reader.number()
    if count > most:
        raise bad_payload("has more excesses than symbols")
    excess = read_integers(reader, count) if count else np.zeros(0, dtype=np.int32)
    if (np.abs(excess.astype(np.int64)) > MAX_SYMBOL).any():
        raise bad_payload(f"holds a symbol beyond {MAX_SYMBOL}")
    return excess
