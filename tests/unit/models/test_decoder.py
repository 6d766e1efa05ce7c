"""The decoder against published sizes and against counting by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.models.decoder import Decoder
from satllm_env.models.registry import architecture

# published configurations: parameters [B], per block [M], hidden bytes per token and KV cache
# [KiB per token], both fp16
TABLE = {
    "gpt2": ("0.124", "7.1", "1536", "36"),
    "opt-1.3b": ("1.316", "50.4", "4096", "192"),
    "llama-2-7b": ("6.738", "202.4", "8192", "512"),
    "llama-2-13b": ("13.016", "317.2", "10240", "800"),
    "llama-2-70b": ("68.98", "855.7", "16384", "320"),
    "llama-3-8b": ("8.030", "218.1", "8192", "128"),
    "mistral-7b": ("7.242", "218.1", "8192", "128"),
    "qwen2.5-0.5b": ("0.494", "14.9", "1792", "12"),
    "qwen2.5-1.5b": ("1.544", "46.8", "3072", "28"),
    "qwen2.5-7b": ("7.616", "233.1", "7168", "56"),
}

# numel over the parameters of the published checkpoints
PARAMS = {
    "gpt2": 124_439_808,
    "opt-1.3b": 1_315_758_080,
    "llama-2-7b": 6_738_415_616,
    "llama-2-13b": 13_015_864_320,
    "llama-2-70b": 68_976_648_192,
    "llama-3-8b": 8_030_261_248,
    "mistral-7b": 7_241_732_096,
    "qwen2.5-0.5b": 494_032_768,
    "qwen2.5-1.5b": 1_543_714_304,
    "qwen2.5-7b": 7_615_616_512,
}


def agrees(value: float, printed: str) -> bool:
    """Tell whether `value` rounds to the printed number."""
    return f"{value:.{len(printed.partition('.')[2])}f}" == printed


def decoder(name: str) -> Decoder:
    """Look a decoder up."""
    known = architecture(name)
    assert isinstance(known, Decoder)
    return known


@pytest.mark.parametrize("name", TABLE)
def test_table_of_sizes(name: str) -> None:
    """Every cell of the published table comes out of the formulas, to its last printed digit."""
    model = decoder(name)
    values = (
        model.params / 1e9,
        model.block_params / 1e6,
        2 * model.activation_elements(1),
        model.kv_bytes_per_token() / 1024,
    )
    assert [(v, p) for v, p in zip(values, TABLE[name], strict=True) if not agrees(v, p)] == []


@pytest.mark.parametrize("name", PARAMS)
def test_published_parameter_counts(name: str) -> None:
    """The count is that of the published checkpoint, exactly."""
    assert decoder(name).params == PARAMS[name]


SMALL = Decoder("small", 3, 24, 40, 6, 2, 50, gated=True, tied_embeddings=False, head_width=5)


@given(tokens=st.integers(1, 60), window=st.none() | st.integers(1, 70))
def test_attended_pairs_by_hand(tokens: int, window: int | None) -> None:
    """Causal pairs within the window are those of the explicit attention mask."""
    query, key = np.indices((tokens, tokens))
    mask = (key <= query) & (query - key < (window or tokens))
    model = dataclasses.replace(SMALL, window=window)
    assert model.attended_pairs(tokens) == mask.sum()
    assert model.cached_tokens(tokens) == mask[-1].sum()


@given(tokens=st.integers(1, 40))
def test_prefill_equals_decoding_token_by_token(tokens: int) -> None:
    """A block's FLOP on a prompt are those of its tokens one after the other, each on its context."""
    matrices = [(24, 6 * 5), (24, 2 * 5), (24, 2 * 5), (6 * 5, 24), (24, 40), (24, 40), (40, 24)]
    linear = sum(2 * rows * columns for rows, columns in matrices)
    attention = [6 * (2 * 5 + 2 * 5) * context for context in range(1, tokens + 1)]  # scores, mix of values
    assert SMALL.block_flops(tokens) == tokens * linear + sum(attention)
    assert SMALL.block_weights == sum(rows * columns for rows, columns in matrices)


def test_head_and_table_flops() -> None:
    """The head predicts from the last token alone; a narrower table adds its projection at both ends."""
    assert SMALL.embed_flops(7) == 0
    assert SMALL.head_flops == 2 * 24 * 50
    narrow = dataclasses.replace(SMALL, embedding_width=8)
    assert narrow.embed_flops(7) == 7 * 2 * 8 * 24
    assert narrow.head_flops == 2 * 24 * 8 + 2 * 8 * 50
    assert narrow.flops(7) == narrow.embed_flops(7) + 3 * narrow.block_flops(7) + narrow.head_flops


def test_tied_table_is_needed_at_both_ends_but_counted_once() -> None:
    """Tying saves one table of parameters, while first and last node each still hold one."""
    tied = dataclasses.replace(SMALL, tied_embeddings=True)
    assert SMALL.params - tied.params == 50 * 24
    assert (tied.embed_params, tied.head_params) == (SMALL.embed_params, SMALL.head_params)


def test_workspace_takes_the_larger_of_attention_and_ffn() -> None:
    """A short prompt's peak is the FFN, a long one's the attention scores."""
    short, long = 3, 500
    assert SMALL.workspace_elements(short) == 2 * short * 24 + 2 * short * 40
    assert SMALL.workspace_elements(long) == 2 * long * 24 + long * (6 + 4) * 5 + 6 * long**2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kv_heads": 4}, "heads"),
        ({"width": 25, "head_width": None}, "width"),
        ({"vocab": 0}, "vocab"),
        ({"window": 0}, "window"),
        ({"learned_positions": -1}, "learned_positions"),
        ({"ffn": "40"}, "ffn"),
    ],
)
def test_bad_sizes(changes: dict[str, object], field: str) -> None:
    """A size that makes no model is refused, by its name."""
    with pytest.raises(InputError, match=f"small: {field}: "):
        dataclasses.replace(SMALL, **changes)  # type: ignore[arg-type]
