"""Nearest-neighbour links."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import NearestNeighbours, Walker, walker_constellation
from satllm_env.network.visibility import chord_altitude_km

from .checks_of_topology import check_tables, links


def greedy(teme_km: np.ndarray, terminals: int, max_range_m: float) -> set[tuple[int, int]]:
    """The rule in its plainest form: all pairs, shortest first."""
    pairs = []
    for a in range(len(teme_km)):
        for b in range(a + 1, len(teme_km)):
            length_mm = round(1e6 * float(np.linalg.norm(teme_km[a] - teme_km[b])))
            if chord_altitude_km(teme_km[a], teme_km[b]) >= 80 and length_mm <= 1000 * max_range_m:
                pairs.append((length_mm, a, b))
    free, chosen = [terminals] * len(teme_km), set()
    for _, a, b in sorted(pairs):
        if free[a] and free[b]:
            free[a], free[b] = free[a] - 1, free[b] - 1
            chosen.add((a, b))
    return chosen


@given(st.integers(0, 40), st.integers(1, 6), st.sampled_from([900e3, 3e6, None]), st.integers(0, 2**32 - 1))
def test_rounds_find_what_the_plain_rule_finds(
    satellites: int, terminals: int, max_range_m: float | None, seed: int
):
    """Among satellites at any heights, scattered or in a bunch, exactly the greedy links are there."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=(satellites, 3)) + rng.choice([0, 3]) * np.array([1, 0, 0])
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    teme_km = direction * rng.uniform(6500, 8500, (satellites, 1))
    topology = NearestNeighbours(terminals, max_range_m).at(teme_km)
    check_tables(topology)
    assert topology.slot_neighbours.shape == (satellites, terminals)
    assert links(topology) == greedy(teme_km, terminals, max_range_m or 1e9)


@pytest.mark.parametrize("terminals", [1, 2, 4])
def test_a_regular_constellation_follows_the_plain_rule(terminals: int):
    """A Walker constellation, where many pairs are nearly equally long."""
    teme_km = walker_constellation(Walker(550, 53, 160, 16, 3)).propagate([500.0]).teme_km[:, 0]
    assert links(NearestNeighbours(terminals).at(teme_km)) == greedy(teme_km, terminals, 1e9)


def test_equal_lengths_go_by_number():
    """Of equally long pairs the one with the lower numbers is linked, even if rounding has it longer."""
    angle = np.radians(np.arange(0, 360, 60.0))
    ring = 9000 * np.column_stack([np.cos(angle), np.sin(angle), np.zeros(6)])
    shaken = ring + np.random.default_rng(2).uniform(-1e-10, 1e-10, ring.shape)
    for teme_km in (ring, shaken):
        assert links(NearestNeighbours(terminals=1).at(teme_km)) == {(0, 1), (2, 3), (4, 5)}


def test_the_earth_stands_between():
    """Twelve satellites at 500 km see only the next in their ring, four see nobody."""
    rule = NearestNeighbours()
    twelve = walker_constellation(Walker(500, 53, 12, 1, 0)).propagate([0.0]).teme_km[:, 0]
    assert links(rule.at(twelve)) == {(i, i + 1) for i in range(11)} | {(0, 11)}
    assert len(rule.at(twelve[::3]).pairs) == 0


def test_satellites_below_all_sight_are_left_alone():
    """Below 80 km there is no link at all, even to one close by."""
    low = np.array([[6400.0, 0, 0], [6400.0, 10, 0]])
    assert len(NearestNeighbours().at(low).pairs) == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"terminals": 0}, "nearest neighbours: terminals: must be from 1 to 64"),
        ({"terminals": 2.5}, "nearest neighbours: terminals: must be an integer"),
        ({"max_range_m": 0.0}, "nearest neighbours: max_range_m: must be above 0"),
    ],
)
def test_bad_values_are_refused(values: dict, message: str):
    """Terminals and range name themselves."""
    with pytest.raises(InputError, match=message):
        NearestNeighbours(**values)
