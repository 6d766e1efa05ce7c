"""The vision transformer against published sizes and against torch's own block."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from satllm_env.errors import InputError
from satllm_env.models.registry import architecture
from satllm_env.models.vit import VisionTransformer

# arXiv 2106.04560, table 2, with the FLOP and sizes that follow: tokens, backbone parameters [M], per
# block [M], GFLOP per image, GFLOP per block, fp32 activation [MB per image]
TABLE = {
    "vit-ti": ("197", "5.5", "0.445", "2.5", "0.204", "0.151"),
    "vit-s": ("197", "21.7", "1.774", "9.2", "0.757", "0.303"),
    "vit-b": ("197", "85.8", "7.088", "35.1", "2.908", "0.605"),
    "vit-l": ("197", "303.3", "12.60", "123.1", "5.117", "0.807"),
    "vit-h": ("257", "630.8", "19.68", "334.6", "10.44", "1.316"),
    "vit-g14": ("257", "1011", "25.25", "534.1", "13.34", "1.447"),
    "vit-g": ("257", "1843", "38.36", "967.5", "20.15", "1.711"),
}


def agrees(value: float, printed: str) -> bool:
    """Tell whether `value` rounds to the printed number."""
    return f"{value:.{len(printed.partition('.')[2])}f}" == printed


def vit(name: str) -> VisionTransformer:
    """Look a vision transformer up."""
    known = architecture(name)
    assert isinstance(known, VisionTransformer)
    return known


@pytest.mark.parametrize("name", TABLE)
def test_table_of_sizes(name: str) -> None:
    """Every cell of the published table comes out of the formulas, to its last printed digit."""
    model = vit(name)
    values = (
        model.tokens,
        model.backbone_params / 1e6,
        model.block_params / 1e6,
        model.flops / 1e9,
        model.block_flops / 1e9,
        4 * model.activation_elements / 1e6,
    )
    assert [(v, p) for v, p in zip(values, TABLE[name], strict=True) if not agrees(v, p)] == []


@pytest.mark.parametrize(
    ("name", "params"),
    [
        # torchvision's vit_b_16, vit_l_16, vit_h_14 and timm's vit_tiny_, vit_small_patch16_224
        ("vit-b", 86_567_656),
        ("vit-l", 304_326_632),
        ("vit-h", 632_045_800),
        ("vit-ti", 5_717_416),
        ("vit-s", 22_050_664),
    ],
)
def test_published_parameter_counts(name: str, params: int) -> None:
    """With a classifier of 1000 classes the count is that of the published checkpoints, exactly."""
    assert vit(name).params == params


@pytest.mark.parametrize(("name", "gmac"), [("vit-b", "17.564"), ("vit-l", "61.555"), ("vit-h", "167.295")])
def test_torchvision_operation_counts(name: str, gmac: str) -> None:
    """Half the FLOP per image is the count of multiply-accumulates that torchvision publishes."""
    assert agrees(vit(name).flops / 2e9, gmac)


def test_block_against_torch() -> None:
    """One block has the parameters and the matrix FLOP of torch's encoder layer."""
    model = VisionTransformer("small", 2, 48, 112, 6, 8, image_px=40)
    with torch.device("meta"):
        layer = torch.nn.TransformerEncoderLayer(48, 6, 112, norm_first=True, batch_first=True)
        tokens = torch.empty(1, model.tokens, 48)
    with FlopCounterMode(display=False) as counter:
        scores = layer.self_attn(tokens, tokens, tokens, need_weights=True)[0]
        layer.linear2(layer.linear1(scores))
    assert model.block_params == sum(p.numel() for p in layer.parameters())
    assert model.block_flops == counter.get_total_flops()


def test_patch_projection_against_torch() -> None:
    """The patch projection has the parameters and the FLOP of torch's strided convolution."""
    model = VisionTransformer("small", 1, 48, 112, 6, 8, image_px=40, channels=4, classes=0)
    with torch.device("meta"):
        projection = torch.nn.Conv2d(4, 48, kernel_size=8, stride=8)
        image = torch.empty(1, 4, 40, 40)
    with FlopCounterMode(display=False) as counter:
        patches = projection(image).flatten(2)
    assert patches.shape == (1, 48, model.patches)
    assert model.embed_flops == counter.get_total_flops()
    embeddings = 48 + model.tokens * 48  # class token, positions
    assert model.embed_params == sum(p.numel() for p in projection.parameters()) + embeddings


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"layers": 0}, "layers"),
        ({"width": 769}, "width"),
        ({"width": True}, "width"),
        ({"mlp": 1.5}, "mlp"),
        ({"heads": -1}, "heads"),
        ({"image_px": 225}, "image_px"),
        ({"classes": -1}, "classes"),
    ],
)
def test_bad_sizes(changes: dict[str, object], field: str) -> None:
    """A size that makes no model is refused, by its name."""
    sizes: dict[str, object] = {"layers": 12, "width": 768, "mlp": 3072, "heads": 12, "patch": 16}
    with pytest.raises(InputError, match=f"mine: {field}: "):
        VisionTransformer(name="mine", **(sizes | changes))  # type: ignore[arg-type]
