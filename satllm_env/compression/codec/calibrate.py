"""From activations of a calibration set to codecs: transforms, step sizes and symbol tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satllm_env.compression.codec.body import by_component
from satllm_env.compression.codec.boundary import BoundaryCodec
from satllm_env.compression.codec.codec import Codec
from satllm_env.compression.codec.quantise import LEAST_SCALE, Steps, bin_numbers
from satllm_env.compression.codec.settings import CodecSettings, StaticMask, TopK, TransformKind, UniformSteps
from satllm_env.compression.codec.sparsify import Kept
from satllm_env.compression.codec.tables import SHARED_TABLES, count_symbols
from satllm_env.compression.codec.transform import Exact, Klt, TokenKlt, Transform, Values, fit_transform
from satllm_env.errors import InputError

_PRIOR = 8.0  # [values] weight of all components' mean in a component's own


@dataclass(frozen=True, eq=False)
class Learned:
    """What training found for one boundary; None leaves a part as the settings say."""

    keep: Kept | None = None
    """The static mask's decisions, shape (components,) or (…, components); see `sparsify.decide`."""
    relative_step: NDArray[np.float32] | None = None
    """[1] multiplies the settings' step, shape (components,)."""
    threshold: NDArray[np.float32] | None = None
    """[steps] replaces the settings' threshold, shape (components,)."""


def calibrate(
    levels: Sequence[CodecSettings],
    activations: Mapping[int, Values],
    learned: Mapping[int, Learned] | None = None,
    sensitivities: Mapping[int, Exact] | None = None,
    whole: bool = False,
) -> tuple[Codec, ...]:
    """Calibrate a codec for each level.

    Of a KLT's components a level with uniform steps computes and codes the leading ones alone, up to the
    last that ever left the dead zone in calibration; most are beyond it.

    Args:
        levels: the settings.
        activations: of each boundary, float32 of shape (…, W), or (…, T, W) for a transform of tokens.
        learned: what training found for boundaries.
        sensitivities: of the output to each boundary, (W, W), for the weighted transforms; see
            `fit_transform`.
        whole: keep all components, as training needs them.

    Raises:
        InputError: activations are empty, not finite, or all 0, a weighted transform lacks a sensitivity,
            or a learned part has the wrong shape.
    """
    parts: dict[str, dict[int, BoundaryCodec]] = {settings.name: {} for settings in levels}
    if len(parts) < len(levels):
        raise InputError("levels", "name", "is taken twice")
    for boundary, activation in activations.items():
        transforms: dict[TransformKind, Transform] = {}
        found = (learned or {}).get(boundary, Learned())
        for settings in levels:
            if settings.transform not in transforms:
                sensitivity = (sensitivities or {}).get(boundary)
                transforms[settings.transform] = _fitted(
                    settings.transform, activation, sensitivity, boundary
                )
            transform = transforms[settings.transform]
            parts[settings.name][boundary] = calibrate_boundary(
                settings, activation, transform, found, boundary, whole
            )
    return tuple(Codec(settings, parts[settings.name]) for settings in levels)


def calibrate_boundary(
    settings: CodecSettings,
    activation: Values,
    transform: Transform,
    learned: Learned,
    boundary: int = 0,
    whole: bool = False,
) -> BoundaryCodec:
    """Calibrate one boundary at one level with a transform that is already fitted.

    Raises:
        InputError: as for `calibrate`; it names the boundary.
    """
    source = f"calibration at boundary {boundary}"
    components = transform.components(activation.shape[-1])
    masked = isinstance(settings.sparsifier, StaticMask)
    keep = learned.keep if masked else None
    if masked and (keep is None or keep.dtype != np.bool_ or keep.shape[-1:] != (components,)):
        problem = f"level {settings.name!r} needs decisions (bool) of shape (…, {components})"
        raise InputError(source, "keep", problem)
    part = BoundaryCodec(settings, activation.shape[-1], transform, keep)
    if isinstance(settings.quantiser, UniformSteps):
        steps = _steps(settings.quantiser, part.components(activation), learned, source)
        part = replace(part, steps=steps)
        if not whole:
            part = _without_dead(part, activation)
    if settings.coder == "range":
        quantised = part.quantise(activation)
        symbols, counts = by_component(quantised.symbols, quantised.kept if masked else None)
        shared = SHARED_TABLES if isinstance(transform, TokenKlt) else None
        part = replace(part, tables=count_symbols(symbols, counts, shared))
    return part


def _without_dead(part: BoundaryCodec, activation: Values) -> BoundaryCodec:
    """The codec without the channel components behind the last that is ever coded."""
    transform = part.transform
    if not isinstance(transform, Klt | TokenKlt) or isinstance(part.settings.sparsifier, TopK):
        return part  # top-k keeps a share of all components
    width = transform.basis.shape[1]
    coded = (part.quantise(activation).symbols != 0).reshape(-1, width).any(axis=0)
    count = int(np.flatnonzero(coded).max(initial=0)) + 1

    def cut(array: NDArray[Any]) -> NDArray[Any]:
        return array.reshape(*array.shape[:-1], -1, width)[..., :count].reshape(*array.shape[:-1], -1)

    assert part.steps is not None
    steps = Steps(**{name: cut(array) for name, array in part.steps.arrays().items()})
    keep = None if part.keep is None else cut(part.keep)
    return replace(part, transform=transform.leading(count), steps=steps, keep=keep)


def _fitted(kind: TransformKind, activation: Values, sensitivity: Exact | None, boundary: int) -> Transform:
    source = f"calibration at boundary {boundary}"
    if not isinstance(activation, np.ndarray) or activation.dtype != np.float32 or activation.ndim < 1:
        raise InputError(source, "", "activations must be a NumPy array of float32, of shape (…, width)")
    if not activation.size:
        raise InputError(source, "", "there are no activations")
    if not np.isfinite(activation).all():
        raise InputError(source, "", "activations are not finite")
    if "token" in kind and activation.ndim < 2:
        raise InputError(source, "", f"the transform {kind!r} needs activations of shape (…, tokens, width)")
    if kind.startswith("weighted"):
        _check_sensitivity(sensitivity, activation.shape[-1], source)
    return fit_transform(kind, activation, sensitivity)


def _check_sensitivity(sensitivity: Exact | None, width: int, source: str) -> None:
    if sensitivity is None or sensitivity.shape != (width, width):
        raise InputError(source, "sensitivity", f"must be given, of shape ({width}, {width})")
    if not (np.isfinite(sensitivity).all() and np.trace(sensitivity) > 0):
        raise InputError(source, "sensitivity", "must be finite, its trace above 0")


def _steps(quantiser: UniformSteps, values: Values, learned: Learned, source: str) -> Steps:
    """Step sizes of the settings, times the learned ones; offsets at the means of the bins' values."""
    width = values.shape[1]
    deviation = float(np.sqrt(np.mean(values.astype(np.float64) ** 2)))
    relative = _per_component(learned.relative_step, 1.0, width, source, "relative_step")
    step = (quantiser.step * deviation * relative).astype(np.float32)
    if not ((step >= LEAST_SCALE) & (step < np.inf)).all():
        raise InputError(source, "", f"no step follows from values of root mean square {deviation:g}")
    threshold = _per_component(learned.threshold, quantiser.threshold, width, source, "threshold")
    return Steps(step, threshold, _offsets(values, step, threshold))


def _per_component(
    found: NDArray[np.float32] | None, default: float, width: int, source: str, field: str
) -> NDArray[np.float32]:
    if found is None:
        return np.full(width, default, dtype=np.float32)
    if found.shape != (width,) or not (np.isfinite(found) & (found > 0)).all():
        raise InputError(source, field, f"must be {width} positive numbers")
    return found.astype(np.float32)


def _offsets(
    values: Values, step: NDArray[np.float32], threshold: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mean place of the values in their bins, over all bins but 0 (the same in each for a Laplace law).

    Components with few such values lean on the mean of all.
    """
    numbers = np.abs(bin_numbers(values, step, threshold))
    coded = numbers > 0
    middle = threshold - 0.5
    places = np.where(coded, np.abs(values) / step - numbers - middle, 0).sum(axis=0, dtype=np.float64)
    counts = coded.sum(axis=0)
    usual = places.sum() / max(counts.sum(), 1)
    return np.asarray(middle + (places + _PRIOR * usual) / (counts + _PRIOR), dtype=np.float32)
