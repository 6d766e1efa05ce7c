"""Labels that keep clear of each other."""

import numpy as np
import pytest

from satllm_env.figures.canvas import Box
from satllm_env.figures.placement import place_labels

BOX = Box(0.0, 0.0, 1000.0, 500.0)


def corners(centres, sizes):
    """(K, 4) left, top, right and bottom."""
    return np.concatenate((centres - sizes / 2, centres + sizes / 2), axis=1)


def overlaps(boxes):
    """Areas that boxes share, pair by pair."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    return common[~np.eye(len(boxes), dtype=bool)]


@pytest.mark.parametrize("seed", range(10))
def test_labels_do_not_overlap(seed):
    """A dozen labels find places inside the box that do not touch each other or their points."""
    rng = np.random.default_rng(seed)
    anchors = rng.uniform((0, 0), (1000, 500), (12, 2))
    sizes = np.stack((rng.uniform(40, 150, 12), np.full(12, 19.0)), axis=1)
    boxes = corners(place_labels(anchors, sizes, anchors, BOX), sizes)
    assert overlaps(boxes).max() == 0.0
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= (1000, 500)).all()
    covered = (boxes[:, None, :2] <= anchors) & (anchors <= boxes[:, None, 2:])
    assert not covered.all(axis=2).any()


def test_a_lone_label_stands_above():
    """With room everywhere a label stands right above its point."""
    (centre,) = place_labels(np.array([[500.0, 250.0]]), np.array([[80.0, 19.0]]), np.zeros((0, 2)), BOX)
    assert centre[0] == pytest.approx(500.0) and 220.0 < centre[1] < 235.0


def test_obstacles_push_labels_away():
    """Where what lies above is to stay visible, the label goes elsewhere."""
    above = np.array([[x, 228.0] for x in range(460, 541, 8)])
    (centre,) = place_labels(np.array([[500.0, 250.0]]), np.array([[80.0, 19.0]]), above, BOX)
    assert not (np.abs(above - centre) <= (40.0, 9.5)).all(axis=1).any()
