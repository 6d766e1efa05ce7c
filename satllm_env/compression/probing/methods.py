"""Codecs side by side: the parts of the chain one by one, transforms, and sparsifiers at equal bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from satllm_env.compression.codec import Codec, CodecSettings, Learned, parse_settings
from satllm_env.compression.codec.settings import TransformKind
from satllm_env.compression.learn import LearningSettings, learn
from satllm_env.compression.probing.calibration import Calibration
from satllm_env.compression.probing.probe import PAYLOAD_INPUTS
from satllm_env.nets.split_net import SplitNet

INT8 = {"kind": "integer", "bits": 8}
FINE_STEP = 0.25
"""[σ] of the quantiser behind a sparsifier: small, so that it is the sparsifier that loses."""
BIT_PRICES = (0.02, 0.1)
"""[nat] at which masks are trained: one that keeps more, and one that keeps less."""
NEAR = 0.05
"""[1] by which ratios of sizes said to be equal may differ."""
_BISECTIONS, _MATCHED_ON = 12, 80


def chain(transform: TransformKind, step: float) -> Iterator[tuple[str, CodecSettings]]:
    """The parts of the codec, added one by one."""
    uniform = {"kind": "uniform", "step": step}
    parts: list[tuple[str, dict[str, Any]]] = [
        ("16 bits", {"quantiser": {"kind": "float", "bits": 16}}),
        ("8 bits, a scale per token", {"quantiser": INT8}),
        ("+ range coder", {"quantiser": INT8, "coder": "range"}),
        (f"{transform}, steps of {step:g} σ", {"transform": transform, "quantiser": uniform}),
        ("+ zstandard", {"transform": transform, "quantiser": uniform, "coder": "zstandard"}),
        ("+ range coder in its place", {"transform": transform, "quantiser": uniform, "coder": "range"}),
    ]
    for name, settings in parts:
        yield name, parse_settings({"name": name} | settings, "chain")


def top_k_int8(keeps: Sequence[float]) -> Iterator[tuple[str, CodecSettings]]:
    """The published kind of chain: largest magnitudes of the channels, 8 bits, entropy coder."""
    for keep in keeps:
        name = f"keep {keep:g}"
        table = {
            "name": name,
            "quantiser": INT8,
            "sparsifier": {"kind": "top_k", "keep": keep},
            "coder": "range",
        }
        yield name, parse_settings(table, "top-k")


def uniform(
    name: str, transform: TransformKind, step: float, sparsifier: dict[str, Any] | None = None
) -> CodecSettings:
    """A level with steps and the range coder."""
    parts = {"transform": transform, "sparsifier": sparsifier, "coder": "range"}
    return parse_settings({"name": name, "quantiser": {"kind": "uniform", "step": step}} | parts, "methods")


def top_k(transform: TransformKind, keep: float) -> CodecSettings:
    """A level that keeps a share of the components of each token, or of each input."""
    return uniform("top-k", transform, FINE_STEP, {"kind": "top_k", "keep": keep})


def learned_mask(
    net: SplitNet,
    calibration: Calibration,
    inputs: Tensor,
    transform: TransformKind,
    settings: LearningSettings,
    step: Callable[[int, float, float], None] | None = None,
) -> tuple[Codec, dict[int, Learned]]:
    """A level with a mask and steps that were trained together."""
    level = uniform("gumbel", transform, FINE_STEP, {"kind": "mask"})
    kept = {boundary: _all_kept(array, transform) for boundary, array in calibration.activations.items()}
    found = learn(net, calibration.codecs([level], kept, whole=True)[0], inputs, settings, step)
    return calibration.codecs([level], found)[0], found


def matched(
    calibration: Calibration, make: Callable[[float], CodecSettings], low: float, high: float, ratio: float
) -> Codec:
    """The codec of a family that is as small as asked for on calibration data, or as near as its range goes.

    Args:
        calibration: to calibrate and to measure the ratio on.
        make: settings by the number that varies, the larger the smaller its payloads.
        low: of that number.
        high: of that number.
        ratio: [1] wanted.
    """
    for _ in range(_BISECTIONS):
        middle = float(np.sqrt(low * high))
        codec = calibration.codecs([make(middle)])[0]
        if calibration_ratio(codec, calibration) < ratio:
            low = middle
        else:
            high = middle
    return codec


def calibration_ratio(codec: Codec, calibration: Calibration) -> float:
    """[1] ratio over some of the calibration's inputs, each boundary's activations as they are."""
    raw = sent = 0
    for boundary, activation in calibration.activations.items():
        some = activation[:_MATCHED_ON]
        for first in range(0, len(some), PAYLOAD_INPUTS):
            part = some[first : first + PAYLOAD_INPUTS]
            raw, sent = raw + part.nbytes, sent + len(codec.encode(part, boundary))
    return raw / sent


def _all_kept(activation: NDArray[np.float32], transform: TransformKind) -> Learned:
    """A mask that keeps every component of a row."""
    tokens, width = activation.shape[-2:]
    return Learned(np.ones(tokens * width if "token" in transform else width, dtype=np.bool_))
