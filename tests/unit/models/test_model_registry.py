"""The registry and the resolutions."""

import pytest

from satllm_env.errors import InputError
from satllm_env.models.images import RESOLUTIONS_PX, raw_image_bytes, resolution_px
from satllm_env.models.registry import PAPER_FOOTPRINT_BYTES, architecture, architecture_names


def agrees(value: float, printed: str) -> bool:
    """Tell whether `value` rounds to the printed number."""
    return f"{value:.{len(printed.partition('.')[2])}f}" == printed


def test_names_lead_to_their_models() -> None:
    """Each name gives the model of that name; the paper's models are among them."""
    assert [architecture(name).name for name in architecture_names()] == list(architecture_names())
    assert set(PAPER_FOOTPRINT_BYTES) <= set(architecture_names())


def test_footprints_exceed_the_weights() -> None:
    """The paper's footprints hold more than the fp32 weights, or they could not be footprints."""
    for name, footprint in PAPER_FOOTPRINT_BYTES.items():
        assert footprint > 4 * architecture(name).params


def test_unknown_names_list_the_known() -> None:
    """An unknown model or resolution is refused with the list of those that exist."""
    with pytest.raises(InputError, match=r"model: vit-x: unknown.*vit-b.*qwen2\.5-7b"):
        architecture("vit-x")
    with pytest.raises(InputError, match=r"resolution: 4k: unknown.*1080p"):
        resolution_px("4k")


@pytest.mark.parametrize(
    ("name", "mbit"), [("240p", "157"), ("480p", "630"), ("720p", "1416"), ("1080p", "3185")]
)
def test_raw_batches_of_the_paper(name: str, mbit: str) -> None:
    """64 raw RGB8 images weigh what the paper's input sizes come to."""
    assert agrees(64 * 8 * raw_image_bytes(*resolution_px(name)) / 1e6, mbit)
    width, height = RESOLUTIONS_PX[name]
    assert width / height == pytest.approx(16 / 9, rel=2e-3)
