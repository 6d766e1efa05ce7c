"""From an architecture to the layers of the split problem, per micro-batch.

Splittable layers are the transformer blocks. What stands before the first block (patch projection,
embedding tables) is charged to the first layer, what stands after the last (final normalisation,
classifier, language-model head) to the last, so boundary 0 is the raw input and boundary L the result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from satllm_env.errors import InputError
from satllm_env.models.checks import require_sizes
from satllm_env.models.decoder import Decoder
from satllm_env.models.images import raw_image_bytes
from satllm_env.models.registry import Architecture
from satllm_env.models.vit import VisionTransformer
from satllm_env.problem import schema

WeightPrecision = Literal["fp32", "fp16", "int8"]
BYTES_PER_WEIGHT: dict[str, int] = {"fp32": 4, "fp16": 2, "int8": 1}
"""[bytes] per parameter; at int8 every parameter is taken as one byte, scales neglected."""

LOGIT_BYTES = 4
"""[bytes] an fp32 logit; a classifier's result is one per class."""
TOKEN_ID_BYTES = 4
"""[bytes] a token id as int32; a prompt is one per token, a decoder's result is one."""
KV_BYTES = 2
"""[bytes] an fp16 element of the KV cache."""


@dataclass(frozen=True, slots=True)
class _Item:
    """What one item (an image or a prompt) needs; parameters serve every item."""

    name: str
    layers: int
    embed_flops: float
    block_flops: float
    head_flops: float
    embed_params: int
    block_params: int
    head_params: int
    activation_elements: int
    workspace_elements: int
    cached_elements: int
    input_bytes: float
    result_bytes: float


def profile(
    architecture: Architecture,
    *,
    items_per_micro_batch: int,
    weight_precision: WeightPrecision = "fp16",
    activation_bytes_per_element: float = 4,
    input_px: tuple[int, int] | None = None,
    input_bytes_per_item: float | None = None,
    result_bytes_per_item: float | None = None,
    prompt_tokens: int | None = None,
    kv_bytes_per_element: float | None = None,
    cached_items: int | None = None,
    footprint_bytes: float | None = None,
) -> schema.Model:
    """Build the layer profile of an architecture; equal arguments return the same (immutable) object.

    A vision transformer's item is an image: it arrives raw, one byte per channel and pixel, and is
    resized on board to the model's input (the resizing is not charged); its result is one fp32 logit
    per class. A decoder's item is a prompt processed at once (prefill): int32 token ids in, the id of
    the next token out; each layer caches the keys and values of the prompt.

    A layer's workspace is `items · activation_bytes_per_element · workspace_elements`, the formula of
    `VisionTransformer.workspace_elements` and `Decoder.workspace_elements`: attention scores are taken
    as written out; a fused attention kernel needs less. A tied embedding table weighs on both ends,
    for either end's node must hold it.

    Args:
        architecture: the model.
        items_per_micro_batch: images or prompts in one micro-batch.
        weight_precision: of the weights in memory.
        activation_bytes_per_element: [bytes] of an uncompressed activation; 4 is fp32, the source that
            compression ratios refer to.
        input_px: [px] width and height of the raw image; the model's own input size where None.
        input_bytes_per_item: [bytes] of an item as it arrives, in place of the sizes above.
        result_bytes_per_item: [bytes] of an item's result, in place of the sizes above.
        prompt_tokens: n, tokens per prompt; needed for decoders and for nothing else.
        kv_bytes_per_element: [bytes] of a cached key or value element; 2 (fp16) where None.
        cached_items: prompts whose cache stays on the node; one micro-batch's where None. Give the
            whole batch where all of its prompts go on to be decoded.
        footprint_bytes: [bytes] a measured footprint of the whole model, spread evenly over the layers
            in place of weights, cache and workspace (see `registry.PAPER_FOOTPRINT_BYTES`).

    Raises:
        InputError: an argument is out of range or does not fit the kind of model.
    """
    pixels = None if input_px is None else tuple(_plain(edge) for edge in input_px)
    return _profile(
        architecture, _plain(items_per_micro_batch), weight_precision, _plain(activation_bytes_per_element),
        pixels, _plain(input_bytes_per_item), _plain(result_bytes_per_item),
        _plain(prompt_tokens), _plain(kv_bytes_per_element), _plain(cached_items), _plain(footprint_bytes),
    )  # fmt: skip


def _plain(value: Any) -> Any:
    """A Python number for a NumPy one, whose integers would overflow; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


@lru_cache(maxsize=256, typed=True)
def _profile(
    architecture: Architecture,
    items: int,
    weight_precision: str,
    activation_bytes: float,
    input_px: tuple[int, ...] | None,
    input_bytes: float | None,
    result_bytes: float | None,
    prompt_tokens: int | None,
    kv_bytes: float | None,
    cached_items: int | None,
    footprint_bytes: float | None,
) -> schema.Model:
    require_sizes("profile", {"items_per_micro_batch": items})
    _require_positive("activation_bytes_per_element", activation_bytes)
    if weight_precision not in BYTES_PER_WEIGHT:
        known = ", ".join(BYTES_PER_WEIGHT)
        raise InputError("profile", "weight_precision", f"must be one of {known} (got {weight_precision!r})")
    if isinstance(architecture, VisionTransformer):
        _refuse(architecture, prompt_tokens=prompt_tokens, cached_items=cached_items)
        _refuse(architecture, kv_bytes_per_element=kv_bytes)
        item = _image(architecture, input_px, input_bytes, result_bytes)
        state_bytes = 0.0
    else:
        _refuse(architecture, input_px=input_px)
        item = _prompt(architecture, prompt_tokens, input_bytes, result_bytes)
        state_bytes = _cache_bytes(item, items if cached_items is None else cached_items, kv_bytes)
    if footprint_bytes is None:
        weights = (item.block_params, item.embed_params, item.head_params)
        memory = _Memory(
            weight_bytes=_with_ends(item, *weights, BYTES_PER_WEIGHT[weight_precision]),
            state_bytes=state_bytes,
            workspace_bytes=float(items * item.workspace_elements * activation_bytes),
        )
    else:
        _require_positive("footprint_bytes", footprint_bytes)
        memory = _Memory((footprint_bytes / item.layers,) * item.layers, 0.0, 0.0)
    return _model(item, items, activation_bytes, memory)


@dataclass(frozen=True, slots=True)
class _Memory:
    weight_bytes: tuple[float, ...]
    state_bytes: float
    workspace_bytes: float


def _cache_bytes(item: _Item, cached_items: int, bytes_per_element: float | None) -> float:
    """[bytes] of keys and values that one layer keeps."""
    require_sizes("profile", {"cached_items": cached_items}, least=0)
    size = KV_BYTES if bytes_per_element is None else bytes_per_element
    _require_positive("kv_bytes_per_element", size)
    return float(cached_items * item.cached_elements * size)


def _image(
    vit: VisionTransformer,
    input_px: tuple[int, ...] | None,
    input_bytes: float | None,
    result_bytes: float | None,
) -> _Item:
    return _Item(
        vit.name, vit.layers, vit.embed_flops, vit.block_flops, vit.head_flops,
        vit.embed_params, vit.block_params, vit.head_params,
        vit.activation_elements, vit.workspace_elements, 0,
        _image_bytes(vit, input_px, input_bytes),
        _given("result_bytes_per_item", result_bytes, LOGIT_BYTES * (vit.classes or vit.width)),
    )  # fmt: skip


def _image_bytes(
    vit: VisionTransformer, input_px: tuple[int, ...] | None, input_bytes: float | None
) -> float:
    if input_px is None:
        default = raw_image_bytes(vit.image_px, vit.image_px, vit.channels)
        return _given("input_bytes_per_item", input_bytes, default)
    if input_bytes is not None:
        raise InputError("profile", "input_px", "cannot be given together with input_bytes_per_item")
    if len(input_px) != 2:
        raise InputError("profile", "input_px", f"must be (width, height) (got {input_px!r})")
    require_sizes("profile", {"input_px[0]": input_px[0], "input_px[1]": input_px[1]})
    return raw_image_bytes(input_px[0], input_px[1], vit.channels)


def _prompt(
    decoder: Decoder, tokens: int | None, input_bytes: float | None, result_bytes: float | None
) -> _Item:
    if tokens is None:
        raise InputError("profile", "prompt_tokens", f"is needed for the decoder {decoder.name}")
    require_sizes("profile", {"prompt_tokens": tokens})
    if decoder.learned_positions and tokens > decoder.learned_positions:
        limit = f"{decoder.name} has {decoder.learned_positions} positions (got {tokens})"
        raise InputError("profile", "prompt_tokens", limit)
    return _Item(
        decoder.name, decoder.layers,
        decoder.embed_flops(tokens), decoder.block_flops(tokens), decoder.head_flops,
        decoder.embed_params, decoder.block_params, decoder.head_params,
        decoder.activation_elements(tokens), decoder.workspace_elements(tokens),
        decoder.cached_tokens(tokens) * decoder.kv_elements_per_token,
        _given("input_bytes_per_item", input_bytes, TOKEN_ID_BYTES * tokens),
        _given("result_bytes_per_item", result_bytes, TOKEN_ID_BYTES),
    )  # fmt: skip


def _with_ends(item: _Item, block: float, first: float, last: float, scale: float) -> tuple[float, ...]:
    """A quantity of every layer, with the first and the last layer's extra, times `scale`."""
    values = [scale * block] * item.layers
    values[0] += scale * first
    values[-1] += scale * last
    return tuple(values)


def _model(item: _Item, items: int, activation_bytes: float, memory: _Memory) -> schema.Model:
    flops = _with_ends(item, item.block_flops, item.embed_flops, item.head_flops, items)
    layers = tuple(
        schema.Layer(
            name=f"block{index}",
            flops=layer_flops,
            weight_bytes=weight_bytes,
            activation_bytes=items * item.activation_elements * activation_bytes,
            state_bytes=memory.state_bytes,
            workspace_bytes=memory.workspace_bytes,
        )
        for index, (layer_flops, weight_bytes) in enumerate(zip(flops, memory.weight_bytes, strict=True))
    )
    return schema.Model(
        name=item.name,
        input_bytes=items * item.input_bytes,
        result_bytes=items * item.result_bytes,
        layers=layers,
    )


def _refuse(architecture: Architecture, **arguments: object) -> None:
    """Refuse arguments that mean nothing for this kind of model."""
    for field, value in arguments.items():
        if value is not None:
            raise InputError("profile", field, f"has no meaning for {architecture.name}")


def _given(field: str, value: float | None, default: float) -> float:
    if value is None:
        return default
    if not _is_number(value) or value < 0:
        raise InputError("profile", field, f"must be a finite number of at least 0 (got {value!r})")
    return value


def _require_positive(field: str, value: float) -> None:
    if not _is_number(value) or value <= 0:
        raise InputError("profile", field, f"must be a finite number above 0 (got {value!r})")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
