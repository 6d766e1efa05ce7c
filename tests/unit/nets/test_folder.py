"""Images from folders in EuroSAT's and RESISC45's form."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from satllm_env.errors import InputError
from satllm_env.nets.folder import SHARES
from satllm_env.nets.image_data import Landcover, image_source
from tests.unit.nets.nets import image_folder

EUROSAT = {"AnnualCrop": 40, "Forest": 25, "SeaLake": 20}
RESISC45 = {"airplane": 22, "airport": 20}


def test_eurosat_is_split_whole_and_once(tmp_path: Path) -> None:
    """Every image lies in one split, in the shares stated, per class; pixels are the file's own."""
    source = image_source(image_folder(tmp_path / "EuroSAT", EUROSAT, 64))
    assert source.name == "EuroSAT"
    assert source.classes == ("AnnualCrop", "Forest", "SeaLake")
    parts = {split: source.split(split) for split in SHARES}
    counts = {split: part.labels.bincount().tolist() for split, part in parts.items()}
    assert counts == {
        "train": [28, 17, 14],
        "calibration": [2, 1, 1],
        "validation": [2, 2, 1],
        "test": [8, 5, 4],
    }
    files = [np.asarray(Image.open(path)) for path in (tmp_path / "EuroSAT").glob("*/*.jpg")]
    made = torch.cat([part.images for part in parts.values()]).numpy()
    assert sorted(image.tobytes() for image in files) == sorted(image.tobytes() for image in made)
    for part in parts.values():
        levels = part.images.float().mean((1, 2, 3))
        assert (((levels - 55) / 80).round() == part.labels).all()


def test_resisc45_is_scaled_to_the_size_wanted(tmp_path: Path) -> None:
    """Images of 256 px come at the edge asked for, and the middle square of oblong ones."""
    folder = image_folder(tmp_path, RESISC45, 256)
    source = image_source(folder, image_px=32)
    assert source.split("test").images.shape == (9, 32, 32, 3)
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = 200
    for path in (folder / "airplane").iterdir():
        Image.fromarray(wide).save(path, quality=95)
    test = image_source(folder, image_px=50).split("test")
    assert (test.images[test.labels == 0] > 150).all()


def test_the_seed_makes_the_splits(tmp_path: Path) -> None:
    """The same seed gives the same images in the same order, another one others; a count takes the first."""
    folder = image_folder(tmp_path, EUROSAT, 64, "png")
    first, again, other = (image_source(folder, seed).split("train") for seed in (5, 5, 6))
    assert first.sha256 == again.sha256 != other.sha256
    assert torch.equal(image_source(folder, 5).split("train", 7).images, first.images[:7])
    with pytest.raises(InputError, match=r"train: has 59 images \(asked for 60\)"):
        image_source(folder).split("train", 60)
    with pytest.raises(InputError, match=r"split: dev: unknown; known are train"):
        image_source(folder).split("dev")


def test_procedural_sets_go_by_their_names() -> None:
    """A data set's name gives the procedural images, and a name that is none is one line."""
    assert isinstance(image_source("landcover-hard"), Landcover)
    assert image_source("landcover").split("test", 20).images.shape == (20, 64, 64, 3)
    with pytest.raises(InputError, match=r"data: eurosat: unknown; known are landcover, landcover-hard, or"):
        image_source("eurosat")


def test_hidden_files_and_files_beside_the_classes_are_left_alone(tmp_path: Path) -> None:
    """A read-me beside the class folders and hidden files in them do no harm."""
    folder = image_folder(tmp_path, RESISC45, 64)
    (folder / "readme.txt").write_text("about")
    (folder / ".git").mkdir()
    (folder / "airport" / ".DS_Store").write_bytes(b"\0")
    assert image_source(folder).classes == ("airplane", "airport")


def test_folders_that_are_no_image_set_are_refused(tmp_path: Path) -> None:
    """Too few classes, too few images and foreign files are one line that names them."""
    with pytest.raises(InputError, match=r"must hold a folder per class, two at least \(got 0\)"):
        image_source(tmp_path)
    image_folder(tmp_path / "few", {"a": 20, "b": 19}, 64)
    with pytest.raises(InputError, match=r"few/b: must hold at least 20 images \(got 19\)"):
        image_source(tmp_path / "few")
    folder = image_folder(tmp_path / "odd", RESISC45, 64)
    (folder / "airport" / "labels.csv").write_text("x")
    with pytest.raises(InputError, match=r"labels\.csv: is not an image file \(\.jpg, \.jpeg, \.png\)"):
        image_source(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [("torn", "cannot be read as an image"), ("text", "cannot be read as an image"),
     ("grey", "must be an RGB image"), ("wide", "must be at most 8192 px")],
)  # fmt: skip
def test_images_that_cannot_be_used_are_refused(tmp_path: Path, content: str, message: str) -> None:
    """A torn file, one that is no image, a grey one and a huge one are one line that names the file."""
    folder = image_folder(tmp_path, RESISC45, 64)
    for path in (folder / "airport").iterdir():
        data = path.read_bytes()
        if content == "torn":
            path.write_bytes(data[: len(data) // 2])
        elif content == "text":
            path.write_text("not an image")
        else:
            size = (64, 64) if content == "grey" else (8200, 1)
            Image.new("L" if content == "grey" else "RGB", size).save(path)
    with pytest.raises(InputError, match=rf"airport_\d+\.jpg: {message}"):
        image_source(folder).split("train")
