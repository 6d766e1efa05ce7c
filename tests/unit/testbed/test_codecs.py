"""Codecs for plans, and levels of networks that have no profile."""

from pathlib import Path

import numpy as np
import pytest
import torch

from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import load_card
from satllm_env.problem.schema import Level
from satllm_env.testbed import codecs
from satllm_env.testbed.codecs import CodecMaker, pattern_for, profile_of, require_levels
from tests.unit.testbed.conftest import BATCH, LAYERS


def maker_of(net: SplitNet, inputs: torch.Tensor, folder: Path | None = None) -> CodecMaker:
    """A maker for the small network, which has no profile."""
    images = inputs.flatten(0, 1)
    return CodecMaker(net, lambda: images, pattern_for("images"), own=False, folder=folder)


def activation_at(net: SplitNet, inputs: torch.Tensor, boundary: int) -> np.ndarray:
    """(B, tokens, width) at a boundary."""
    with torch.inference_mode():
        return net.run_blocks(net.embed(inputs[0]), 0, boundary).numpy()


def test_levels_are_measured_where_there_is_no_profile(net: SplitNet, inputs: torch.Tensor) -> None:
    """Coarser levels are smaller and lose no less, and their ratio is that of real payloads."""
    maker = maker_of(net, inputs)
    none, *levels = maker.levels(BATCH)
    assert none.name == "none"
    assert [level.name for level in levels] == ["step-0.25", "step-1", "step-3"]
    ratios, losses = (np.array([getattr(level, name) for level in levels]) for name in ("ratio", "loss"))
    assert ratios.shape == losses.shape == (3, LAYERS - 1)
    assert (np.diff(ratios, axis=0) > 0).all()
    assert (np.diff(losses, axis=0) >= 0).all()
    codec = maker.codecs([("step-0.25", 2)])["step-0.25", 2]
    activation = activation_at(net, inputs, 2)
    assert activation.nbytes / len(codec.encode(activation, 2)) == pytest.approx(ratios[0, 1], rel=0.3)


def test_codecs_are_kept_from_run_to_run(
    net: SplitNet, inputs: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been calibrated is read again, and gives the same payloads; other inputs make another."""
    cuts = [("step-1", 1), ("step-0.5", 3)]
    first = maker_of(net, inputs, tmp_path).codecs(cuts)
    assert len(list(tmp_path.iterdir())) == 2

    def refuse(*_: object) -> None:
        raise AssertionError("calibrated again")

    monkeypatch.setattr(codecs, "measure_calibration", refuse)
    again = maker_of(net, inputs, tmp_path).codecs(cuts)
    for name, boundary in cuts:
        activation = activation_at(net, inputs, boundary)
        payload = first[name, boundary].encode(activation, boundary)
        assert again[name, boundary].encode(activation, boundary) == payload
    with pytest.raises(AssertionError, match="calibrated again"):
        maker_of(net, inputs[:3], tmp_path).codecs(cuts)


def test_a_shipped_network_has_its_own_profile(net_card: Path) -> None:
    """It is found by the hash of the weights; another network has none."""
    profile = profile_of(load_card("landcover-vit"))
    assert profile is not None
    assert profile.name == "landcover-vit"
    assert profile_of(load_card(net_card)) is None


def test_levels_without_codec_are_refused() -> None:
    """A problem's level must be one of the network's."""
    levels = [Level(name="none", ratio=1.0, loss=0.0), Level(name="zip", ratio=2.0, loss=0.0)]
    with pytest.raises(InputError, match=r"f\.json: compression\[1\]\.name: 'zip' is no level"):
        require_levels(levels, pattern_for("text"), "f.json")
