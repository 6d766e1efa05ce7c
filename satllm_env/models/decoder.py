"""The decoder-only language model: parameters, FLOP, activations and KV cache by formula.

Symbols: n prompt tokens, d width, f hidden width of the FFN, h query heads, k key-value heads,
e features per head, v vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from satllm_env.models.checks import require_multiple, require_sizes

Norm = Literal["rms", "layer", "plain"]
NORM_VECTORS: dict[Norm, int] = {"rms": 1, "layer": 2, "plain": 0}
"""Parameter vectors of length d per normalisation: a scale; a scale and a shift; none."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """A stack of attention and FFN blocks under a language-model head.

    Covers GPT-2, OPT, Llama, Mistral and Qwen2. One multiply-accumulate counts as two FLOP;
    normalisation, softmax, rotary positions, activation functions and table look-ups are not counted.

    Args:
        name: the model's name.
        layers: number of blocks.
        width: d, features per token.
        ffn: f, hidden features of the FFN.
        heads: h, query heads.
        kv_heads: k, key-value heads (grouped-query attention); divides `heads`.
        vocab: v, rows of the embedding table.
        gated: three FFN matrices (SwiGLU) rather than two.
        tied_embeddings: the head uses the embedding table.
        norm: kind of normalisation.
        final_norm: whether one follows the last block.
        qkv_bias: biases on the query, key and value projections.
        output_bias: bias on the attention's output projection.
        ffn_bias: biases in the FFN.
        learned_positions: positions with a learned embedding, the longest prompt; 0 for rotary positions.
        spare_positions: rows of that table that no token uses (OPT keeps two).
        head_width: e; `width / heads` where None.
        embedding_width: features of the embedding table, projected to d and back (OPT-350M); d where None.
        window: [tokens] the attention of each token reaches back at most this far, itself
            included (Mistral 7B v0.1); unlimited where None.

    Raises:
        InputError: a size is no positive integer, or does not divide as stated above.
    """

    name: str
    layers: int
    width: int
    ffn: int
    heads: int
    kv_heads: int
    vocab: int
    gated: bool
    tied_embeddings: bool
    norm: Norm = "rms"
    final_norm: bool = True
    qkv_bias: bool = False
    output_bias: bool = False
    ffn_bias: bool = False
    learned_positions: int = 0
    spare_positions: int = 0
    head_width: int | None = None
    embedding_width: int | None = None
    window: int | None = None

    def __post_init__(self) -> None:
        """Check the sizes."""
        fields = ["layers", "width", "ffn", "heads", "kv_heads", "vocab"]
        fields += [f for f in ("head_width", "embedding_width", "window") if getattr(self, f) is not None]
        require_sizes(self.name, {field: getattr(self, field) for field in fields})
        spare = {"learned_positions": self.learned_positions, "spare_positions": self.spare_positions}
        require_sizes(self.name, spare, least=0)
        require_multiple(self.name, "heads", self.heads, "kv_heads", self.kv_heads)
        if self.head_width is None:
            require_multiple(self.name, "width", self.width, "heads", self.heads)

    @property
    def head_dim(self) -> int:
        """e, features per head."""
        return self.head_width if self.head_width is not None else self.width // self.heads

    @property
    def table_width(self) -> int:
        """Features of the embedding table."""
        return self.embedding_width if self.embedding_width is not None else self.width

    @property
    def norm_params(self) -> int:
        """Parameters of one normalisation."""
        return NORM_VECTORS[self.norm] * self.width

    @property
    def block_weights(self) -> int:
        """Weights of one block's matrices: 2dhe (query, output), 2dke (key, value), 2df or 3df."""
        attention = 2 * self.width * (self.heads + self.kv_heads) * self.head_dim
        return attention + (3 if self.gated else 2) * self.width * self.ffn

    @property
    def block_params(self) -> int:
        """Parameters of one block: matrices, biases, two normalisations."""
        qkv = (self.heads + 2 * self.kv_heads) * self.head_dim if self.qkv_bias else 0
        ffn = (2 if self.gated else 1) * self.ffn + self.width if self.ffn_bias else 0
        biases = qkv + (self.width if self.output_bias else 0) + ffn
        return self.block_weights + biases + 2 * self.norm_params

    @property
    def table_params(self) -> int:
        """Parameters of the token embedding table, v times its width."""
        return self.vocab * self.table_width

    @property
    def adapter_params(self) -> int:
        """Parameters of the projection between a narrower table and the blocks, 0 where there is none."""
        return 0 if self.embedding_width in (None, self.width) else self.table_width * self.width

    @property
    def embed_params(self) -> int:
        """Parameters that the first block's node needs before it: token and position tables."""
        positions = self.learned_positions + self.spare_positions if self.learned_positions else 0
        return self.table_params + positions * self.width + self.adapter_params

    @property
    def head_params(self) -> int:
        """Parameters that the last block's node needs after it: final normalisation and head.

        A tied head counts here too, for the table must also be where the last block is.
        """
        return (self.norm_params if self.final_norm else 0) + self.adapter_params + self.table_params

    @property
    def params(self) -> int:
        """All parameters; a tied table counts once."""
        both_ends = self.embed_params + self.head_params - (self.table_params if self.tied_embeddings else 0)
        return both_ends + self.layers * self.block_params

    def attended_pairs(self, tokens: int) -> int:
        """Query-key pairs of one head for a prompt: n(n + 1)/2, fewer beyond the window."""
        reach = tokens if self.window is None else min(tokens, self.window)
        return reach * (reach + 1) // 2 + (tokens - reach) * reach

    def cached_tokens(self, tokens: int) -> int:
        """Tokens whose keys and values are kept after `tokens`: all of them, or the window's."""
        return tokens if self.window is None else min(tokens, self.window)

    def block_flops(self, tokens: int) -> int:
        """[FLOP] of one block on a prompt: 2n for each matrix weight and 4e per head and causal pair."""
        pairs = self.attended_pairs(tokens)
        return 2 * tokens * self.block_weights + 4 * self.heads * self.head_dim * pairs

    def embed_flops(self, tokens: int) -> int:
        """[FLOP] before the first block: none, but for the projection from a narrower table."""
        return 2 * tokens * self.adapter_params

    @property
    def head_flops(self) -> int:
        """[FLOP] after the last block: the logits of the last token alone, which give the next one."""
        return 2 * (self.adapter_params + self.table_params)

    def flops(self, tokens: int) -> int:
        """[FLOP] of processing a prompt and predicting the token after it."""
        return self.embed_flops(tokens) + self.layers * self.block_flops(tokens) + self.head_flops

    def activation_elements(self, tokens: int) -> int:
        """Elements between two blocks: n·d."""
        return tokens * self.width

    @property
    def kv_elements_per_token(self) -> int:
        """Elements that one block caches per token: 2ke (keys and values)."""
        return 2 * self.kv_heads * self.head_dim

    def kv_bytes_per_token(self, bytes_per_element: float = 2) -> float:
        """[bytes] that all blocks cache per token; fp16 by default."""
        return self.layers * self.kv_elements_per_token * bytes_per_element

    def workspace_elements(self, tokens: int) -> int:
        """Elements of scratch memory at a block's peak.

        2nd (the residual stream and its normalised copy) and the larger of the attention's
        n(h + 2k)e + hn² (queries, keys, values, scores written out) and the FFN's nf, or 2nf if gated.
        """
        qkv = tokens * (self.heads + 2 * self.kv_heads) * self.head_dim
        ffn = (2 if self.gated else 1) * tokens * self.ffn
        return 2 * tokens * self.width + max(qkv + self.heads * tokens * tokens, ffn)
