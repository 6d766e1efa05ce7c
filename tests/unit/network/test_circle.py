"""Angles on a circle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.network.circle import circular_mean, gap_groups, resultant, wrapped

angles = st.lists(st.integers(0, 359).map(float), min_size=1, max_size=20).map(np.array)


def test_wrapping_finds_the_short_way():
    """Half a period back up to half a period on."""
    assert wrapped([0.0, 190.0, -190.0, 720.5, 180.0]) == pytest.approx([0, -170, 170, 0.5, -180])
    assert float(wrapped(19.0, 20.0)) == -1


def test_means_cross_the_origin():
    """The mean of 350° and 20° is 5°, and their spread is the resultant's length."""
    assert circular_mean(np.array([350.0, 20.0])) == pytest.approx(5)
    assert circular_mean(np.array([19.0, 2.0]), 20.0) == pytest.approx(0.5)
    assert abs(resultant(np.array([350.0, 20.0]))) == pytest.approx(np.cos(np.radians(15)))
    assert abs(resultant(np.array([0.0, 120.0, 240.0]))) == pytest.approx(0, abs=1e-12)


@given(angles, st.integers(0, 90).map(lambda whole: whole + 0.5))
def test_groups_are_those_that_gaps_set_apart(values: np.ndarray, gap: float):
    """Two angles share a group exactly if a chain of steps no longer than the gap joins them."""
    steps = np.abs(wrapped(values[:, None] - values[None, :]))
    reached = steps <= gap
    for _ in range(len(values)):
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    groups = gap_groups(values, gap, 360.0)
    assert np.array_equal(groups[:, None] == groups[None, :], reached)


def test_a_line_does_not_close():
    """On a line the ends are far apart, on a circle they may meet."""
    values = np.array([359.5, 0.2, 100.0, 100.4])
    assert gap_groups(values, 1.0).tolist() == [2, 0, 1, 1]
    assert gap_groups(values, 1.0, 360.0).tolist() == [0, 0, 1, 1]
