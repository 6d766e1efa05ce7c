"""Networks and moments in words."""

import dataclasses

import numpy as np
import pytest

from satllm_env.network import Walker, walker_constellation
from satllm_env.network.caption import constellation_text, moment_text


@pytest.mark.parametrize(
    ("walker", "text"),
    [
        (Walker(500, 53, 12, 1, 0), "12 satellites in 1 plane at 500 km, inclination 53°"),
        (Walker(550, 53, 1584, 72, 39), "1,584 satellites in 72 planes at 550 km, inclination 53°"),
        (Walker(780, 86.4, 66, 6, 2, "star"), "66 satellites in 6 planes at 780 km, inclination 86.4°"),
        (Walker(20_200, 55, 1, 1, 0), "1 satellite in 1 plane at 20,200 km, inclination 55°"),
    ],
)
def test_walkers_read_as_they_were_given(walker: Walker, text: str):
    """Number, planes, altitude and inclination come back from the elements."""
    assert constellation_text(walker_constellation(walker)) == text


def test_mixed_orbits_are_a_range():
    """Of differing orbits the ends are told; satellites outside of all planes are in none."""
    low, high = (walker_constellation(Walker(h, i, 2, 1, 0)).elements for h, i in ((500, 53), (1200, 97.6)))
    elements = type(low)(
        *(np.concatenate([getattr(e, f.name) for e in (low, high)]) for f in dataclasses.fields(low))
    )
    mixed = dataclasses.replace(
        walker_constellation(Walker(500, 53, 4, 1, 0)), elements=elements, planes=np.array([0, 0, 1, -1])
    )
    assert constellation_text(mixed) == "4 satellites in 2 planes at 500–1,200 km, inclination 53–97.6°"
    unknown = dataclasses.replace(mixed, planes=None, slots=None)
    assert constellation_text(unknown) == "4 satellites at 500–1,200 km, inclination 53–97.6°"


def test_moments():
    """Epoch and time, the time in UTC too unless it is the epoch."""
    constellation = walker_constellation(Walker(500, 53, 1, 1, 0))
    assert moment_text(constellation, 0.0) == "epoch 2025-01-01T00:00:00Z · t = 0 s"
    assert (
        moment_text(constellation, 1234.5)
        == "epoch 2025-01-01T00:00:00Z · t = 1,234.5 s (2025-01-01T00:20:34.5Z)"
    )
