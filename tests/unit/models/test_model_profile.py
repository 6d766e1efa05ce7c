"""Layer profiles: what an architecture becomes in the split problem."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.models.decoder import Decoder
from satllm_env.models.profile import profile
from satllm_env.models.registry import PAPER_FOOTPRINT_BYTES, architecture, architecture_names
from satllm_env.models.vit import VisionTransformer
from satllm_env.problem import schema


def build(name: str, items: int = 1, **options: Any) -> schema.Model:
    """Profile a known model, decoders on prompts of 128 tokens."""
    known = architecture(name)
    if isinstance(known, Decoder):
        options.setdefault("prompt_tokens", 128)
    return profile(known, items_per_micro_batch=items, **options)


@pytest.mark.parametrize("name", architecture_names())
@pytest.mark.parametrize("items", [1, 8])
def test_flops_add_up_to_the_model(name: str, items: int) -> None:
    """Layers together compute the model's FLOP on each item, embedding and head included."""
    known = architecture(name)
    per_item = known.flops(128) if isinstance(known, Decoder) else known.flops
    model = build(name, items)
    assert sum(layer.flops for layer in model.layers) == pytest.approx(items * per_item, rel=1e-12)
    assert len(model.layers) == known.layers
    assert [layer.name for layer in model.layers] == [f"block{i}" for i in range(known.layers)]


@pytest.mark.parametrize("name", architecture_names())
@pytest.mark.parametrize(("precision", "size"), [("fp32", 4), ("fp16", 2), ("int8", 1)])
def test_weights_add_up_to_the_parameters(name: str, precision: str, size: int) -> None:
    """Layers together weigh all parameters at the precision; a tied table weighs at both ends."""
    known = architecture(name)
    extra = known.table_params if isinstance(known, Decoder) and known.tied_embeddings else 0
    weight = sum(layer.weight_bytes for layer in build(name, weight_precision=precision).layers)
    assert weight == size * (known.params + extra)


@given(items=st.integers(1, 64), factor=st.integers(2, 5), name=st.sampled_from(architecture_names()))
def test_scaling_with_the_micro_batch(items: int, factor: int, name: str) -> None:
    """Everything but the weights grows in proportion to the items of a micro-batch."""
    one, many = build(name, items), build(name, items * factor)
    assert many.input_bytes == factor * one.input_bytes
    assert many.result_bytes == factor * one.result_bytes
    for small, large in zip(one.layers, many.layers, strict=True):
        assert large.weight_bytes == small.weight_bytes
        for field in ("flops", "activation_bytes", "state_bytes", "workspace_bytes"):
            assert getattr(large, field) == pytest.approx(factor * getattr(small, field), rel=1e-12)


def test_vit_bytes() -> None:
    """ViT-G on eight 1080p images: raw RGB8 in, fp32 activations between, one logit per class out."""
    model = build("vit-g", 8, input_px=(1920, 1080))
    assert model.input_bytes == 8 * 1920 * 1080 * 3
    assert {layer.activation_bytes for layer in model.layers} == {8 * 257 * 1664 * 4}
    assert model.result_bytes == 8 * 1000 * 4
    assert {layer.state_bytes for layer in model.layers} == {0}
    attention = 3 * 257 * 1664 + 16 * 257**2  # above the MLP's 257 · 8192
    assert {layer.workspace_bytes for layer in model.layers} == {8 * 4 * (2 * 257 * 1664 + attention)}


def test_vit_input_choices() -> None:
    """Without a size the image comes at the model's own; explicit bytes and labels replace the sizes."""
    assert build("vit-b").input_bytes == 224 * 224 * 3
    model = build("vit-b", 2, input_bytes_per_item=1000.5, result_bytes_per_item=1)
    assert (model.input_bytes, model.result_bytes) == (2001, 2)
    base = architecture("vit-b")
    assert isinstance(base, VisionTransformer)
    headless = profile(dataclasses.replace(base, classes=0), items_per_micro_batch=1)
    assert headless.result_bytes == 768 * 4
    five_bands = profile(dataclasses.replace(base, channels=5), items_per_micro_batch=1, input_px=(10, 20))
    assert five_bands.input_bytes == 10 * 20 * 5


def test_decoder_bytes() -> None:
    """Llama-2-7B on two prompts of 300 tokens: ids in, hidden states between, one id out, KV cached."""
    model = build("llama-2-7b", 2, prompt_tokens=300, activation_bytes_per_element=2)
    assert model.input_bytes == 2 * 300 * 4
    assert model.result_bytes == 2 * 4
    assert {layer.activation_bytes for layer in model.layers} == {2 * 300 * 8192}
    assert sum(layer.state_bytes for layer in model.layers) == 2 * 300 * 512 * 1024


def test_cache_options() -> None:
    """The cache follows its precision, the prompts that stay, and the attention window."""
    one = build("mistral-7b", prompt_tokens=4096).layers[0].state_bytes
    assert one == 4096 * 128 * 1024 / 32
    assert build("mistral-7b", prompt_tokens=8192).layers[0].state_bytes == one
    assert build("mistral-7b", prompt_tokens=4096, cached_items=64).layers[0].state_bytes == 64 * one
    assert build("mistral-7b", prompt_tokens=4096, kv_bytes_per_element=1).layers[0].state_bytes == one / 2
    assert build("mistral-7b", prompt_tokens=4096, cached_items=0).layers[0].state_bytes == 0


@pytest.mark.parametrize("name", PAPER_FOOTPRINT_BYTES)
def test_stated_footprint(name: str) -> None:
    """A stated footprint spreads evenly and leaves no other memory; time and bytes stay as they were."""
    footprint = PAPER_FOOTPRINT_BYTES[name]
    plain, stated = build(name, 4), build(name, 4, footprint_bytes=footprint)
    assert math.fsum(layer.weight_bytes for layer in stated.layers) == pytest.approx(footprint, rel=1e-12)
    assert len({layer.weight_bytes for layer in stated.layers}) == 1
    assert {(layer.state_bytes, layer.workspace_bytes) for layer in stated.layers} == {(0, 0)}
    for was, now in zip(plain.layers, stated.layers, strict=True):
        assert (was.flops, was.activation_bytes) == (now.flops, now.activation_bytes)


def test_one_layer_carries_both_ends() -> None:
    """A model of one block is one layer with embedding and head."""
    vit = VisionTransformer("one", 1, 24, 48, 2, 4, image_px=8, classes=3)
    (layer,) = profile(vit, items_per_micro_batch=1, weight_precision="fp32").layers
    assert (layer.flops, layer.weight_bytes) == (vit.flops, 4 * vit.params)


def test_equal_arguments_share_one_object() -> None:
    """Profiles are immutable, so a sampler that asks again gets the same object at once."""
    assert build("vit-b", 3, input_px=(640, 480)) is build("vit-b", 3, input_px=(640, 480))
    assert build("vit-b", 3) is not build("vit-b", 4)


def test_numpy_numbers_give_the_same_profile() -> None:
    """Numbers drawn with NumPy count as numbers, without overflow."""
    drawn = build("vit-g", np.int32(8), input_px=(np.int32(3840), np.int32(2160)))  # type: ignore[arg-type]
    assert drawn == build("vit-g", 8, input_px=(3840, 2160))


@pytest.mark.parametrize(
    ("name", "options", "field"),
    [
        ("vit-b", {"items": 0}, "items_per_micro_batch"),
        ("vit-b", {"items": 1.0}, "items_per_micro_batch"),
        ("vit-b", {"weight_precision": "fp8"}, "weight_precision"),
        ("vit-b", {"activation_bytes_per_element": 0}, "activation_bytes_per_element"),
        ("vit-b", {"activation_bytes_per_element": math.nan}, "activation_bytes_per_element"),
        ("vit-b", {"activation_bytes_per_element": "4"}, "activation_bytes_per_element"),
        ("vit-b", {"prompt_tokens": 5}, "prompt_tokens"),
        ("vit-b", {"cached_items": 5}, "cached_items"),
        ("vit-b", {"kv_bytes_per_element": 2}, "kv_bytes_per_element"),
        ("vit-b", {"input_px": (0, 5)}, r"input_px\[0\]"),
        ("vit-b", {"input_px": (5, 5, 3)}, "input_px"),
        ("vit-b", {"input_px": (5, 5), "input_bytes_per_item": 3}, "input_px"),
        ("vit-b", {"input_bytes_per_item": -1}, "input_bytes_per_item"),
        ("vit-b", {"result_bytes_per_item": math.inf}, "result_bytes_per_item"),
        ("vit-b", {"footprint_bytes": -1}, "footprint_bytes"),
        ("gpt2", {"prompt_tokens": None}, "prompt_tokens"),
        ("gpt2", {"prompt_tokens": 1025}, "prompt_tokens"),
        ("gpt2", {"prompt_tokens": 0}, "prompt_tokens"),
        ("gpt2", {"input_px": (5, 5)}, "input_px"),
        ("gpt2", {"kv_bytes_per_element": -2}, "kv_bytes_per_element"),
        ("gpt2", {"cached_items": -1}, "cached_items"),
    ],
)
def test_bad_arguments(name: str, options: dict[str, Any], field: str) -> None:
    """An argument out of range, or of the other kind of model, is refused by its name."""
    with pytest.raises(InputError, match=f"^profile: {field}: "):
        build(name, **options)
