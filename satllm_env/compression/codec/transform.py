"""Linear maps to components that are cheaper to code: fitted once, known to both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from satllm_env.compression.codec.settings import TransformKind
from satllm_env.errors import InputError

Values = NDArray[np.float32]

PARAMETERS: dict[TransformKind, tuple[str, ...]] = {
    "none": (),
    "scale": ("mean", "deviation"),
    "klt": ("mean", "basis"),
}
"""Names of each kind's arrays."""


class Transform(Protocol):
    """An invertible map of tokens; rows are tokens, shape (N, W) to and fro."""

    def forward(self, rows: Values) -> Values:
        """Map activations to components."""
        ...

    def inverse(self, components: Values) -> Values:
        """Map components to activations."""
        ...

    def arrays(self) -> dict[str, Values]:
        """The parameters, by name."""
        ...


@dataclass(frozen=True, eq=False)
class NoTransform:
    """Components are the channels as they are."""

    def forward(self, rows: Values) -> Values:
        """Return the rows."""
        return rows

    def inverse(self, components: Values) -> Values:
        """Return the components."""
        return components

    def arrays(self) -> dict[str, Values]:
        """No parameters."""
        return {}


@dataclass(frozen=True, eq=False)
class ChannelScale:
    """Channels less their mean, over their standard deviation (1 for a constant channel)."""

    mean: Values
    """shape (W,)"""
    deviation: Values
    """shape (W,)"""

    def forward(self, rows: Values) -> Values:
        """Standardise each channel."""
        return np.asarray((rows - self.mean) / self.deviation, dtype=np.float32)

    def inverse(self, components: Values) -> Values:
        """Undo `forward`."""
        return np.asarray(components * self.deviation + self.mean, dtype=np.float32)

    def arrays(self) -> dict[str, Values]:
        """Mean and deviation."""
        return {"mean": self.mean, "deviation": self.deviation}


@dataclass(frozen=True, eq=False)
class Klt:
    """Principal components (Karhunen-Loève transform), the most variance first."""

    mean: Values
    """shape (W,)"""
    basis: Values
    """Orthonormal columns, one per component; shape (W, W)."""

    def forward(self, rows: Values) -> Values:
        """Rotate the centred rows."""
        return np.asarray((rows - self.mean) @ self.basis, dtype=np.float32)

    def inverse(self, components: Values) -> Values:
        """Undo `forward`."""
        return np.asarray(components @ self.basis.T + self.mean, dtype=np.float32)

    def arrays(self) -> dict[str, Values]:
        """Mean and basis."""
        return {"mean": self.mean, "basis": self.basis}


def fit_transform(kind: TransformKind, rows: Values) -> Transform:
    """Fit a transform to the tokens of calibration activations.

    Args:
        rows: shape (N, W), N at least 1, finite.
    """
    if kind == "none":
        return NoTransform()
    exact = rows.astype(np.float64)
    mean = exact.mean(axis=0)
    exact -= mean
    if kind == "scale":
        deviation = np.sqrt((exact**2).mean(axis=0)).astype(np.float32)
        return ChannelScale(mean.astype(np.float32), np.where(deviation > 0, deviation, np.float32(1)))
    return Klt(mean.astype(np.float32), _principal_axes(exact))


def _principal_axes(centred: NDArray[np.float64]) -> Values:
    """Eigenvectors of the covariance, the most variance first; each one's largest entry is positive."""
    _, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    vectors = vectors[:, ::-1]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return np.ascontiguousarray((vectors * np.sign(largest)).astype(np.float32))


def restore_transform(kind: TransformKind, arrays: dict[str, Values], width: int, source: str) -> Transform:
    """Build a transform from its stored parameters, those that `PARAMETERS` names.

    Raises:
        InputError: they are not finite numbers of the right shape.
    """
    for name in PARAMETERS[kind]:
        shape = (width, width) if name == "basis" else (width,)
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise InputError(source, name, f"must be finite numbers of shape {shape}")
    if kind == "none":
        return NoTransform()
    if kind == "scale":
        if (arrays["deviation"] <= 0).any():
            raise InputError(source, "deviation", "must be above 0")
        return ChannelScale(arrays["mean"], arrays["deviation"])
    return Klt(arrays["mean"], arrays["basis"])
