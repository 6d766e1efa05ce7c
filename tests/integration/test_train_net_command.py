"""train_net.py: from a folder of images, or a file of text, to a network on disk."""

from pathlib import Path

import pytest
import torch

from satllm_env.nets.image_data import image_source
from satllm_env.nets.measure import accuracy_pct
from satllm_env.nets.store import load_card, load_net
from tests.integration.command import command
from tests.unit.nets.nets import image_folder

train_net = command("train_net.py")
SMALL = ("--layers", "2", "--width", "16", "--heads", "2", "--threads", "1")


@pytest.fixture(autouse=True)
def _threads_as_before() -> object:
    """The command sets how many threads torch takes; the other tests keep theirs."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_folder_of_images_becomes_a_classifier_and_training_goes_on_from_it(tmp_path: Path) -> None:
    """The card states the accuracy of the weights beside it on the test split, and how they were made."""
    folder, path = image_folder(tmp_path / "EuroSAT", {"dark": 60, "light": 60}, 64), tmp_path / "net.json"
    small = (*SMALL, "--data", folder, "--image-px", "16", "--batch", "12")
    done = train_net(*small, "--epochs", "6", "--out", path)
    assert done.returncode == 0, done.stderr
    card = load_card(path)
    assert (card.name, card.config.kind, card.measure) == ("EuroSAT-vit", "vit", "accuracy_pct")
    assert (card.data.train_items, card.data.test_items, card.start) == (84, 24, None)
    assert f"test accuracy_pct {card.test:.3f}" in done.stderr
    test = image_source(folder, image_px=16).split("test")
    assert card.test == accuracy_pct(load_net(path), test)
    assert card.test > 90
    assert card.data.test_sha256 == test.sha256
    on = train_net(*small, "--epochs", "1", "--start", path, "--out", tmp_path / "on.json")
    assert on.returncode == 0, on.stderr
    assert load_card(tmp_path / "on.json").start == str(path)
    wider = train_net(*small, "--layers", "3", "--start", path, "--out", tmp_path / "wider.json")
    assert wider.returncode == 2
    assert (
        wider.stderr.splitlines()[-1]
        == f"start: {path}: has other sizes or classes than the network to train"
    )


def test_a_text_file_becomes_a_language_model(tmp_path: Path) -> None:
    """A model of the file's bytes is better than one that knows nothing."""
    (tmp_path / "own.txt").write_text("every satellite has a plan and every plan a satellite\n" * 200)
    path = tmp_path / "lm.json"
    done = train_net(
        *SMALL, "--data", tmp_path / "own.txt", "--context", "16", "--epochs", "1", "--out", path
    )
    assert done.returncode == 0, done.stderr
    card = load_card(path)
    assert (card.name, card.config.kind, card.measure) == ("own.txt-lm", "char-lm", "perplexity")
    assert 1 < card.test < 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "eurosat"), "data: eurosat: unknown; known are landcover, landcover-hard, or give "),
        (("--width", "30"), "train_net.py: heads: must divide width (30) (got 4)"),
        (("--epochs", "0"), "train_net.py: epochs: "),
        (("--patch", "12"), "train_net.py: patch: must be a power of two (got 12)"),
        (("--context", "64"), "--context: has no meaning for landcover"),
        (("--data", "mission-log", "--patch", "4"), "--patch: has no meaning for mission-log"),
        (("--layers", "0"), "--layers: must be 1 or more (got 0)"),
        (("--train-items", "0"), "--train-items: must be 1 or more (got 0)"),
        (("--out", "net.bin"), "--out: net.bin: must end in .json"),
        (("--start", "resnet"), "network: resnet: unknown; known are "),
        (("--image-px", "32"), "image_px: landcover: has images of 64 px (asked for 32)"),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2 and one line that says which argument is wrong, before anything is made."""
    done = train_net(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(message)
    assert "Traceback" not in done.stderr
