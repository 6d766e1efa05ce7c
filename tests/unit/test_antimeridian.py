"""Longitudes that wrap and lines that are cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.antimeridian import cut_at_antimeridian, wrap_deg

STEPS = st.lists(st.tuples(st.floats(-170, 170), st.floats(-90, 90), st.floats(0, 9)), min_size=1, max_size=8)


def test_wrapping():
    """Longitudes come back into [−180, 180)."""
    np.testing.assert_allclose(
        wrap_deg(np.array([0.0, 180.0, 190.0, -181.0, 720.5])), [0, -180, -170, 179, 0.5]
    )


def test_a_line_that_does_not_cross_is_left_whole():
    """Nothing happens to a line that stays on its side."""
    line = np.array([[170.0, 1.0], [179.0, 2.0], [180.0, 3.0]])
    (piece,) = cut_at_antimeridian(line)
    assert np.array_equal(piece, line)


def test_further_columns_are_interpolated_at_the_cut():
    """Three quarters of the way to 170° W, from 150° E, latitude and height have changed by as much."""
    east, west = cut_at_antimeridian(np.array([[150.0, 0.0, 400.0], [-170.0, 8.0, 800.0]]))
    assert np.allclose(east, [[150, 0, 400], [180, 6, 700]])
    assert np.allclose(west, [[-180, 6, 700], [-170, 8, 800]])


def test_a_line_back_and_forth_is_cut_at_every_crossing():
    """Three crossings make four pieces, each on its own side."""
    pieces = cut_at_antimeridian(np.array([[170.0, 0], [-170, 1], [-160, 2], [170, 3], [-170, 4]]))
    assert [np.sign(piece[:, 0].sum()) for piece in pieces] == [1, -1, 1, -1]


def test_no_piece_is_a_mere_point():
    """A line that begins on ±180° and leaves on the other side is one piece."""
    (piece,) = cut_at_antimeridian(np.array([[180.0, 5.0], [-170.0, 5.0]]))
    assert np.array_equal(piece, [[-180, 5], [-170, 5]])
    assert len(cut_at_antimeridian(np.array([[180.0, 5.0], [-180.0, 5.0]]))) == 1


@given(st.floats(-180, 179), STEPS)
def test_pieces_make_up_the_line(start, steps):
    """Unwrapped, the pieces pass through the line's points in order, and no step of theirs is wider."""
    walked = np.cumsum([[start, 0.0], *((lon, 0.0) for lon, _, _ in steps)], axis=0)[:, 0]
    others = np.array([(0.0, 0.0), *((lat, height) for _, lat, height in steps)])
    line = np.column_stack([wrap_deg(walked), others])
    pieces = cut_at_antimeridian(line)
    points = np.concatenate(pieces)
    for piece in pieces:
        assert np.abs(np.diff(piece[:, 0])).max(initial=0.0) <= 180
        assert (np.abs(piece[:, 0]) <= 180).all()
    rows = {tuple(row) for row in points.tolist()}
    assert {tuple(row) for row in line[np.abs(line[:, 0]) < 180].tolist()} <= rows
