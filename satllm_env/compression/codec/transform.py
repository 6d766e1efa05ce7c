"""Linear maps to components that are cheaper to code: fitted once, known to both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from satllm_env.compression.codec.settings import TransformKind
from satllm_env.errors import InputError

Values = NDArray[np.float32]
Exact = NDArray[np.float64]
Shape = tuple[int, ...]

PARAMETERS: dict[TransformKind, tuple[str, ...]] = {
    "none": (),
    "scale": ("mean", "deviation"),
    "klt": ("mean", "basis", "inverse"),
    "weighted-klt": ("mean", "basis", "inverse"),
    "token-klt": ("mean", "basis", "inverse", "tokens"),
    "weighted-token-klt": ("mean", "basis", "inverse", "tokens"),
}
"""Names of each kind's arrays."""

FLOOR = 0.1
"""[1] added to the sensitivity to every channel, in units of their mean: a gradient says nothing of what a
large error does, so none is taken to be free."""


class Transform(Protocol):
    """An invertible map of activations, shape (…, W), to components, one row per token or per input."""

    def forward(self, activation: Values) -> Values:
        """Components of an activation; shape (rows, components per row)."""
        ...

    def undo(self, components: Values) -> Values:
        """Undo `forward`, but for the shape: (tokens, W)."""
        ...

    def component_shape(self, shape: Shape) -> Shape:
        """Shape of an activation's components, the last size a row's.

        Raises:
            InputError: the transform does not fit activations of this shape.
        """
        ...

    def components(self, width: int) -> int:
        """How many components a row has, of activations W wide."""
        ...

    def arrays(self) -> dict[str, Values]:
        """The parameters, by name."""
        ...


@dataclass(frozen=True, eq=False)
class NoTransform:
    """Components are the channels as they are."""

    def forward(self, activation: Values) -> Values:
        """Return the tokens."""
        return activation.reshape(-1, activation.shape[-1])

    def undo(self, components: Values) -> Values:
        """Return the components."""
        return components

    def component_shape(self, shape: Shape) -> Shape:
        """The same."""
        return shape

    def components(self, width: int) -> int:
        """As many as channels."""
        return width

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

    def forward(self, activation: Values) -> Values:
        """Standardise each channel."""
        rows = activation.reshape(-1, len(self.mean))
        return np.asarray((rows - self.mean) / self.deviation, dtype=np.float32)

    def undo(self, components: Values) -> Values:
        """Undo `forward`."""
        return np.asarray(components * self.deviation + self.mean, dtype=np.float32)

    def component_shape(self, shape: Shape) -> Shape:
        """The same."""
        return shape

    def components(self, width: int) -> int:
        """As many as channels."""
        return width

    def arrays(self) -> dict[str, Values]:
        """Mean and deviation."""
        return {"mean": self.mean, "deviation": self.deviation}


@dataclass(frozen=True, eq=False)
class Klt:
    """Principal components of the channels (Karhunen-Loève transform), the most variance first.

    It may hold the K leading ones alone: the others are taken as 0.
    """

    mean: Values
    """shape (W,)"""
    basis: Values
    """One column per component, shape (W, K)."""
    inverse: Values
    """Of the basis, shape (K, W): its transpose, unless sensitivities weighted it."""

    def forward(self, activation: Values) -> Values:
        """Project the centred tokens."""
        rows = activation.reshape(-1, len(self.basis))
        return np.asarray((rows - self.mean) @ self.basis, dtype=np.float32)

    def undo(self, components: Values) -> Values:
        """Undo `forward`."""
        return np.asarray(components @ self.inverse + self.mean, dtype=np.float32)

    def component_shape(self, shape: Shape) -> Shape:
        """The last size becomes K."""
        return (*shape[:-1], self.basis.shape[1])

    def components(self, width: int) -> int:
        """K"""
        return int(self.basis.shape[1])

    def leading(self, count: int) -> Klt:
        """The transform to the first components alone."""
        return Klt(self.mean, *_leading(self.basis, self.inverse, count))

    def arrays(self) -> dict[str, Values]:
        """Mean, basis and its inverse."""
        return {"mean": self.mean, "basis": self.basis, "inverse": self.inverse}


@dataclass(frozen=True, eq=False)
class TokenKlt:
    """Principal components of the channels and then of the tokens: an input's tokens share one row.

    Neighbouring patches of an image are alike, and what the network does with them is alike too, so
    most of an input's energy is in few of the T·W components. Each token has a mean of its own. Of the
    channels' components it may hold the K leading ones alone: the others are taken as 0.
    """

    mean: Values
    """shape (T, W)"""
    basis: Values
    """One column per component of the channels, shape (W, K)."""
    inverse: Values
    """Of the basis, shape (K, W)."""
    tokens: Values
    """Orthonormal columns, one per component of the tokens, shape (T, T)."""

    def forward(self, activation: Values) -> Values:
        """Project the centred tokens, then across them; shape (inputs, T·K)."""
        inputs = activation.reshape(-1, *self.mean.shape)
        components = self.tokens.T @ ((inputs - self.mean) @ self.basis)
        return np.asarray(components.reshape(len(inputs), self.components(0)), dtype=np.float32)

    def undo(self, components: Values) -> Values:
        """Undo `forward`; shape (inputs·T, W)."""
        inputs = self.tokens @ components.reshape(-1, len(self.tokens), self.basis.shape[1])
        whole = inputs @ self.inverse + self.mean
        return np.asarray(whole.reshape(-1, self.mean.shape[1]), dtype=np.float32)

    def component_shape(self, shape: Shape) -> Shape:
        """The last two sizes become one.

        Raises:
            InputError: the activation has not T tokens.
        """
        tokens, width = self.mean.shape
        if len(shape) < 2 or shape[-2] != tokens:
            raise InputError("activation", "", f"must have shape (…, {tokens}, {width}) (got {shape})")
        return (*shape[:-2], self.components(width))

    def components(self, width: int) -> int:
        """T·K"""
        return int(len(self.tokens) * self.basis.shape[1])

    def leading(self, count: int) -> TokenKlt:
        """The transform to the channels' first components alone."""
        return TokenKlt(self.mean, *_leading(self.basis, self.inverse, count), self.tokens)

    def arrays(self) -> dict[str, Values]:
        """Means, bases and the inverse."""
        return {"mean": self.mean, "basis": self.basis, "inverse": self.inverse, "tokens": self.tokens}


def _leading(basis: Values, inverse: Values, count: int) -> tuple[Values, Values]:
    return np.ascontiguousarray(basis[:, :count]), np.ascontiguousarray(inverse[:count])


def fit_transform(kind: TransformKind, activation: Values, sensitivity: Exact | None = None) -> Transform:
    """Fit a transform to calibration activations.

    Args:
        kind: the weighted ones need the sensitivity.
        activation: shape (…, W), or (…, T, W) where tokens are transformed; not empty, finite.
        sensitivity: (W, W) mean of g·gᵀ over tokens, g the gradient of the output's log-likelihood; see
            `sensitivity.output_sensitivities`.
    """
    if kind == "none":
        return NoTransform()
    if kind == "scale":
        return _fit_scale(activation)
    weights = sensitivity if kind.startswith("weighted") else None
    if "token" in kind:
        return _fit_token_klt(activation.astype(np.float64), weights)
    rows = activation.reshape(-1, activation.shape[-1]).astype(np.float64)
    mean = rows.mean(axis=0)
    basis, inverse = _channel_bases(rows - mean, weights)
    return Klt(mean.astype(np.float32), basis, inverse)


def _fit_scale(activation: Values) -> ChannelScale:
    rows = activation.reshape(-1, activation.shape[-1]).astype(np.float64)
    deviation = rows.std(axis=0).astype(np.float32)
    return ChannelScale(
        rows.mean(axis=0).astype(np.float32), np.where(deviation > 0, deviation, np.float32(1))
    )


def _fit_token_klt(activation: Exact, weights: Exact | None) -> TokenKlt:
    inputs = activation.reshape(-1, *activation.shape[-2:])
    mean = inputs.mean(axis=0)
    inputs = inputs - mean
    basis, inverse = _channel_bases(inputs.reshape(-1, inputs.shape[-1]), weights)
    components = np.moveaxis(inputs @ basis, 1, 2)
    tokens = _principal_axes(components.reshape(-1, components.shape[-1])).astype(np.float32)
    return TokenKlt(mean.astype(np.float32), basis, inverse, tokens)


def _channel_bases(centred: Exact, weights: Exact | None) -> tuple[Values, Values]:
    """Basis (columns) and its inverse, of centred rows.

    With weights F, the error e of an activation costs eᵀFe to second order (half of that is its KL
    divergence where F is the Fisher information). Principal components of F^½·x make that the plain
    squared error, for which one step for all components is best at high rates.
    """
    if weights is None:
        basis = _principal_axes(centred)
        return basis.astype(np.float32), np.ascontiguousarray(basis.T, dtype=np.float32)
    floored = weights / np.trace(weights) * len(weights) + FLOOR * np.eye(len(weights))
    values, vectors = np.linalg.eigh(floored)
    root, inverse_root = (vectors * values**power @ vectors.T for power in (0.5, -0.5))
    axes = _principal_axes(centred @ root)
    return (
        np.ascontiguousarray(root @ axes, dtype=np.float32),
        np.ascontiguousarray(axes.T @ inverse_root, dtype=np.float32),
    )


def _principal_axes(centred: Exact) -> Exact:
    """Eigenvectors of the covariance, the most variance first; each one's largest entry is positive."""
    _, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    vectors = vectors[:, ::-1]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return np.ascontiguousarray(vectors * np.sign(largest))


def restore_transform(kind: TransformKind, arrays: dict[str, Values], width: int, source: str) -> Transform:
    """Build a transform from its stored parameters, those that `PARAMETERS` names.

    Raises:
        InputError: they are not finite numbers of the right shape.
    """
    count = len(arrays["tokens"]) if arrays.get("tokens", np.zeros(())).ndim else 0
    basis = arrays.get("basis", np.zeros((0, 0)))
    leading = min(basis.shape[1], width) if basis.ndim == 2 else width
    shapes: dict[str, Shape] = {
        "mean": (count, width) if "token" in kind else (width,),
        "deviation": (width,),
        "basis": (width, leading),
        "inverse": (leading, width),
        "tokens": (count, count),
    }
    for name in PARAMETERS[kind]:
        if arrays[name].shape != shapes[name] or not np.isfinite(arrays[name]).all():
            raise InputError(source, name, f"must be finite numbers of shape {shapes[name]}")
    return _restored(kind, arrays, source)


def _restored(kind: TransformKind, arrays: dict[str, Any], source: str) -> Transform:
    if kind == "none":
        return NoTransform()
    if kind == "scale":
        if (arrays["deviation"] <= 0).any():
            raise InputError(source, "deviation", "must be above 0")
        return ChannelScale(**arrays)
    if "token" in kind:
        return TokenKlt(**arrays)
    return Klt(**arrays)
