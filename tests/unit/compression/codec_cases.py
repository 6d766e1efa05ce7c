"""What the codec's tests share: activations with their energy in few directions, settings of all parts."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from satllm_env.compression.codec import Codec, CodecSettings, Learned, calibrate, parse_settings
from satllm_env.compression.codec.settings import TransformKind

WIDTH, TOKENS, BOUNDARY = 12, 16, 3
KEEP = np.arange(WIDTH) % 3 < 2
KEEP_TOKENS = np.arange(TOKENS * WIDTH) % 3 < 2
TRANSFORMS = get_args(TransformKind)
SENSITIVITY = np.diag(np.linspace(0, 2, WIDTH)) + 0.1

INT8 = {"kind": "integer", "bits": 8}
INT4 = {"kind": "integer", "bits": 4}
QUANTISERS: list[dict[str, Any]] = [
    {"kind": "float", "bits": 32},
    {"kind": "float", "bits": 16},
    INT8,
    INT8 | {"scales": "channel"},
    INT4,
    INT4 | {"scales": "channel"},
    {"kind": "uniform", "step": 0.5},
    {"kind": "uniform", "step": 1.0, "threshold": 0.7},
    {"kind": "uniform", "step": 1.0, "threshold": 1.25},
]
SPARSIFIERS: list[dict[str, Any] | None] = [
    None,
    {"kind": "mask"},
    {"kind": "top_k", "keep": 0.3},
    {"kind": "top_k", "keep": 0.3, "per": "tensor"},
]


def settings(**parts: Any) -> CodecSettings:
    """Settings of a level named `level`."""
    return parse_settings({"name": "level"} | parts, "test")


def all_settings() -> list[CodecSettings]:
    """Every combination of parts that the form allows."""
    combined = itertools.product(TRANSFORMS, SPARSIFIERS, QUANTISERS, ("none", "zstandard", "range"))
    return [
        parse_settings(
            {"name": f"level-{n}", "transform": t, "sparsifier": s, "quantiser": q, "coder": c}, "test"
        )
        for n, (t, s, q, c) in enumerate(combined)
        if not (c == "range" and q["kind"] == "float")
    ]


def activations(images: int, seed: int = 0) -> NDArray[np.float32]:
    """Random activations of shape (images, TOKENS, WIDTH) with a decaying spectrum and a mean."""
    fixed = np.random.default_rng(1)
    axes = np.linalg.qr(fixed.normal(size=(WIDTH, WIDTH)))[0]
    spread = 3 * np.exp(-np.arange(WIDTH) / 2)
    sources = np.random.default_rng(seed).laplace(size=(images, TOKENS, WIDTH))
    return ((sources * spread) @ axes + fixed.normal(size=WIDTH)).astype(np.float32)


def codec_of(level: CodecSettings, keep: NDArray[np.bool_] | None = None, images: int = 20) -> Codec:
    """A codec calibrated on some activations; one of tokens has a mask of its own."""
    return codecs_of([level], {BOUNDARY: activations(images)}, keep)[0]


def codecs_of(
    levels: list[CodecSettings],
    data: dict[int, NDArray[np.float32]],
    keep: NDArray[np.bool_] | None = None,
) -> list[Codec]:
    """Codecs calibrated on some data, with the masks and sensitivities that they need."""
    return [
        calibrate(
            [level],
            data,
            dict.fromkeys(data, Learned(_mask(level) if keep is None else keep)),
            dict.fromkeys(data, SENSITIVITY),
        )[0]
        for level in levels
    ]


def _mask(level: CodecSettings) -> NDArray[np.bool_]:
    return KEEP_TOKENS if "token" in level.transform else KEEP
