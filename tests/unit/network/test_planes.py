"""Planes and slots recovered from orbits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from satllm_env.network import (
    Constellation,
    DecayedWarning,
    Planes,
    Walker,
    constellation_of,
    read_omm,
    read_tle,
    recover_planes,
)
from satllm_env.network.planes import adjacent

from .strategies import walkers
from .synthetic import aged, constellation, jittered, orbits, turned


def on_station(planes: Planes) -> np.ndarray:
    """Which satellites have a slot."""
    return planes.slot >= 0


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two labellings part the satellites alike."""
    return np.array_equal(one[:, None] == one[None, :], other[:, None] == other[None, :])


def is_rotated(slots: np.ndarray) -> bool:
    """Whether numbers ascend when read around from their least."""
    return bool((np.diff(np.roll(slots, -int(slots.argmin()))) > 0).all())


@given(walkers(max_planes=9, max_per_plane=12), st.integers(0, 2**32 - 1))
def test_a_walker_gets_its_planes_and_slots_back(walker: Walker, seed: int):
    """Whatever a quarter of the satellites missing, sets of other epochs and satellites a little off
    their places: planes are the Walker's, and slots run as its slots do.
    """
    assume(5 <= walker.inclination_deg <= 175)
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.permutation(walker.total)[: walker.total - walker.total // 4])
    spacing_deg = 360 / walker.per_plane
    elements = jittered(orbits(walker), rng, node_deg=0.2, phase_deg=0.03 * spacing_deg)
    chosen = np.isin(np.arange(walker.total), kept)
    planes = recover_planes(constellation(aged(elements.select(chosen), rng, days=3)), smallest_shell=1)
    assert len(planes.shells) == 1
    assert on_station(planes).all()
    assert same_partition(planes.plane, walker.plane_of[kept])
    for plane in range(len(planes)):
        members = np.flatnonzero(planes.plane == plane)
        in_order = members[np.argsort(planes.slot[members])]
        assert is_rotated(walker.slot_of[kept[in_order]])


def test_a_full_walker_is_told_whole():
    """Number of planes, slots, height, inclination and the step from plane to plane."""
    walker = Walker(550, 53, 1584, 72, 39)
    planes = recover_planes(constellation(orbits(walker)))
    (shell,) = planes.shells
    assert (shell.planes, shell.slots) == (range(72), 22)
    assert shell.inclination_deg == pytest.approx(53)
    assert shell.altitude_km == pytest.approx(550, abs=1)
    assert shell.step_deg == pytest.approx(360 * 39 / 1584)
    assert planes.node_deg == pytest.approx(np.arange(0, 360, 5), abs=1e-6)
    assert np.array_equal(planes.plane, walker.plane_of)
    assert np.array_equal(planes.phase_deg.round(6) % 360, walker.mean_anomaly_deg.round(6))


def test_spares_have_a_plane_and_no_slot():
    """A satellite a quarter of a slot behind another is a spare of its plane."""
    walker = Walker(550, 53, 144, 8, 1)
    spares = turned(orbits(walker), phase_deg=5).select(np.arange(144) % 18 < 2)
    planes = recover_planes(constellation(orbits(walker), spares))
    assert planes.shells[0].slots == 18
    assert np.array_equal(planes.plane[:144], walker.plane_of)
    assert np.array_equal(planes.plane[144:], np.repeat(np.arange(8), 2))
    assert (planes.slot[144:] == -1).all()
    assert on_station(planes)[:144].all()


def test_rising_trains_and_strays_are_in_no_plane():
    """A train in its parking orbit, satellites on the way up and debris leave the shell as it is."""
    walker = Walker(550, 53, 144, 8, 1)
    train = orbits(Walker(350, 53, 720, 1, 0)).select(np.arange(720) < 40)
    rising = [
        turned(orbits(Walker(400 + 11 * k, 53.02, 1, 1, 0)), node_deg=9.0 * k, phase_deg=31.0 * k)
        for k in range(13)
    ]
    debris = [turned(orbits(Walker(550, 60 + k, 1, 1, 0)), node_deg=20.0 * k) for k in range(5)]
    planes = recover_planes(constellation(orbits(walker), train, *rising, *debris))
    assert len(planes.shells) == 1
    assert np.array_equal(planes.plane[:144], walker.plane_of)
    assert (planes.plane[144:] == -1).all()
    assert (planes.slot[144:] == -1).all()


def test_shells_of_like_orbits_stay_apart():
    """Shells that differ by 7 km and a sixth of a degree, as Starlink's first two, larger first."""
    small, large = Walker(540, 53.22, 60, 6, 1), Walker(547, 53.05, 120, 12, 1)
    planes = recover_planes(constellation(orbits(small), turned(orbits(large), node_deg=2)))
    assert [len(shell.planes) for shell in planes.shells] == [12, 6]
    assert np.array_equal(planes.plane[:60], 12 + small.plane_of)
    assert np.array_equal(planes.plane[60:], large.plane_of)


def test_planes_at_heights_of_their_own_form_a_shell():
    """Planes 4 km one above the other, as OneWeb's, are one shell, by ascending node."""
    rings = [turned(orbits(Walker(1200 + 4 * k, 87.9, 30, 1, 0)), node_deg=330 - 60 * k) for k in range(6)]
    planes = recover_planes(constellation(*rings))
    (shell,) = planes.shells
    assert (len(shell.planes), shell.slots) == (6, 30)
    assert np.array_equal(planes.plane, np.repeat([5, 4, 3, 2, 1, 0], 30))


def test_of_two_groups_at_one_node_the_larger_keeps_it():
    """Satellites lowered by 4 km at a plane's node are not of the plane."""
    walker = Walker(475, 53, 120, 6, 1)
    lowered = turned(orbits(Walker(471, 53, 6, 1, 0)), node_deg=0.3, phase_deg=7)
    planes = recover_planes(constellation(lowered, orbits(walker)))
    assert (planes.plane[:6] == -1).all()
    assert np.array_equal(planes.plane[6:], walker.plane_of)


def test_few_satellites_are_no_shell():
    """Fewer satellites than a shell has at least are in none."""
    elements = constellation(orbits(Walker(550, 53, 9, 3, 0)))
    planes = recover_planes(elements)
    assert (len(planes), planes.shells) == (0, ())
    assert (planes.plane == -1).all()
    assert len(recover_planes(elements, smallest_shell=9)) == 3


def test_neighbours_turn_the_same_way():
    """A Delta closes; a Star has a seam; so does half a polar shell; two planes are neighbours once."""
    assert adjacent(np.arange(0, 360, 60), 53) == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)]
    assert adjacent(np.arange(0, 180, 30), 86.4) == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    assert adjacent([10, 40, 280, 310, 340], 87.9) == [(0, 1), (2, 3), (3, 4), (4, 0)]
    assert adjacent([20, 60], 53) == [(0, 1)]
    assert adjacent([20, 330], 53) == [(1, 0)]
    assert adjacent([0, 110], 97.6) == []
    assert adjacent([5], 53) == []


@pytest.fixture(scope="module")
def starlink(real_sets: Path) -> Constellation:
    """Starlink on 14 September 2022, two decayed satellites left out."""
    with pytest.warns(DecayedWarning):
        return constellation_of(read_tle(real_sets / "starlink_2022-09-14_starrynet.tle"))


def test_starlink_shell_1_as_flown(starlink: Constellation):
    """1,454 satellites in 72 planes 5° apart, 18 slots of 20° and spares, stepped by 12.5°: 1296/72/45."""
    planes = recover_planes(starlink)
    shell = planes.shells[0]
    members = np.isin(planes.plane, shell.planes)
    assert (len(shell.planes), shell.slots, int(members.sum())) == (72, 18, 1454)
    nodes_deg = planes.node_deg[shell.planes]
    assert np.diff(nodes_deg) == pytest.approx(5.0, abs=0.06)
    assert np.diff(nodes_deg).mean() == pytest.approx(5.0, abs=0.001)
    assert shell.inclination_deg == pytest.approx(53.05, abs=0.01)
    assert shell.step_deg is not None
    assert shell.step_deg == pytest.approx(12.5, abs=0.01)
    assert round(shell.step_deg * 1296 / 360) == 45
    assert 1280 <= (members & on_station(planes)).sum() <= 1296
    slots = planes.plane[members & on_station(planes)] * 18 + planes.slot[members & on_station(planes)]
    assert len(set(slots.tolist())) == len(slots)


def test_starlinks_other_shells_as_flown(starlink: Constellation):
    """The 540 km shell has 18 slots too, the polar one 36; rising trains are in no plane."""
    planes = recover_planes(starlink)
    assert [(round(shell.inclination_deg, 1), shell.slots) for shell in planes.shells[:3]] == [
        (53.1, 18),
        (53.2, 18),
        (97.7, 36),
    ]
    assert all(shell.altitude_km > 530 for shell in planes.shells)


def test_iridium_as_flown(real_sets: Path):
    """Six planes 31.6° apart with eleven slots each, all filled; the seam is not closed."""
    planes = recover_planes(constellation_of(read_tle(real_sets / "iridium_next_2025-10-07_tasa.tle")))
    (shell,) = planes.shells
    assert (len(shell.planes), shell.slots) == (6, 11)
    assert np.bincount(planes.plane[on_station(planes)]).tolist() == [11] * 6
    assert np.diff(planes.node_deg) == pytest.approx(31.6, abs=0.4)
    assert len(adjacent(planes.node_deg, shell.inclination_deg)) == 5


def test_oneweb_as_flown(real_sets: Path):
    """Twelve planes 15.2° apart, each at a height of its own, in one shell."""
    planes = recover_planes(constellation_of(read_tle(real_sets / "oneweb_2025-10-07_tasa.tle")))
    (shell,) = planes.shells
    assert len(shell.planes) == 12
    assert np.bincount(planes.plane[planes.plane >= 0]).min() >= 49
    assert len(adjacent(planes.node_deg, shell.inclination_deg)) == 11


def test_a_quarter_of_starlink_still_tells_its_slots(real_sets: Path):
    """Of every fourth satellite in 2026: 72 planes of 18 slots at 540 km, 62 slots at 475, 51 at 485."""
    sets = read_omm(real_sets / "starlink_2026-04-23_satmeshrl_every4th.omm.csv")
    shells = recover_planes(constellation_of(sets)).shells
    slots = {round(shell.altitude_km): shell.slots for shell in shells}
    assert (slots[475], slots[485], slots[540]) == (62, 51, 18)
    assert next(len(shell.planes) for shell in shells if round(shell.altitude_km) == 540) == 72
