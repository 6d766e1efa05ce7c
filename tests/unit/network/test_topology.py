"""Rings, +Grid and lists of pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import Walker, from_pairs, plus_grid, ring

from .checks_of_topology import check_tables, links
from .strategies import walkers

FORE, AFT, LEFT, RIGHT = range(4)


@given(walkers(), st.booleans())
def test_grid_tables_agree(walker: Walker, plain_wrap: bool):
    """In any +Grid each link stands once in the pairs and once in a slot of either end."""
    check_tables(plus_grid(walker, plain_wrap))


@given(walkers())
def test_fore_and_aft_left_and_right_mirror(walker: Walker):
    """My right neighbour has me on its left, and my fore neighbour has me aft (in rings of three or more)."""
    slots = plus_grid(walker).slot_neighbours
    for there, back in (
        (RIGHT, LEFT),
        (LEFT, RIGHT),
        *([(FORE, AFT), (AFT, FORE)] if walker.per_plane > 2 else []),
    ):
        own = np.flatnonzero(slots[:, there] >= 0)
        assert np.array_equal(slots[slots[own, there], back], own)


@given(walkers(max_planes=9))
def test_every_plane_gap_of_a_delta_looks_alike(walker: Walker):
    """Correctly wrapped, a Delta's cross links are equal between all planes, also the last and the first."""
    if walker.pattern == "star" or walker.planes < 3:
        return
    right = plus_grid(walker).slot_neighbours[:, RIGHT]
    raan = np.radians(walker.raan_deg[right] - walker.raan_deg)
    phase = np.radians(walker.mean_anomaly_deg[right] - walker.mean_anomaly_deg)
    assert np.cos(raan) == pytest.approx(np.cos(raan[0]))
    assert np.exp(1j * phase) == pytest.approx(np.exp(1j * phase[0]))


def test_the_wrap_shifts_by_the_phasing():
    """In 144/12/1 the last plane's slot s meets the first plane's slot s + 1; the plain wrap meets slot s."""
    walker = Walker(500, 53, 144, 12, 1)
    assert plus_grid(walker).slot_neighbours[132:, RIGHT].tolist() == [*range(1, 12), 0]
    assert plus_grid(walker).slot_neighbours[:12, LEFT].tolist() == [143, *range(132, 143)]
    assert plus_grid(walker, plain_wrap=True).slot_neighbours[132:, RIGHT].tolist() == list(range(12))


def test_starlink_shell_has_two_links_per_satellite():
    """A full +Grid of S satellites has 2·S links."""
    topology = plus_grid(Walker(550, 53, 1584, 72, 39))
    assert topology.pairs.shape == (3168, 2)
    assert (topology.slot_neighbours >= 0).all()


def test_star_has_no_links_across_the_seam():
    """Iridium's first and last planes are not linked: 66 in-plane and 55 cross-plane links."""
    walker = Walker(780, 86.4, 66, 6, 3, "star")
    topology = plus_grid(walker)
    assert len(topology.pairs) == 66 + 55
    assert (topology.slot_neighbours[:11, LEFT] == -1).all()
    assert (topology.slot_neighbours[55:, RIGHT] == -1).all()


def test_a_ring_of_two_is_one_link():
    """Two satellites of one plane share one link."""
    topology = ring(Walker(500, 53, 2, 1, 0))
    assert topology.pairs.tolist() == [[0, 1]]
    assert topology.slot_neighbours.tolist() == [[1, -1, -1, -1], [0, -1, -1, -1]]


def test_one_satellite_has_no_link():
    """A ring of one is nobody's neighbour."""
    topology = plus_grid(Walker(500, 53, 1, 1, 0))
    assert topology.pairs.shape == (0, 2)
    assert (topology.slot_neighbours == -1).all()


def test_one_plane_is_a_ring():
    """The paper's 12/1/0 has twelve links in a ring and no cross-plane ones."""
    walker = Walker(500, 53, 12, 1, 0)
    assert links(plus_grid(walker)) == {(i, i + 1) for i in range(11)} | {(0, 11)}
    assert np.array_equal(plus_grid(walker).pairs, ring(walker).pairs)
    assert (plus_grid(walker).slot_neighbours[:, LEFT:] == -1).all()


def test_two_planes_have_one_cross_link_per_pair_of_satellites():
    """Two planes without phasing meet the same satellite on both sides: one link, not two."""
    topology = plus_grid(Walker(500, 53, 8, 2, 0))
    assert len(topology.pairs) == 8 + 4
    assert topology.slot_neighbours[:4, RIGHT].tolist() == [4, 5, 6, 7]
    assert (topology.slot_neighbours[:4, LEFT] == -1).all()


def test_two_planes_with_phasing_have_different_neighbours_on_both_sides():
    """With f = 1 the wrap reaches the next slot, another satellite, so both links exist."""
    assert len(plus_grid(Walker(500, 53, 8, 2, 1)).pairs) == 8 + 8


def test_rings_stay_in_their_planes():
    """`ring` links no satellites of different planes."""
    walker = Walker(500, 53, 24, 4, 1)
    pairs = ring(walker).pairs
    assert len(pairs) == 24
    assert np.array_equal(walker.plane_of[pairs[:, 0]], walker.plane_of[pairs[:, 1]])


@given(st.integers(2, 12), st.randoms(use_true_random=False))
def test_pairs_give_sorted_neighbours(satellites: int, random):
    """A list of pairs keeps its order and direction; slots hold each satellite's neighbours, ascending."""
    every = [(a, b) for a in range(satellites) for b in range(satellites) if a < b]
    chosen = [
        pair if random.random() < 0.5 else pair[::-1]
        for pair in random.sample(every, random.randint(0, len(every)))
    ]
    topology = from_pairs(chosen, satellites)
    assert topology.pairs.tolist() == [list(pair) for pair in chosen]
    check_tables(topology)
    for row in topology.slot_neighbours:
        present = row[row >= 0]
        assert (np.diff(present) > 0).all()
        assert (row[len(present) :] == -1).all()


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([[0, 3]], r"pairs: pair 0 \(0 3\): satellites are numbered 0 to 2"),
        ([[0, 1], [-1, 2]], r"pairs: pair 1 \(-1 2\): satellites are numbered"),
        ([[1, 1]], "links a satellite to itself"),
        ([[0, 1], [1, 0]], "comes twice"),
        ([[0.5, 1]], "must be pairs of satellite numbers"),
        ([0, 1], "must be pairs of satellite numbers"),
    ],
)
def test_bad_pairs_are_refused(pairs: list, message: str):
    """Unknown, equal or repeated ends name the pair."""
    with pytest.raises(InputError, match=message):
        from_pairs(pairs, 3)


def test_a_topology_is_a_rule_that_does_not_change():
    """Asked for the links of a moment, a topology answers with itself."""
    topology = plus_grid(Walker(500, 53, 12, 1, 0))
    assert topology.at(np.zeros((12, 3))) is topology
