"""Architectures from a Hugging Face `config.json`.

The sizes that a family cannot be guessed without must be in the file. For what may be absent, the
defaults are those of the `transformers` library's configuration classes (4.57), listed per reader.
Weights' precision is the caller's choice, so `torch_dtype` and `quantization_config` are not read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from satllm_env.errors import InputError
from satllm_env.models.decoder import Decoder
from satllm_env.models.hf_fields import HfFields
from satllm_env.models.registry import Architecture
from satllm_env.models.vit import VisionTransformer
from satllm_env.problem.schema import load_json


def from_hf_config(path: str | Path, name: str | None = None) -> Architecture:
    """Read an architecture from a `config.json` of type gpt2, llama, mistral, opt, qwen2 or vit.

    Args:
        path: the file.
        name: the model's name; where None, the file's stem, or its folder's name for `config.json`.

    Raises:
        InputError: the file cannot be read, a size is missing or ill-typed, or the type or one of its
            options is not supported; the message names file and field.
    """
    data = load_json(path)
    if not isinstance(data, dict):
        raise InputError(str(path), "", "must hold one JSON object")
    kind = data.get("model_type")
    if not isinstance(kind, str) or kind not in _READERS:
        got = "missing" if kind is None else f"{kind!r} is not supported"
        raise InputError(str(path), "model_type", f"{got}; supported are {', '.join(_READERS)}")
    return _READERS[kind](HfFields(str(path), data), name or _name_of(Path(path)))


def _name_of(path: Path) -> str:
    return path.resolve().parent.name if path.name == "config.json" else path.stem


def _gpt2(fields: HfFields, name: str) -> Decoder:
    """Defaults: n_inner 4·n_embd (also where null), tie_word_embeddings true."""
    width, heads = fields.size("n_embd"), fields.size("n_head")
    fields.divides("n_embd", "n_head")
    fields.refuse("add_cross_attention", default=False)
    return Decoder(
        name, fields.size("n_layer"), width, fields.size_or_none("n_inner") or 4 * width, heads, heads,
        fields.size("vocab_size"), gated=False, tied_embeddings=fields.flag("tie_word_embeddings", True),
        norm="layer", qkv_bias=True, output_bias=True, ffn_bias=True,
        learned_positions=fields.size("n_positions"),
    )  # fmt: skip


def _opt(fields: HfFields, name: str) -> Decoder:
    """Defaults: word_embed_proj_dim = hidden_size; _remove_final_layer_norm false; else true.

    Those that default to true are do_layer_norm_before, enable_bias, layer_norm_elementwise_affine and
    tie_word_embeddings.
    """
    width, heads = fields.size("hidden_size"), fields.size("num_attention_heads")
    fields.divides("hidden_size", "num_attention_heads")
    bias = fields.flag("enable_bias", True)
    pre_norm = fields.flag("do_layer_norm_before", True)
    table_width = fields.size_or_none("word_embed_proj_dim")
    return Decoder(
        name, fields.size("num_hidden_layers"), width, fields.size("ffn_dim"), heads, heads,
        fields.size("vocab_size"), gated=False, tied_embeddings=fields.flag("tie_word_embeddings", True),
        norm="layer" if fields.flag("layer_norm_elementwise_affine", True) else "plain",
        final_norm=pre_norm and not fields.flag("_remove_final_layer_norm", False),
        qkv_bias=bias, output_bias=bias, ffn_bias=bias,
        learned_positions=fields.size("max_position_embeddings"), spare_positions=2,
        embedding_width=None if table_width == width else table_width,
    )  # fmt: skip


def _rotary(
    fields: HfFields,
    name: str,
    kv_heads: int | None,
    *,
    qkv_bias: bool = False,
    output_bias: bool = False,
    ffn_bias: bool = False,
    window: int | None = None,
) -> Decoder:
    """Read what Llama, Mistral and Qwen2 share; `head_dim` and tied embeddings default alike in all three."""
    width, heads = fields.size("hidden_size"), fields.size("num_attention_heads")
    head_width = fields.size_or_none("head_dim")
    if head_width is None:
        fields.divides("hidden_size", "num_attention_heads")
    if kv_heads is not None:
        fields.divides("num_attention_heads", "num_key_value_heads")
    return Decoder(
        name, fields.size("num_hidden_layers"), width, fields.size("intermediate_size"),
        heads, kv_heads or heads, fields.size("vocab_size"),
        gated=True, tied_embeddings=fields.flag("tie_word_embeddings", False),
        qkv_bias=qkv_bias, output_bias=output_bias, ffn_bias=ffn_bias,
        head_width=head_width, window=window,
    )  # fmt: skip


def _llama(fields: HfFields, name: str) -> Decoder:
    """Defaults: num_key_value_heads = num_attention_heads, head_dim = hidden_size / heads; else false.

    The first two also where null; those that default to false are attention_bias, mlp_bias and
    tie_word_embeddings.
    """
    attention_bias = fields.flag("attention_bias", False)
    return _rotary(
        fields,
        name,
        fields.size_or_none("num_key_value_heads"),
        qkv_bias=attention_bias,
        output_bias=attention_bias,
        ffn_bias=fields.flag("mlp_bias", False),
    )


def _mistral(fields: HfFields, name: str) -> Decoder:
    """Defaults: head_dim = hidden_size / heads, sliding_window 4096 (null: none), tie_word_embeddings false.

    num_key_value_heads must be there (null: as many as heads): the library would take 8.
    """
    fields.require("num_key_value_heads")
    window = fields.size_or_none("sliding_window") if "sliding_window" in fields else 4096
    return _rotary(fields, name, fields.size_or_none("num_key_value_heads"), window=window)


def _qwen2(fields: HfFields, name: str) -> Decoder:
    """Defaults: head_dim = hidden_size / heads; use_sliding_window and tie_word_embeddings false.

    num_key_value_heads must be there (null: as many as heads): the library would take 32. Sliding
    windows, which Qwen2 applies to some layers only, are not supported.
    """
    fields.require("num_key_value_heads")
    fields.refuse("use_sliding_window", default=False)
    return _rotary(fields, name, fields.size_or_none("num_key_value_heads"), qkv_bias=True)


def _vit(fields: HfFields, name: str) -> VisionTransformer:
    """Defaults: num_channels 3, qkv_bias true; for the classes see `HfFields.classes`."""
    fields.divides("hidden_size", "num_attention_heads")
    fields.divides("image_size", "patch_size")
    return VisionTransformer(
        name,
        fields.size("num_hidden_layers"),
        fields.size("hidden_size"),
        fields.size("intermediate_size"),
        fields.size("num_attention_heads"),
        fields.size("patch_size"),
        fields.size("image_size"),
        fields.size_or_none("num_channels") or 3,
        fields.classes(),
        fields.flag("qkv_bias", True),
    )


_READERS: dict[str, Callable[[HfFields, str], Architecture]] = {
    "gpt2": _gpt2,
    "llama": _llama,
    "mistral": _mistral,
    "opt": _opt,
    "qwen2": _qwen2,
    "vit": _vit,
}
