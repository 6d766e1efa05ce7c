"""`python -m satllm_env.models [CONFIG.json ...]`: the sizes of the known models, and of any others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import tyro
from rich import box
from rich.console import Console
from rich.table import Table

from satllm_env.errors import InputError
from satllm_env.models.decoder import Decoder
from satllm_env.models.huggingface import from_hf_config
from satllm_env.models.registry import Architecture, architecture, architecture_names
from satllm_env.models.vit import VisionTransformer

VIT_COLUMNS = (
    "model", "layers", "width", "MLP", "heads", "patch", "tokens", "params (M)", "per block (M)",
    "GFLOP/image", "GFLOP/block", "activation (MB/image, fp32)",
)  # fmt: skip
DECODER_COLUMNS = (
    "model", "layers", "width", "FFN", "heads", "KV heads", "vocabulary", "params (B)", "per block (M)",
    "GFLOP/token", "hidden (bytes/token, fp16)", "KV cache (KiB/token, fp16)",
)  # fmt: skip


def vit_row(vit: VisionTransformer) -> tuple[str, ...]:
    """One line of the table of vision transformers; parameters without the classifier's."""
    sizes = (vit.layers, vit.width, vit.mlp, vit.heads, vit.patch, vit.tokens)
    return (
        vit.name,
        *map(str, sizes),
        f"{vit.backbone_params / 1e6:.1f}",
        f"{vit.block_params / 1e6:.3f}",
        f"{vit.flops / 1e9:.1f}",
        f"{vit.block_flops / 1e9:.3f}",
        f"{4 * vit.activation_elements / 1e6:.3f}",
    )


def decoder_row(decoder: Decoder) -> tuple[str, ...]:
    """One line of the table of language models; FLOP are those of the first token of a prompt."""
    sizes = (
        decoder.layers, decoder.width, decoder.ffn, decoder.heads, decoder.kv_heads, decoder.vocab,
    )  # fmt: skip
    return (
        decoder.name,
        *map(str, sizes),
        f"{decoder.params / 1e9:.3f}",
        f"{decoder.block_params / 1e6:.1f}",
        f"{decoder.flops(1) / 1e9:.3f}",
        f"{2 * decoder.activation_elements(1)}",
        f"{decoder.kv_bytes_per_token() / 1024:.0f}",
    )


def tables(architectures: list[Architecture]) -> list[Table]:
    """One table per kind of model that occurs."""
    vits = [vit_row(a) for a in architectures if isinstance(a, VisionTransformer)]
    decoders = [decoder_row(a) for a in architectures if isinstance(a, Decoder)]
    pairs = ((VIT_COLUMNS, vits), (DECODER_COLUMNS, decoders))
    return [_table(columns, rows) for columns, rows in pairs if rows]


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=box.MARKDOWN)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table


def main(configs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()) -> None:
    """Print the sizes of the known models, or of Hugging Face configurations.

    Args:
        configs: config.json files to show in place of the known models.
    """
    console = Console(width=None if sys.stdout.isatty() else 240)
    try:
        if configs:
            shown: list[Architecture] = [from_hf_config(path) for path in configs]
        else:
            shown = [architecture(name) for name in architecture_names()]
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    for table in tables(shown):
        console.print(table)


if __name__ == "__main__":
    tyro.cli(main)
