"""The environment's picture of a walk."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.figures import style, walk_frame
from satllm_env.figures.walk_frame import MIN_HEIGHT_PX, MIN_WIDTH_PX, _compose
from satllm_env.problem import Instance, Plan, Walk, load_problem
from tests.unit.figures.inspection import assert_readable, words
from tests.unit.figures.places import chain, forward, ring, ring_layout
from tests.unit.problem.cases import AB, HALF, line_instance, walk_of


@pytest.mark.parametrize("size", [(1200, 720), (MIN_WIDTH_PX, MIN_HEIGHT_PX), (1001, 777)])
@pytest.mark.parametrize("layout", [None, ring_layout()])
def test_shape_and_type(size, layout):
    """A frame is (height, width, 3) bytes of the size asked for, and not blank."""
    width, height = size
    frame = walk_frame(forward(ring(), 3), layout, width_px=width, height_px=height)
    assert frame.shape == (height, width, 3) and frame.dtype == np.uint8
    assert frame.std() > 5.0 and frame.flags["C_CONTIGUOUS"] and frame.flags["OWNDATA"]


def test_same_frame_again():
    """Two equal walks give equal frames, whatever the user's matplotlib settings, which stay as they are."""
    first = walk_frame(forward(ring(), 3), ring_layout())
    with mpl.rc_context({"font.size": 22.0, "lines.linewidth": 9.0, "axes.facecolor": "black"}):
        second = walk_frame(forward(ring(), 3), ring_layout())
        assert mpl.rcParams["font.size"] == 22.0
    np.testing.assert_array_equal(first, second)


def test_every_move_changes_the_frame():
    """Each move of a walk shows."""
    walk, frames = Walk(ring(6, layers=2)), []
    frames.append(walk_frame(walk))
    for move in (None, (0, 1), None):
        walk.compute() if move is None else walk.send(*move)
        frames.append(walk_frame(walk))
    assert all((a != b).any() for a, b in pairwise(frames))


def test_unfinished_walk_in_words():
    """A walk in progress shows its payload, its budget and its pipeline with the stage at hand."""
    walk = walk_of(line_instance(), 1, (AB, HALF), 1)
    shown = words(_compose(walk, None, 1200, 720))
    assert "at b · 2 of 3 layers done · computing" in shown
    assert "0.2 of 0.3 accuracy points left" in shown and "2 of 3 layers done" in shown
    assert {"a · layer 0", "a → b · boundary 1 · half", "b · layer 1"} <= set(shown)


def test_last_move_and_failure():
    """The header tells the last move, or why the walk failed."""
    walk = walk_of(line_instance(), 1, (AB, HALF))
    assert any(
        text.startswith("Sent boundary 1 at level half to b")
        for text in words(_compose(walk, None, 1200, 720))
    )
    failed = _compose(walk, None, 1200, 720, "dead end: nothing is left")
    assert "Dead end: nothing is left" in words(failed)
    assert_readable(failed)


def test_stages_have_one_colour():
    """A stage has its colour on the map, in the list and beside its row of the pipeline."""
    frame = walk_frame(forward(ring(), 3), ring_layout())
    for stage in range(3):
        colour = np.array([int(style.stage_colour(stage)[k : k + 2], 16) for k in (1, 3, 5)])
        rows, columns = np.nonzero((frame == colour).all(axis=2))
        map_part = (columns < 660) & (rows < 370)
        pipeline = rows > 380
        assert map_part.any() and pipeline.any() and (~map_part & ~pipeline).sum() > 1000


@pytest.mark.parametrize("size", [(1200, 720), (MIN_WIDTH_PX, MIN_HEIGHT_PX)])
@pytest.mark.parametrize("micro_batches", [1, 64])
def test_words_stay_apart(size, micro_batches):
    """Nothing overlaps or is clipped: fresh, with five stages, and with a way all around the ring."""
    instance = ring(micro_batches=micro_batches)
    for walk in (Walk(instance), forward(instance, 5), forward(instance, 0)):
        for layout in (None, ring_layout()):
            assert_readable(_compose(walk, layout, *size))


def test_long_numbers_fit():
    """A budget of many digits stands whole in the smallest frame."""
    data = line_instance().problem.model_dump(by_alias=True) | {"accuracy_budget": 0.299312345}
    figure = _compose(walk_of(line_instance(**data), 1, (AB, HALF)), None, MIN_WIDTH_PX, MIN_HEIGHT_PX)
    assert "0.199 of 0.299 accuracy points left" in words(figure)
    assert_readable(figure)


def test_many_stages_are_counted():
    """Where the list of stages has no room for all, the last ones stand and the rest is counted."""
    shown = words(_compose(forward(chain(24, layers=24), 24), None, MIN_WIDTH_PX, MIN_HEIGHT_PX))
    assert any(text.endswith("earlier stages") for text in shown) and "layer 23" in shown


def test_plans_have_frames():
    """A plan's frame is that of its finished walk."""
    walk = forward(chain(), 2)
    np.testing.assert_array_equal(walk_frame(Plan.from_walk(walk)), walk_frame(walk))


def test_strange_names():
    """Names with dollar signs, brackets and foreign letters are drawn as they are or as boxes."""
    data = chain(2).problem.model_dump(by_alias=True)
    names = {"sat-0": "$x_{1}$", "sat-1": "卫星\n二号", "ground": "a" * 120}
    for node in data["nodes"]:
        node["id"] = names[node["id"]]
    for link in data["links"]:
        link["from"], link["to"] = names[link["from"]], names[link["to"]]
    data["source"], data["destination"] = names[data["source"]], names[data["destination"]]
    walk = forward(line_instance(**data), 2)
    figure = _compose(walk, None, 1200, 720)
    assert any("$x_{1}$" in text for text in words(figure)) and any("□□?□□" in text for text in words(figure))
    assert_readable(figure)


@pytest.mark.parametrize("size", [(MIN_WIDTH_PX - 1, 720), (1200, 10)])
def test_too_small(size):
    """Frames too small to be read are refused."""
    with pytest.raises(InputError, match="must be at least"):
        walk_frame(Walk(chain()), width_px=size[0], height_px=size[1])


@pytest.mark.parametrize("name", ["ring-12x5", "tiny-full-ground"])
def test_certified_instances(certified_dir, name):
    """The instances with certified optima have readable frames."""
    instance = Instance.from_problem(load_problem(certified_dir / f"{name}.json"))
    assert_readable(_compose(Walk(instance), None, 1200, 720))
