"""The codec of one boundary at one level: activations to a payload's body and back."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.compression.codec.body import read_body, write_body
from satllm_env.compression.codec.packing import bad_payload
from satllm_env.compression.codec.payload import FINGERPRINT_BYTES, MAX_DIMENSIONS, MAX_ELEMENTS
from satllm_env.compression.codec.quantise import Quantised, Steps, dequantise, quantise
from satllm_env.compression.codec.range_coder import RangeCoder
from satllm_env.compression.codec.settings import CodecSettings, StaticMask, TopK
from satllm_env.compression.codec.sparsify import Kept, largest
from satllm_env.compression.codec.tables import SymbolTables
from satllm_env.compression.codec.transform import Transform, Values
from satllm_env.errors import InputError

MAX_MAGNITUDE = 2.0**110
"""Of an activation's elements: sums over a token's channels stay finite in float32."""


@dataclass(frozen=True, eq=False)
class BoundaryCodec:
    """All that both ends know beforehand of one boundary at one level."""

    settings: CodecSettings
    width: int
    """W, the activation's last size. A transform of tokens makes one row of T·W components of an input's
    T tokens; otherwise each token is a row of W components."""
    transform: Transform
    keep: Kept | None = None
    """Decisions of the static mask, for a row's components, or for rows' too, shape (…, components)."""
    steps: Steps | None = None
    """Of the uniform quantiser."""
    tables: SymbolTables | None = None
    """Of the range coder."""

    def encode(self, activation: Values) -> bytes:
        """The body of an activation's payload.

        Raises:
            InputError: the activation is not float32 of shape (…, W), not finite, or out of reach.
        """
        return write_body(self.quantise(activation), self.settings, self._coder)

    def decode(self, body: bytes, shape: tuple[int, ...]) -> Values:
        """The activation of a shape that a body stands for.

        Raises:
            InputError: the body is not what `encode` gives.
        """
        if shape[-1] != self.width:
            raise bad_payload(f"is {shape[-1]} wide; the boundary is {self.width} wide")
        components = self.transform.component_shape(shape)
        size = (math.prod(components[:-1]), components[-1])
        static = self._static(components, "payload")
        activation = self.restore(read_body(body, size, self.settings, static, self._coder), shape)
        if not np.isfinite(activation).all():
            raise bad_payload("stands for numbers that are not finite")
        return activation

    def quantise(self, activation: Values) -> Quantised:
        """What a payload says of an activation.

        Raises:
            InputError: as for `encode`.
        """
        self._check(activation)
        values = self.components(activation)
        kept = self._kept(values, self.transform.component_shape(activation.shape))
        if kept is not None:
            values = np.where(kept, values, np.float32(0))
        symbols = quantise(values, self.settings.quantiser, self.steps)
        return Quantised(symbols.symbols, symbols.scales, kept)

    def restore(self, quantised: Quantised, shape: tuple[int, ...]) -> Values:
        """The activation that symbols stand for."""
        with np.errstate(over="ignore", invalid="ignore"):  # only forged payloads overflow
            values = dequantise(quantised, self.settings.quantiser, self.steps)
            return self.transform.undo(values).reshape(shape)

    def components(self, activation: Values) -> Values:
        """The transformed values of an activation, shape (rows, components).

        Raises:
            InputError: they overflow, or the transform is not for activations of this shape.
        """
        self.transform.component_shape(activation.shape)  # refuses another number of tokens
        with np.errstate(over="ignore", invalid="ignore"):
            values = self.transform.forward(activation)
        if values.size and not np.abs(values).max() < np.inf:
            raise InputError("activation", "", "its values overflow in the transform")
        return values

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All parameters but the settings, by name."""
        parts = {"transform": self.transform, "steps": self.steps, "tables": self.tables}
        named = {
            f"{part}.{name}": array
            for part, holder in parts.items()
            if holder is not None
            for name, array in holder.arrays().items()
        }
        return named if self.keep is None else named | {"keep": self.keep}

    @cached_property
    def fingerprint(self) -> bytes:
        """Hash of settings and parameters, by which the receiver knows that it has the same."""
        digest = hashlib.blake2b(digest_size=FINGERPRINT_BYTES)
        settings = json.dumps(self.settings.model_dump(), sort_keys=True)
        digest.update(f"{settings} {self.width}".encode())
        for name, array in sorted(self.arrays().items()):
            digest.update(f"{name} {array.shape}".encode())
            digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return digest.digest()

    @cached_property
    def _coder(self) -> RangeCoder | None:
        return None if self.tables is None else RangeCoder(self.tables)

    def _check(self, activation: Values) -> None:
        if not isinstance(activation, np.ndarray) or activation.dtype != np.float32:
            raise InputError("activation", "", "must be a NumPy array of float32")
        if not 1 <= activation.ndim <= MAX_DIMENSIONS or activation.shape[-1] != self.width:
            raise InputError("activation", "", f"must have shape (…, {self.width}) (got {activation.shape})")
        if activation.size > MAX_ELEMENTS:
            raise InputError("activation", "", f"has more than {MAX_ELEMENTS} elements")
        peak = np.abs(activation).max(initial=0)
        if not peak <= MAX_MAGNITUDE:
            problem = "NaN" if np.isnan(peak) else f"a magnitude beyond {MAX_MAGNITUDE:.3g} ({peak:g})"
            raise InputError("activation", "", f"holds {problem}")

    def _kept(self, values: Values, shape: tuple[int, ...]) -> Kept | None:
        sparsifier = self.settings.sparsifier
        if isinstance(sparsifier, TopK):
            return largest(values, sparsifier.keep, sparsifier.per)
        return self._static(shape, "activation")

    def _static(self, shape: tuple[int, ...], source: str) -> Kept | None:
        """The static mask over all rows of components of a shape."""
        if not isinstance(self.settings.sparsifier, StaticMask):
            return None
        assert self.keep is not None
        if shape[-self.keep.ndim :] != self.keep.shape:
            raise InputError(
                source, "", f"must have components of shape {self.keep.shape}, as its mask has (got {shape})"
            )
        return np.broadcast_to(self.keep, shape).reshape(-1, shape[-1])
