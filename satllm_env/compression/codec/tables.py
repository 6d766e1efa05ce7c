"""How often components take each symbol: whole numbers, from calibration, known to both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError

MAX_REACH = 255
TOTAL = 2**22
"""Sum that frequencies are brought to, up to rounding; the coder itself counts in 24 bits."""
_MAX_FREQUENCY = 2**23
SHARED_TABLES = 128
"""Where components are too many for a table each: those of like magnitudes share one."""
_PRIOR = 1.0  # [symbols] weight of the Laplace distribution that fills what calibration never saw
_ESCAPES = 0.5  # [symbols] added to the escapes seen, so that one costs no more than calibration can tell


@dataclass(frozen=True, eq=False)
class SymbolTables:
    """Frequencies of the components' symbols.

    Table t has one for each symbol of -reach[t] … reach[t], in that order, and a last one for any
    symbol beyond (the escape).
    """

    reach: NDArray[np.int32]
    """shape (tables,)"""
    frequencies: NDArray[np.uint32]
    """All tables' in a row; shape (sum of 2·reach + 2,)."""
    table_of: NDArray[np.int32]
    """Each component's table, shape (components,)."""

    @property
    def ends(self) -> NDArray[np.int64]:
        """Where each table's frequencies end, shape (tables,)."""
        return np.cumsum(2 * self.reach.astype(np.int64) + 2)

    def rows(self) -> list[NDArray[np.uint32]]:
        """The frequencies of each table."""
        return np.split(self.frequencies, self.ends[:-1])

    def arrays(self) -> dict[str, NDArray[np.int32] | NDArray[np.uint32]]:
        """The parameters, by name."""
        return {"reach": self.reach, "frequencies": self.frequencies, "table_of": self.table_of}

    def check(self, components: int, source: str) -> None:
        """Check tables from outside.

        Raises:
            InputError: names `source` and the array at fault.
        """
        if self.reach.ndim != 1 or not ((self.reach >= 0) & (self.reach <= MAX_REACH)).all():
            raise InputError(source, "reach", f"must be integers from 0 to {MAX_REACH}")
        known = (self.table_of >= 0) & (self.table_of < len(self.reach))
        if self.table_of.shape != (components,) or not known.all():
            raise InputError(source, "table_of", f"must be {components} numbers of tables")
        if self.frequencies.shape != (int(self.ends[-1]),):
            raise InputError(source, "frequencies", f"must be {int(self.ends[-1])} integers, as reach tells")
        if not ((self.frequencies > 0) & (self.frequencies <= _MAX_FREQUENCY)).all():
            raise InputError(source, "frequencies", f"must be from 1 to {_MAX_FREQUENCY}")


def count_symbols(
    symbols: NDArray[np.int32], counts: NDArray[np.int64], shared: int | None = None
) -> SymbolTables:
    """Count the symbols of calibration; tables reach one symbol further than what was seen.

    Args:
        symbols: those of the first component, then those of the second, …
        counts: how many symbols each component has, shape (components,).
        shared: tables that the components share, those of like mean magnitude one; None gives each its own.
    """
    table_of = np.arange(len(counts)) if shared is None else _by_magnitude(symbols, counts, shared)
    order, table_counts = by_table(table_of, counts)
    columns = np.split(symbols if order is None else symbols[order], np.cumsum(table_counts)[:-1])
    reach = [min(int(np.abs(column).max(initial=0)) + 1, MAX_REACH) for column in columns]
    rows = [_frequencies(column, edge) for column, edge in zip(columns, reach, strict=True)]
    return SymbolTables(
        np.array(reach, dtype=np.int32), np.concatenate(rows), np.asarray(table_of, dtype=np.int32)
    )


def by_table(
    table_of: NDArray[Any], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """Places of the symbols, table by table, and how many each table has; None if they are so already.

    Args:
        table_of: each component's table.
        counts: how many symbols each component has.
    """
    per_table = np.bincount(table_of, counts).astype(np.int64)
    if (np.diff(table_of) >= 0).all():
        return None, per_table
    # 16 bits where they do: NumPy sorts those stably in linear time
    keys = np.repeat(table_of.astype(np.uint16 if table_of.max() < 2**16 else np.uint32), counts)
    return np.argsort(keys, kind="stable"), per_table


def _by_magnitude(symbols: NDArray[np.int32], counts: NDArray[np.int64], tables: int) -> NDArray[np.int64]:
    """Tables of equally many components, in order of their mean magnitude."""
    component = np.repeat(np.arange(len(counts)), counts)
    sums = np.bincount(component, np.abs(symbols.astype(np.float64)), len(counts))
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.argsort(-sums / np.maximum(counts, 1), kind="stable")] = np.arange(len(counts))
    return rank * min(tables, len(counts)) // len(counts)


def _frequencies(symbols: NDArray[np.int32], reach: int) -> NDArray[np.uint32]:
    """Counts and a little of a Laplace distribution, which has a tail and no gaps, brought to `TOTAL`."""
    clipped = np.where(np.abs(symbols) > reach, reach + 1, symbols) + reach
    counts = np.bincount(clipped, minlength=2 * reach + 2) + _PRIOR * _laplace(symbols, reach)
    counts[-1] += _ESCAPES
    return np.asarray(np.maximum(1, np.rint(counts * (TOTAL / counts.sum()))), dtype=np.uint32)


def _laplace(symbols: NDArray[np.int32], reach: int) -> NDArray[np.float64]:
    """Two-sided geometric probabilities of -reach … reach and of all beyond, at the symbols' mean magnitude.

    With P(k) ~ r^|k| the mean magnitude is 2r / (1 - r²).
    """
    mean = max(float(np.abs(symbols.astype(np.float64)).mean()) if len(symbols) else 0.0, 1e-3)
    r = (np.sqrt(1 + mean**2) - 1) / mean
    inside = r ** np.abs(np.arange(-reach, reach + 1)) * (1 - r) / (1 + r)
    return np.append(inside, max(1 - inside.sum(), 0.0))
