"""When links last came into view."""

import itertools

import numpy as np
import pytest

from satllm_env.network import (
    NearestNeighbours,
    NetworkModel,
    Walker,
    default_stations,
    from_pairs,
    walker_network,
)
from satllm_env.network.rises import STEP_S, Lookback
from satllm_env.network.windows import link_windows

LOOKBACK_S = 60.0
WALKER = Walker(550, 53, 90, 6, 1)
PAIRS = np.array(list(itertools.combinations(range(WALKER.total), 2)))


@pytest.fixture(scope="module")
def model() -> NetworkModel:
    """Links between all satellites, which come into view and go out of it, and the built-in stations."""
    return walker_network(
        WALKER, topology=from_pairs(PAIRS, WALKER.total), stations=default_stations(), min_elevation_deg=10
    )


def walked_back(model: NetworkModel, t_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Rises (K,) and (R,) found by looking at every quarter of a second of the lookback."""
    times_s = t_s - 0.25 * np.arange(4 * LOOKBACK_S + 1)
    shots = model.snapshots(times_s)
    keys = shots[0].ground.gid * WALKER.total + shots[0].ground.sat
    links = np.array([shot.isl.line_of_sight for shot in shots])
    contacts = np.array(
        [
            np.isin(keys, (shot.ground.gid * WALKER.total + shot.ground.sat)[shot.ground.visible])
            for shot in shots
        ]
    )

    def latest(seen: np.ndarray) -> np.ndarray:
        hidden = ~seen
        rise_s = times_s[np.argmax(hidden, axis=0)] + 0.125
        return np.where(seen[0] & hidden.any(axis=0), rise_s, -np.inf)

    return latest(links), latest(contacts)


def test_rises_are_those_found_by_walking_back(model: NetworkModel):
    """Every link and contact that rose within the lookback has its rise, within the walk's step."""
    rises = np.zeros(2, dtype=int)
    for t_s in (137.0, 1500.5, 4000.0, -301.25):
        past = Lookback(model, model.snapshot(t_s), LOOKBACK_S)
        found = past.isl_rises_s(), past.ground_rises_s()
        for found_s, walked_s in zip(found, walked_back(model, t_s), strict=True):
            recent = walked_s > -np.inf
            assert found_s[recent] == pytest.approx(walked_s[recent], abs=0.15)
            # up to a step more may be found: the lookback is a least one
            assert (found_s[~recent] < t_s - LOOKBACK_S + 0.25).all()
            assert not recent.all()
        rises += [(found_s > -np.inf).sum() for found_s in found]
    assert (rises > (20, 5)).all()


def test_rises_agree_with_contact_windows(model: NetworkModel):
    """The windows of a span, found to a millisecond by other means, begin at the same moments."""
    snapshot = model.snapshot(3000.0)
    found_s = Lookback(model, snapshot, LOOKBACK_S).isl_rises_s()
    windows = link_windows(model.constellation, PAIRS, 3000 - LOOKBACK_S, 3000.0)
    rose = windows.clipped_end & ~windows.clipped_start
    assert rose.sum() > 5
    assert found_s[windows.pair[rose]] == pytest.approx(windows.rise_s[rose], abs=0.03)


def test_a_rise_does_not_depend_on_when_it_is_asked_for(model: NetworkModel):
    """Moments of one minute find the same rises, to the last bit."""
    early, late = (model.snapshot(t_s) for t_s in (1000.0, 1013.7))
    found, again = (Lookback(model, shot, LOOKBACK_S).isl_rises_s() for shot in (early, late))
    both = (found > 1013.7 - LOOKBACK_S) & late.isl.line_of_sight
    assert both.sum() > 3
    assert np.array_equal(found[both], again[both])


def test_links_that_a_changing_topology_chooses_rise_when_chosen():
    """Nearest neighbours chosen within the lookback rise within a step of it; old choices do not rise."""
    model = walker_network(WALKER, topology=NearestNeighbours(2))
    chosen = kept = 0
    for t_s in np.arange(5.0, 900.0, 60.0):
        times_s = t_s - np.arange(LOOKBACK_S + 1)
        shots = model.snapshots(times_s)
        found_s = Lookback(model, shots[0], LOOKBACK_S).isl_rises_s()
        pairs = [{tuple(sorted(pair)) for pair in shot.topology.pairs.tolist()} for shot in shots]
        for pair, rise_s in zip(shots[0].topology.pairs.tolist(), found_s, strict=True):
            missing = [t for t, known in zip(times_s, pairs, strict=True) if tuple(sorted(pair)) not in known]
            if missing:
                assert rise_s == pytest.approx(missing[0] + 0.5, abs=STEP_S / 2 + 0.5)
            else:
                assert rise_s < t_s - LOOKBACK_S + STEP_S / 2
            chosen, kept = chosen + bool(missing), kept + (not missing)
    assert min(chosen, kept) > 20


def test_a_pass_shorter_than_a_step_has_only_just_risen():
    """A contact that is in view between two looks and out of view at both is taken to rise now."""
    ground_only = walker_network(WALKER, topology=from_pairs([], WALKER.total), stations=default_stations())
    tops: dict[tuple[int, int], tuple[float, float]] = {}
    for shot in ground_only.snapshots(np.arange(0, 3000, 2.0)):
        for gid, sat, height in zip(shot.ground.gid, shot.ground.sat, shot.ground.elevation_deg, strict=True):
            tops[gid, sat] = max(tops.get((gid, sat), (0.0, 0.0)), (float(height), shot.t_s))
    # the steepest pass with its top well between two multiples of the step
    (gid, sat), (top_deg, top_s) = max(
        ((key, top) for key, top in tops.items() if 5 <= top[1] % STEP_S <= 15), key=lambda item: item[1]
    )
    # a minimum just under the top leaves a pass of a few seconds
    brief = walker_network(WALKER, stations=default_stations(), min_elevation_deg=top_deg - 0.002)
    snapshot = brief.snapshot(top_s)
    row = (snapshot.ground.gid == gid) & (snapshot.ground.sat == sat)
    assert snapshot.ground.visible[row].tolist() == [True]
    assert top_s - 5 < Lookback(brief, snapshot, LOOKBACK_S).ground_rises_s()[row][0] <= top_s
