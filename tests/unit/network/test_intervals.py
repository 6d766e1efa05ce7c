"""Intervals of time, against asking at every moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network.intervals import check_intervals, overlap

EDGES = st.one_of(st.integers(0, 12).map(float), st.sampled_from([-np.inf, np.inf]))


def tables(most: int = 4) -> st.SearchStrategy[np.ndarray]:
    """Some intervals between whole numbers, in any order; they overlap and touch."""
    interval = st.tuples(EDGES, EDGES).filter(lambda ends: ends[0] < ends[1])
    return st.lists(interval, max_size=most).map(lambda rows: np.array(rows).reshape(-1, 2))


def holds(table: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Whether each time is in one of the intervals."""
    return ((times_s[:, None] >= table[:, 0]) & (times_s[:, None] < table[:, 1])).any(axis=1)


@given(st.lists(tables(), min_size=1, max_size=3), st.lists(tables(), max_size=3))
def test_overlap_is_where_all_hold_and_nothing_bars(held: list[np.ndarray], barred: list[np.ndarray]):
    """At every quarter of a unit, and what is left is ascending without touching."""
    held = [overlap([table]) if len(table) < 2 else np.unique(table, axis=0)[:1] for table in held]
    left = overlap(held, barred)
    times_s = np.arange(-1, 14, 0.25)
    expected = np.all([holds(table, times_s) for table in held], axis=0)
    for table in barred:
        expected &= ~holds(table, times_s)
    assert np.array_equal(holds(left, times_s), expected)
    assert (np.diff(left.ravel()) > 0).all()


def test_touching_intervals_become_one():
    """Half-open intervals that meet leave no gap."""
    assert overlap([np.array([[3.0, 5.0], [0.0, 3.0]])]).tolist() == [[0.0, 5.0]]
    assert overlap([np.array([[0.0, 5.0]])], [np.array([[2.0, 3.0], [3.0, 4.0]])]).tolist() == [
        [0, 2],
        [4, 5],
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ([1.0, 2.0], r"must be rows of start and end, shape \(n, 2\)"),
        ([[1.0, 2.0, 3.0]], "must be rows of start and end"),
        ([[1.0, 2.0], [4.0, 4.0]], "an interval's end must be after its start"),
        ([[float("nan"), 4.0]], "an interval's end must be after its start"),
    ],
)
def test_what_is_no_interval_is_refused(table: list, problem: str):
    """Shapes and ends are checked."""
    with pytest.raises(InputError, match=f"links: down: {problem}"):
        check_intervals("links", "down", table)
    assert check_intervals("links", "down", []).shape == (0, 2)
