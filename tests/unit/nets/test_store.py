"""Networks as files."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from satllm_env.nets.store import DataCard, halved, load_card, load_net, save_net, versions
from satllm_env.nets.training import TrainingSettings
from tests.unit.nets.nets import LM, VIT, tiny_lm, tiny_vit

DATA = DataCard(source="landcover", seed=0, train_items=10, test_items=10, test_sha256="00")
IMAGES = torch.randint(0, 256, (4, 16, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def stored(folder: Path, net: SplitNet | None = None, **fields: Any) -> Path:
    """A network's card, its weights beside it."""
    card = {
        "name": "tiny", "config": VIT, "measure": "accuracy_pct", "test": 33.0, "data": DATA,
        "training": TrainingSettings(epochs=1), "command": "none", "versions": versions(),
    }  # fmt: skip
    save_net(net or halved(tiny_vit()), folder / "tiny.json", **(card | fields))
    return folder / "tiny.json"


def test_a_network_comes_back_as_it_was(tmp_path: Path) -> None:
    """Loading gives the stored network's logits to the last bit, in float32, by card and by weights."""
    path = stored(tmp_path)
    for given in (path, str(path), path.with_suffix(".safetensors")):
        net = load_net(given)
        assert net.name == "tiny"
        assert not net.training
        assert torch.equal(net.predict(IMAGES), halved(tiny_vit()).predict(IMAGES))
        assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}


def test_the_kind_on_the_card_decides(tmp_path: Path) -> None:
    """A language model comes back as one."""
    path = stored(tmp_path, halved(tiny_lm()), config=LM, measure="perplexity")
    text = torch.tensor([list(b"orbit")])
    assert torch.equal(load_net(path).predict(text), halved(tiny_lm()).predict(text))
    assert load_card(path).config == LM


def test_a_folder_has_no_card(tmp_path: Path) -> None:
    """One line says that only networks of the project's own command have one."""
    with pytest.raises(InputError) as caught:
        load_card(tmp_path)
    assert str(caught.value) == f"{tmp_path}: has no card: only networks of train_net.py have one"


def test_weights_that_are_not_the_cards_are_refused(tmp_path: Path) -> None:
    """One changed weight is noticed."""
    path = stored(tmp_path)
    weights = path.with_suffix(".safetensors")
    state = load_file(weights)
    state["positions"][0, 0] += 1
    save_file(state, weights)
    with pytest.raises(InputError, match=r"tiny\.safetensors: is not the file that its card describes"):
        load_net(path)


def test_shapes_that_do_not_fit_the_card_are_refused(tmp_path: Path) -> None:
    """Weights of other sizes are one line, even with the right checksum."""
    path = stored(tmp_path)
    card = json.loads(path.read_text())
    card["config"]["width"] = 32
    path.write_text(json.dumps(card))
    with pytest.raises(InputError, match=r"tiny\.safetensors: cannot be loaded: .*size mismatch") as caught:
        load_net(path)
    assert "\n" not in str(caught.value)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """A missing file, and a card that breaks its form, are one line that names file and field."""
    path = stored(tmp_path)
    path.with_suffix(".safetensors").unlink()
    with pytest.raises(InputError, match=r"tiny\.safetensors: cannot be loaded"):
        load_net(path)
    for change, message in (
        ({"format": "satllm-net/9"}, "format"),
        ({"config": {"kind": "rnn"}}, "config"),
        ({"pickle": True}, "pickle"),
    ):
        card = json.loads(stored(tmp_path).read_text())
        path.write_text(json.dumps(card | change))
        with pytest.raises(InputError, match=rf"tiny\.json: {message}"):
            load_net(path)
    path.unlink()
    with pytest.raises(InputError, match=r"tiny\.json: cannot be read"):
        load_net(path)


def test_unknown_names_are_refused() -> None:
    """A name that is no network is one line that lists those that are."""
    with pytest.raises(InputError, match=r"network: resnet: unknown; known are char-lm, landcover"):
        load_net("resnet")
