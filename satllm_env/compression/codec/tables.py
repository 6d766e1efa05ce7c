"""How often each component takes each symbol: whole numbers, from calibration, known to both ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError

MAX_REACH = 255
TOTAL = 2**22
"""Sum that frequencies are brought to, up to rounding; the coder itself counts in 24 bits."""
_MAX_FREQUENCY = 2**23
_PRIOR = 1.0  # [symbols] weight of the Laplace distribution that fills what calibration never saw
_ESCAPES = 0.5  # [symbols] added to the escapes seen, so that one costs no more than calibration can tell


@dataclass(frozen=True, eq=False)
class SymbolTables:
    """Frequencies of W components.

    Component c has one for each symbol of -reach[c] … reach[c], in that order, and a last one for any
    symbol beyond (the escape).
    """

    reach: NDArray[np.int32]
    """shape (W,)"""
    frequencies: NDArray[np.uint32]
    """All components' in a row; shape (sum of 2·reach + 2,)."""

    @property
    def ends(self) -> NDArray[np.int64]:
        """Where each component's frequencies end, shape (W,)."""
        return np.cumsum(2 * self.reach.astype(np.int64) + 2)

    def rows(self) -> list[NDArray[np.uint32]]:
        """The frequencies of each component."""
        return np.split(self.frequencies, self.ends[:-1])

    def arrays(self) -> dict[str, NDArray[np.int32] | NDArray[np.uint32]]:
        """The parameters, by name."""
        return {"reach": self.reach, "frequencies": self.frequencies}

    def check(self, width: int, source: str) -> None:
        """Check tables from outside.

        Raises:
            InputError: names `source` and the array at fault.
        """
        if self.reach.shape != (width,) or not ((self.reach >= 0) & (self.reach <= MAX_REACH)).all():
            raise InputError(source, "reach", f"must be {width} integers from 0 to {MAX_REACH}")
        if self.frequencies.shape != (int(self.ends[-1]),):
            raise InputError(source, "frequencies", f"must be {int(self.ends[-1])} integers, as reach tells")
        if not ((self.frequencies > 0) & (self.frequencies <= _MAX_FREQUENCY)).all():
            raise InputError(source, "frequencies", f"must be from 1 to {_MAX_FREQUENCY}")


def count_symbols(symbols: NDArray[np.int32], counts: NDArray[np.int64]) -> SymbolTables:
    """Count the symbols of calibration; tables reach one symbol further than what was seen.

    Args:
        symbols: those of the first component, then those of the second, …
        counts: how many symbols each component has, shape (W,).
    """
    columns = np.split(symbols, np.cumsum(counts)[:-1])
    reach = [min(int(np.abs(column).max(initial=0)) + 1, MAX_REACH) for column in columns]
    rows = [_frequencies(column, edge) for column, edge in zip(columns, reach, strict=True)]
    return SymbolTables(np.array(reach, dtype=np.int32), np.concatenate(rows))


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
