"""Labels set beside their points so that they cover neither each other nor what is drawn."""

from __future__ import annotations

import numpy as np

from satllm_env.figures.canvas import Box
from satllm_env.problem.instance import Floats

_DIRECTIONS = 16
NEAR_PX = 13.0
"""Gap between a point, marker included, and a label right beside it."""
_GAPS_PX = (NEAR_PX, 22.0, 38.0, 60.0, 88.0)
_OVERLAP, _COVERED, _OUTSIDE, _FAR = 40.0, 1.5, 200.0, 0.06
"""Costs: per overlapped share of a label, per point covered, per share outside, per pixel away."""


def place_labels(anchors_px: Floats, sizes_px: Floats, obstacles_px: Floats, box: Box) -> Floats:
    """Choose a centre for each label, greedily in the order given.

    Args:
        anchors_px: (K, 2) points that the labels name.
        sizes_px: (K, 2) width and height of the labels.
        obstacles_px: (P, 2) points that should stay visible.
        box: labels stay inside it.

    Returns:
        (K, 2) centres in the pixels of `anchors_px`.
    """
    placed = np.zeros((0, 4))
    centres = np.empty_like(anchors_px, dtype=np.float64)
    for k, (anchor, size) in enumerate(zip(anchors_px, sizes_px, strict=True)):
        candidates, gaps = _candidates(anchor, size)
        boxes = np.concatenate((candidates - size / 2, candidates + size / 2), axis=1)
        cost = _FAR * gaps + _OUTSIDE * _share_outside(boxes, box)
        cost += _COVERED * _covered(boxes, obstacles_px) + _OVERLAP * _overlap(boxes, placed)
        best = int(np.argmin(cost))
        centres[k] = candidates[best]
        placed = np.concatenate((placed, boxes[best : best + 1]))
    return centres


def _candidates(anchor: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Centres of labels around a point, and the gap between point and label [px]; above comes first."""
    angle = -np.pi / 2 + 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    direction = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    # how far along the direction the centre must lie for the label to clear the point
    with np.errstate(divide="ignore"):
        reach = np.min(size / 2 / np.abs(direction), axis=1)
    gaps = np.repeat(np.array(_GAPS_PX), _DIRECTIONS)
    distance = np.tile(reach, len(_GAPS_PX)) + gaps
    return anchor + np.tile(direction, (len(_GAPS_PX), 1)) * distance[:, None], gaps


def _share_outside(boxes: Floats, frame: Box) -> Floats:
    right, bottom = frame.left + frame.width, frame.top + frame.height
    width = np.minimum(boxes[:, 2], right) - np.maximum(boxes[:, 0], frame.left)
    height = np.minimum(boxes[:, 3], bottom) - np.maximum(boxes[:, 1], frame.top)
    return np.asarray(1.0 - np.clip(width, 0, None) * np.clip(height, 0, None) / _area(boxes))


def _covered(boxes: Floats, points: Floats) -> Floats:
    """How many points each box covers."""
    x, y = points[:, 0], points[:, 1]
    inside_x = (boxes[:, 0:1] <= x) & (x <= boxes[:, 2:3])
    inside_y = (boxes[:, 1:2] <= y) & (y <= boxes[:, 3:4])
    return np.asarray((inside_x & inside_y).sum(axis=1), np.float64)


def _overlap(boxes: Floats, placed: Floats) -> Floats:
    """Share of each box that lies under boxes placed already."""
    low = np.maximum(boxes[:, None, :2], placed[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], placed[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2).sum(axis=1)
    return np.asarray(common / _area(boxes))


def _area(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
