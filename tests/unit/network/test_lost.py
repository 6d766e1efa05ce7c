"""Lost satellites."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network.lost import lost_satellites

SEEDS = st.integers(0, 2**63 - 1)


@given(st.integers(0, 300), st.floats(0, 1), st.floats(0, 1), SEEDS)
def test_a_greater_share_loses_the_same_and_more(satellites: int, one: float, other: float, seed: int):
    """The number lost is the share's, all of them exist, and shares are nested."""
    few, many = (lost_satellites(satellites, share, seed) for share in sorted((one, other)))
    assert len(many) == round(max(one, other) * satellites)
    assert few <= many <= set(range(satellites))


def test_every_satellite_is_as_likely():
    """Over many seeds each of ten is lost about as often."""
    counts = np.zeros(10)
    for seed in range(5000):
        counts[list(lost_satellites(10, 0.2, seed))] += 1
    assert counts.sum() == 10_000
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(800)


def test_the_same_seed_loses_the_same_everywhere():
    """The draw of one seed as it was when this was written."""
    assert lost_satellites(1584, 0.002, 7) == {843, 968, 1415}


def test_impossible_shares_are_refused():
    """A share lies between none and all."""
    with pytest.raises(InputError, match="lost satellites: share: must be from 0 to 1"):
        lost_satellites(10, 1.5, 0)
