"""The known models by name: the one place that holds their sizes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TypeAlias

from satllm_env.errors import InputError
from satllm_env.models.decoder import Decoder
from satllm_env.models.vit import VisionTransformer

Architecture: TypeAlias = VisionTransformer | Decoder

# Zhai et al. 2022, arXiv 2106.04560, table 2, and the variants of google-research/big_vision:
# name, layers, width, MLP, heads, patch
_VITS = (
    VisionTransformer("vit-ti", 12, 192, 768, 3, 16),
    VisionTransformer("vit-s", 12, 384, 1536, 6, 16),
    VisionTransformer("vit-b", 12, 768, 3072, 12, 16),
    VisionTransformer("vit-l", 24, 1024, 4096, 16, 16),
    VisionTransformer("vit-h", 32, 1280, 5120, 16, 14),
    VisionTransformer("vit-g14", 40, 1408, 6144, 16, 14),  # "g/14", 1.0 B
    VisionTransformer("vit-g", 48, 1664, 8192, 16, 14),  # "G/14", 1.8 B, the ViT-G of arXiv 2604.04654
)


def _llama(name: str, layers: int, width: int, ffn: int, heads: int, kv_heads: int, vocab: int) -> Decoder:
    return Decoder(name, layers, width, ffn, heads, kv_heads, vocab, gated=True, tied_embeddings=False)


def _qwen2(
    name: str, layers: int, width: int, ffn: int, heads: int, kv_heads: int, vocab: int, *, tied: bool
) -> Decoder:
    sizes = (layers, width, ffn, heads, kv_heads, vocab)
    return Decoder(name, *sizes, gated=True, tied_embeddings=tied, qkv_bias=True)


def _layer_norm_decoder(
    name: str, layers: int, width: int, heads: int, vocab: int, positions: int, spare_positions: int
) -> Decoder:
    """GPT-2's and OPT's shape: FFN of 4d, biases everywhere, learned positions, tied table."""
    return Decoder(
        name, layers, width, 4 * width, heads, heads, vocab, gated=False, tied_embeddings=True, norm="layer",
        qkv_bias=True, output_bias=True, ffn_bias=True,
        learned_positions=positions, spare_positions=spare_positions,
    )  # fmt: skip


# the published configurations (config.json of each model on the Hugging Face hub)
_DECODERS = (
    _layer_norm_decoder("gpt2", 12, 768, 12, 50257, 1024, 0),
    _layer_norm_decoder("opt-1.3b", 24, 2048, 32, 50272, 2048, 2),
    _llama("llama-2-7b", 32, 4096, 11008, 32, 32, 32000),
    _llama("llama-2-13b", 40, 5120, 13824, 40, 40, 32000),
    _llama("llama-2-70b", 80, 8192, 28672, 64, 8, 32000),
    _llama("llama-3-8b", 32, 4096, 14336, 32, 8, 128256),
    # v0.1, whose attention window is 4096 tokens: Jiang et al. 2023, arXiv 2310.06825, table 1
    Decoder("mistral-7b", 32, 4096, 14336, 32, 8, 32000, gated=True, tied_embeddings=False, window=4096),
    _qwen2("qwen2.5-0.5b", 24, 896, 4864, 14, 2, 151936, tied=True),
    _qwen2("qwen2.5-1.5b", 28, 1536, 8960, 12, 2, 151936, tied=True),
    _qwen2("qwen2.5-7b", 28, 3584, 18944, 28, 4, 152064, tied=False),
)

_ALL: dict[str, Architecture] = {entry.name: entry for entry in (*_VITS, *_DECODERS)}

PAPER_FOOTPRINT_BYTES = MappingProxyType({"vit-b": 2e9, "vit-l": 4e9, "vit-h": 7e9, "vit-g": 12e9})
"""[bytes] memory footprints that the paper states (Zhang et al. 2026, arXiv 2604.04654).

They are larger than the weights (ViT-G's weigh 7.4 GB in fp32), so they are read as everything that
inference holds: weights, activations of the batch and runtime. Pass one to `profile` as
`footprint_bytes`, which then charges no workspace on top.
"""


def architecture(name: str) -> Architecture:
    """Look a known model up.

    Raises:
        InputError: no model has that name; the message lists those that exist.
    """
    try:
        return _ALL[name]
    except KeyError:
        raise InputError("model", name, f"unknown; known are {', '.join(_ALL)}") from None


def architecture_names() -> tuple[str, ...]:
    """Names of the known models: vision transformers first, each family by size."""
    return tuple(_ALL)
