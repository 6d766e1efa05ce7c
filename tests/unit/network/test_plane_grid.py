"""+Grid over recovered planes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from satllm_env.network import (
    DecayedWarning,
    Planes,
    Walker,
    constellation_of,
    plane_grid,
    plus_grid,
    read_tle,
    recover_planes,
    walker_constellation,
)
from satllm_env.network.planes import adjacent

from .checks_of_topology import check_tables, links
from .strategies import walkers
from .synthetic import aged, constellation, jittered, orbits, turned

FORE, AFT, LEFT, RIGHT = range(4)


def planes_of(walker: Walker) -> Planes:
    """Planes recovered from a generated constellation."""
    return recover_planes(walker_constellation(walker), smallest_shell=1)


@given(walkers(max_planes=9, max_per_plane=12), st.integers(0, 2**32 - 1))
def test_links_follow_planes(walker: Walker, seed: int):
    """Tables agree; slots mirror; in-plane links go on by one; cross links go to the plane beside, once
    for each satellite and side.
    """
    assume(5 <= walker.inclination_deg <= 175)
    rng = np.random.default_rng(seed)
    chosen = rng.random(walker.total) < 0.8
    assume(chosen.any())
    elements = aged(jittered(orbits(walker).select(chosen), rng, 0.2, 0.5), rng, days=2)
    planes = recover_planes(constellation(elements), smallest_shell=1)
    topology = plane_grid(planes)
    check_tables(topology)
    slots = topology.slot_neighbours
    assert slots.shape == (chosen.sum(), 4)
    beside = {
        (shell.planes[west], shell.planes[east])
        for shell in planes.shells
        for west, east in adjacent(planes.node_deg[shell.planes], shell.inclination_deg)
    }
    for satellite, (fore, aft, left, right) in enumerate(slots.tolist()):
        mates = np.flatnonzero((planes.plane == planes.plane[satellite]) & (planes.slot >= 0))
        if fore >= 0:
            ahead = (planes.phase_deg[mates] - planes.phase_deg[satellite]) % 360
            ahead[mates == satellite] = 360
            assert fore == mates[ahead.argmin()]
            assert slots[fore, AFT] == satellite or len(mates) == 2
        assert (aft >= 0) <= (fore >= 0)
        if right >= 0:
            assert (planes.plane[satellite], planes.plane[right]) in beside
            assert slots[right, LEFT] == satellite
        if left >= 0:
            assert slots[left, RIGHT] == satellite


@pytest.mark.parametrize(
    "walker",
    [
        Walker(550, 53, 240, 24, 1),
        Walker(550, 53, 240, 24, 0),
        Walker(1200, 80, 120, 12, 0),
        Walker(780, 86.4, 66, 6, 0, "star"),
        Walker(500, 53, 12, 1, 0),
    ],
)
def test_where_nominal_neighbours_are_nearest_it_is_the_usual_grid(walker: Walker):
    """Recovered from its orbits, a Walker whose next slots are nearest has its own +Grid."""
    assert links(plane_grid(planes_of(walker))) == links(plus_grid(walker))


def test_star_has_no_links_across_the_seam():
    """Iridium's first and last planes are not linked; staggered planes are linked all one way."""
    topology = plane_grid(planes_of(Walker(780, 86.4, 66, 6, 3, "star")))
    slots = topology.slot_neighbours
    assert len(topology.pairs) == 66 + 55
    assert (slots[:11, LEFT] == -1).all()
    assert (slots[55:, RIGHT] == -1).all()
    assert (slots[:55, RIGHT] >= 0).all()


@pytest.mark.parametrize("inclination_deg", [53, 97.6, 140])
def test_cross_links_are_the_nearest_over_an_orbit(inclination_deg: float):
    """No satellite of the next plane is, on average over an orbit, much nearer than the linked one."""
    walker = Walker(550, inclination_deg, 180, 12, 5)
    network = walker_constellation(walker)
    right = plane_grid(planes_of(walker)).slot_neighbours[:, RIGHT]
    assert (right >= 0).all()
    teme_km = network.propagate(np.linspace(0, walker.period_s, 60, endpoint=False)).teme_km
    for satellite in range(0, 180, 7):
        beside = np.flatnonzero(walker.plane_of == (walker.plane_of[satellite] + 1) % 12)
        squared = ((teme_km[beside] - teme_km[satellite]) ** 2).sum(axis=2).mean(axis=1)
        linked = squared[beside == right[satellite]]
        # half a slot may go either way
        assert linked <= 1.15 * squared.min()


def test_planes_staggered_by_half_a_slot_are_linked_one_way():
    """Where two satellites are equally near, a little jitter does not decide: all lean ahead."""
    walker = Walker(780, 90, 66, 6, 3, "star")
    shaken = jittered(orbits(walker), np.random.default_rng(1), 0.05, 0.2)
    slots = plane_grid(recover_planes(constellation(shaken))).slot_neighbours
    ahead = walker.mean_anomaly_deg[slots[:55, RIGHT]] - walker.mean_anomaly_deg[:55]
    assert ahead % 360 == pytest.approx(360 / 22)


def test_an_empty_slot_leaves_its_neighbours_without_a_cross_link():
    """In the plane the chain closes over a gap; across, nobody takes the missing one's place."""
    walker = Walker(550, 53, 240, 24, 1)
    whole, gone = plus_grid(walker).slot_neighbours, 37
    chosen = np.arange(240) != gone
    numbers = np.cumsum(chosen) - 1
    slots = plane_grid(recover_planes(constellation(orbits(walker).select(chosen)))).slot_neighbours
    fore, aft, left, right = whole[gone]
    assert slots[numbers[aft], FORE] == numbers[fore]
    assert slots[numbers[left], RIGHT] == -1
    assert slots[numbers[right], LEFT] == -1
    assert (slots >= 0).sum() == 4 * 239 - 2


def test_spares_and_strays_have_no_links():
    """Off station there is no link, and the others have theirs as before."""
    walker = Walker(550, 53, 240, 24, 1)
    spare, stray = turned(orbits(Walker(550, 53, 1, 1, 0)), phase_deg=9), orbits(Walker(420, 53, 1, 1, 0))
    topology = plane_grid(recover_planes(constellation(orbits(walker), spare, stray)))
    assert (topology.slot_neighbours[240:] == -1).all()
    assert links(topology) == links(plus_grid(walker))


def test_starlink_as_flown(real_sets: Path):
    """Shell 1's satellites on station are all linked fore and aft, nearly all left and right, and by the
    same number of slots from plane to plane.
    """
    with pytest.warns(DecayedWarning):
        starlink = constellation_of(read_tle(real_sets / "starlink_2022-09-14_starrynet.tle"))
    planes = recover_planes(starlink)
    topology = plane_grid(planes)
    check_tables(topology)
    members = np.flatnonzero(np.isin(planes.plane, planes.shells[0].planes) & (planes.slot >= 0))
    slots = topology.slot_neighbours[members]
    assert (slots[:, [FORE, AFT]] >= 0).all()
    assert (slots[:, RIGHT] >= 0).mean() > 0.98
    linked = slots[:, RIGHT] >= 0
    ahead_deg = planes.phase_deg[slots[linked, RIGHT]] - planes.phase_deg[members[linked]]
    assert (ahead_deg + 180) % 360 - 180 == pytest.approx(12.5 - 20, abs=1)
    assert (topology.slot_neighbours[planes.slot < 0] == -1).all()
