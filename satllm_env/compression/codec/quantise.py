"""From values to symbols and back; the same formulas serve NumPy and torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.compression.codec.settings import FloatValues, Quantiser, ScaledIntegers
from satllm_env.errors import InputError

MAX_SYMBOL = 2**30
_LARGEST_HALF = float(np.finfo(np.float16).max)
LEAST_SCALE = float(np.finfo(np.float32).tiny)
"""Of scales and steps: smaller ones would lose digits as denormal numbers."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The uniform quantiser of each component, known to both ends; float32 arrays of shape (W,)."""

    step: NDArray[np.float32]
    threshold: NDArray[np.float32]
    """[steps] a smaller magnitude becomes 0; symbol k starts k - 1 steps above."""
    offset: NDArray[np.float32]
    """[steps] symbol k stands for magnitude k + offset; the bin's middle is at threshold - 0.5."""

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The parameters, by name."""
        return {"step": self.step, "threshold": self.threshold, "offset": self.offset}

    def check(self, width: int, source: str) -> None:
        """Check steps from outside.

        Raises:
            InputError: names `source` and the array at fault.
        """
        for name, array in self.arrays().items():
            least = {"step": LEAST_SCALE, "threshold": 0.0, "offset": -1.0}[name]
            if array.shape != (width,) or not (np.isfinite(array) & (array >= least)).all():
                raise InputError(source, name, f"must be {width} finite numbers of at least {least:g}")


@dataclass(frozen=True, eq=False)
class Quantised:
    """What a payload says of its values, shape (N, W)."""

    symbols: NDArray[Any]
    """int32, or float16 and float32 of the quantiser that only rounds to a format."""
    scales: NDArray[np.float32] | None = None
    """Of the payload's tokens, shape (N, 1), or channels, shape (1, W); None without scales."""
    kept: NDArray[np.bool_] | None = None
    """Where the sparsifier kept a value; None without a sparsifier."""


def bin_numbers(values: Any, step: Any, threshold: Any, xp: Any = np) -> Any:
    """Signed number of each value's bin, a whole number in the values' own floating-point format.

    ``sign(v) · max(0, floor(|v| / step + 1 - threshold))``: plain rounding (halves away from 0) at a
    threshold of 0.5, a wider dead zone above. `xp` is the arrays' module, `numpy` or `torch`.
    """
    return xp.sign(values) * xp.clip(xp.floor(xp.abs(values) / step + (1 - threshold)), 0, None)


def bin_values(numbers: Any, step: Any, offset: Any, xp: Any = np) -> Any:
    """The value each bin number stands for: ``sign(k) · (|k| + offset) · step``."""
    return (numbers + xp.sign(numbers) * offset) * step


def quantise(values: NDArray[np.float32], quantiser: Quantiser, steps: Steps | None) -> Quantised:
    """Quantise values of shape (N, W); `steps` are those of a uniform quantiser.

    Raises:
        InputError: a value is out of the quantiser's reach.
    """
    if isinstance(quantiser, FloatValues):
        return Quantised(_to_float(values, quantiser.bits))
    if isinstance(quantiser, ScaledIntegers):
        scales = _scales(values, quantiser)
        return Quantised(np.rint(values / scales).astype(np.int32), scales)
    assert steps is not None
    with np.errstate(over="ignore"):  # refused below
        numbers = bin_numbers(values, steps.step, steps.threshold)
    if numbers.size and not np.abs(numbers).max() <= MAX_SYMBOL:
        raise InputError("activation", "", f"a value lies more than {MAX_SYMBOL} steps from 0")
    return Quantised(numbers.astype(np.int32))


def dequantise(quantised: Quantised, quantiser: Quantiser, steps: Steps | None) -> NDArray[np.float32]:
    """The values that symbols stand for, shape (N, W)."""
    numbers = quantised.symbols.astype(np.float32)
    if isinstance(quantiser, FloatValues):
        return numbers
    if isinstance(quantiser, ScaledIntegers):
        assert quantised.scales is not None
        return numbers * quantised.scales
    assert steps is not None
    return np.asarray(bin_values(numbers, steps.step, steps.offset), dtype=np.float32)


def _to_float(values: NDArray[np.float32], bits: int) -> NDArray[Any]:
    if bits == 32:
        return values
    if values.size and np.abs(values).max() > _LARGEST_HALF:
        raise InputError("activation", "", f"a value exceeds {_LARGEST_HALF:g}, the largest of 16 bits")
    return values.astype(np.float16)


def _scales(values: NDArray[np.float32], quantiser: ScaledIntegers) -> NDArray[np.float32]:
    """Scales that bring the largest magnitude of each token or channel to the largest integer."""
    axis = 1 if quantiser.scales == "token" else 0
    peaks = np.abs(values).max(axis=axis, keepdims=True, initial=0)
    return next_bfloat16(np.maximum(peaks / np.float32(quantiser.largest), np.float32(LEAST_SCALE)))


def next_bfloat16(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round positive numbers up to the 16 high bits of a float32, so that they can be sent in 16 bits."""
    bits = values.view(np.uint32)
    return np.asarray((bits + np.uint32(0xFFFF)) & np.uint32(0xFFFF0000), dtype=np.uint32).view(np.float32)
