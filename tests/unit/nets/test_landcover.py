"""The procedural land-cover images."""

import hashlib

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.nets.landcover import CLASSES, DIFFICULTIES, SPLITS, images

PINNED = {
    "landcover": "ab8bd324509fbcd87846ce118a79456804a4d9e71a73bba3105e30abc2ade2df",
    "landcover-hard": "a372fb4afcdd1633a35b5e88d4894b4b24a9d4269332eef4cfabbf91f1f227ce",
}


@pytest.mark.parametrize("name", DIFFICULTIES)
def test_images_are_the_same_on_every_machine(name: str) -> None:
    """Thirty images, every class three times, have the pixels that they had when this was written."""
    made, _ = images(name, "test", range(30))
    assert hashlib.sha256(made.tobytes()).hexdigest() == PINNED[name]


def test_an_image_does_not_depend_on_what_it_is_made_with() -> None:
    """One by one, backwards or together: image i of a split is the same."""
    together, labels = images("landcover-hard", "train", range(12))
    backwards, reversed_labels = images("landcover-hard", "train", range(11, -1, -1))
    np.testing.assert_array_equal(together, backwards[::-1])
    np.testing.assert_array_equal(labels, reversed_labels[::-1])
    for index in (0, 7):
        np.testing.assert_array_equal(images("landcover-hard", "train", [index])[0][0], together[index])


def test_splits_and_seeds_share_no_image() -> None:
    """The same indices of other splits, and of another seed, are other images."""
    sets = [images("landcover", split, range(20))[0] for split in SPLITS]
    sets.append(images("landcover", "train", range(20), seed=1)[0])
    flat = np.concatenate(sets).reshape(len(sets) * 20, -1)
    assert len(np.unique(flat, axis=0)) == len(flat)


def test_labels_are_balanced() -> None:
    """Every ten images in a row hold each class once."""
    _, labels = images("landcover", "validation", range(5, 25))
    assert sorted(labels[:10]) == sorted(labels[10:]) == list(range(len(CLASSES)))


def test_classes_have_the_colours_of_what_they_show() -> None:
    """Vegetation is green, desert reddish, water dark; towns and farmland are rougher than water."""
    made, labels = images("landcover", "test", range(200))
    colour = {name: made[labels == number].mean((0, 1, 2)) for number, name in enumerate(CLASSES)}
    rough = {
        name: np.abs(np.diff(made[labels == number].astype(int), axis=2)).mean()
        for number, name in enumerate(CLASSES)
    }
    for name in ("forest", "pasture", "annual-crop"):
        assert colour[name].argmax() == 1, name
    assert colour["desert"].argmax() == 0
    assert colour["sea-lake"].argmax() == 2
    assert min(colour, key=lambda name: colour[name].sum()) in ("forest", "sea-lake")
    assert rough["sea-lake"] < rough["residential"] / 2
    assert rough["sea-lake"] < rough["industrial"] / 2


def test_the_hard_set_is_hazier_and_noisier() -> None:
    """The harder set's images of the same index have less contrast between their colours."""
    easy, _ = images("landcover", "test", range(100))
    hard, _ = images("landcover-hard", "test", range(100))
    saturation = [np.ptp(made.mean((1, 2)), axis=1).mean() for made in (easy, hard)]
    assert saturation[1] < saturation[0]


def test_progress_adds_up_to_the_images_made() -> None:
    """The callback hears of every image once."""
    heard: list[int] = []
    images("landcover", "test", range(130), step=heard.append)
    assert sum(heard) == 130


def test_unknown_names_are_refused() -> None:
    """A data set or split that does not exist is one line that lists those that do."""
    with pytest.raises(InputError, match=r"data: eurosat: unknown; known are landcover, landcover-hard"):
        images("eurosat", "train", range(1))
    with pytest.raises(InputError, match=r"split: dev: unknown; known are train, calibration"):
        images("landcover", "dev", range(1))
