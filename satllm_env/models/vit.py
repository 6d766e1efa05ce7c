"""The vision transformer: parameters, FLOP and activations by formula.

Symbols: N tokens (patches and the class token), d width, m hidden width of the MLP, h heads.
"""

from __future__ import annotations

from dataclasses import dataclass

from satllm_env.models.checks import require_multiple, require_sizes


@dataclass(frozen=True, slots=True)
class VisionTransformer:
    """An encoder of pre-norm blocks on image patches, a class token and a linear classifier.

    Dosovitskiy et al. 2021, arXiv 2010.11929, section 3.1 and equations 1–4. One multiply-accumulate
    counts as two FLOP; normalisation, softmax, GELU and additions, well under 1 % of it, are not counted.

    Args:
        name: the model's name.
        layers: number of transformer blocks.
        width: d, features per token.
        mlp: m, hidden features of a block's MLP.
        heads: attention heads; divides `width`.
        patch: [px] edge of a square patch; divides `image_px`.
        image_px: [px] edge of the square image that the model takes.
        channels: channels per pixel.
        classes: outputs of the classifier; 0 for a model without one, which returns the class token.
        qkv_bias: whether the query, key and value projections have biases.

    Raises:
        InputError: a size is no positive integer, or does not divide as stated above.
    """

    name: str
    layers: int
    width: int
    mlp: int
    heads: int
    patch: int
    image_px: int = 224
    channels: int = 3
    classes: int = 1000
    qkv_bias: bool = True

    def __post_init__(self) -> None:
        """Check the sizes."""
        fields = ("layers", "width", "mlp", "heads", "patch", "image_px", "channels")
        require_sizes(self.name, {field: getattr(self, field) for field in fields})
        require_sizes(self.name, {"classes": self.classes}, least=0)
        require_multiple(self.name, "width", self.width, "heads", self.heads)
        require_multiple(self.name, "image_px", self.image_px, "patch", self.patch)

    @property
    def patches(self) -> int:
        """Patches per image, N − 1."""
        return (self.image_px // self.patch) ** 2

    @property
    def tokens(self) -> int:
        """N: the patches and the class token."""
        return self.patches + 1

    @property
    def block_params(self) -> int:
        """Parameters of one block: 4d² + 2dm, the biases and two layer norms."""
        d, m = self.width, self.mlp
        biases = (3 * d if self.qkv_bias else 0) + d + m + d
        return 4 * d * d + 2 * d * m + biases + 4 * d

    @property
    def embed_params(self) -> int:
        """Parameters before the first block: patch projection, class token, position embeddings."""
        projection = self.patch**2 * self.channels * self.width + self.width
        return projection + self.width + self.tokens * self.width

    @property
    def head_params(self) -> int:
        """Parameters after the last block: final layer norm and classifier."""
        return 2 * self.width + self.classifier_params

    @property
    def classifier_params(self) -> int:
        """Parameters of the linear classifier, 0 where there is none."""
        return (self.width + 1) * self.classes

    @property
    def params(self) -> int:
        """All parameters, classifier included."""
        return self.embed_params + self.layers * self.block_params + self.head_params

    @property
    def backbone_params(self) -> int:
        """All parameters but the classifier's."""
        return self.params - self.classifier_params

    @property
    def block_flops(self) -> int:
        """[FLOP] of one block and image: 2N(4d² + 2dm) + 4N²d."""
        n, d, m = self.tokens, self.width, self.mlp
        return 2 * n * (4 * d * d + 2 * d * m) + 4 * n * n * d

    @property
    def embed_flops(self) -> int:
        """[FLOP] of the patch projection per image; the class token needs none."""
        return 2 * self.patches * self.patch**2 * self.channels * self.width

    @property
    def head_flops(self) -> int:
        """[FLOP] of the classifier per image; it sees the class token alone."""
        return 2 * self.width * self.classes

    @property
    def flops(self) -> int:
        """[FLOP] per image: patch projection, blocks and classifier."""
        return self.embed_flops + self.layers * self.block_flops + self.head_flops

    @property
    def activation_elements(self) -> int:
        """Elements between two blocks per image: N·d."""
        return self.tokens * self.width

    @property
    def workspace_elements(self) -> int:
        """Elements of scratch memory at a block's peak, per image.

        2Nd (the residual stream and its normalised copy) and the larger of the attention's
        3Nd + hN² (queries, keys, values, scores written out) and the MLP's Nm.
        """
        n, d = self.tokens, self.width
        return 2 * n * d + max(3 * n * d + self.heads * n * n, n * self.mlp)
