"""Timelines of links, against snapshots at fine steps."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import (
    FixedRate,
    KaBandDownlink,
    LaserBudget,
    NearestNeighbours,
    NetworkModel,
    Snapshot,
    Walker,
    default_stations,
    walker_network,
)
from satllm_env.network.arrays import Array
from satllm_env.network.outages import OutageModel
from satllm_env.network.timeline import Link, LinkTimeline, link_timeline
from satllm_env.network.visibility import sites_of

START_S, END_S = 500.0, 8000.0
STEP_S = 4.0
TIMES_S = np.arange(START_S, END_S, STEP_S)
OUTAGES = OutageModel(seed=5, availability=0.8, outage_s=(20.0, 60.0), acquisition_s=(10.0, 90.0))
PAIRS = 15
FULL = Walker(550, 53, 66, 6, 1)


@dataclass(frozen=True)
class Ladder:
    """Whole steps of 100 Mbit/s, none beyond 1,900 km, as modems have them."""

    def rate_bps(self, distance_m: Array, elevation_deg: Array) -> Array:
        """[bit/s] less by a step for each 150 km."""
        return 1e8 * np.maximum(np.floor((1.9e6 - distance_m) / 1.5e5), 0.0)


MODELS: dict[str, NetworkModel] = {
    "default": walker_network(FULL, stations=default_stations(), min_elevation_deg=5),
    "capped": walker_network(
        FULL, stations=default_stations(), isl_budget=LaserBudget(cap_bps=8e9), downlink_budget=Ladder()
    ),
    "own": walker_network(
        FULL,
        stations=default_stations(),
        downlink_budget=(KaBandDownlink(), FixedRate(1e8), Ladder(), FixedRate(2e8)) * 4 + (Ladder(),),
    ),
    "short": walker_network(
        FULL,
        stations=default_stations(),
        isl_budget=FixedRate(1e9, max_range_m=4.9e6),
        downlink_budget=FixedRate(1e8),
        min_elevation_deg=0,
    ),
}


def links_of(model: NetworkModel) -> list[Link]:
    """Links of all sorts: along a plane, across, and to stations that see the satellites at times."""
    pairs = [(int(a), int(b)) for a, b in model.topology.pairs[:PAIRS]]
    return pairs + [(sat, -1 - gid) for sat in (0, 7, 21) for gid in (2, 3, 6, 9, 12)]


def rates_of(shot: Snapshot) -> dict[Link, float]:
    """[bit/s] of every link of a snapshot, the greater end first."""
    isl, ground = shot.isl, shot.ground
    columns = (np.maximum(isl.a, isl.b), np.minimum(isl.a, isl.b), isl.rate_bps)
    rates = {(a, b): rate for a, b, rate in zip(*(column.tolist() for column in columns), strict=True)}
    columns = (ground.sat, -1 - ground.gid, ground.rate_bps)
    return rates | {(a, b): rate for a, b, rate in zip(*(column.tolist() for column in columns), strict=True)}


@cache
def looked_up(name: str) -> np.ndarray:
    """[bit/s] of the links by snapshots, outages left out, shape (K, T)."""
    keys = [(max(link), min(link)) for link in links_of(MODELS[name])]
    shots = [rates_of(shot) for shot in MODELS[name].snapshots(TIMES_S)]
    return np.array([[shot.get(key, 0.0) for shot in shots] for key in keys])


@cache
def followed(name: str, outages: bool = False) -> LinkTimeline:
    """The timeline of the same links."""
    links = links_of(MODELS[name])
    down_s = OUTAGES.down_intervals(links, START_S, END_S) if outages else None
    return link_timeline(MODELS[name], links, START_S, END_S, down_s)


def changes_s(timeline: LinkTimeline, link: Link) -> list[float]:
    """[s] all changes of a link, one asked after the other."""
    found: list[float] = []
    t_s: float | None = timeline.start_s
    while (t_s := timeline.next_change_s(link, t_s)) is not None:
        found.append(t_s)
    return found


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("outages", [False, True])
def test_states_and_rates_are_those_of_snapshots(name: str, outages: bool):
    """At every step each link is up just when its snapshot row is usable and no outage runs."""
    timeline, rates_bps, links = followed(name, outages), looked_up(name), links_of(MODELS[name])
    up = rates_bps > 0
    if outages:
        up &= np.array([OUTAGES.is_up(links, t_s) for t_s in TIMES_S.tolist()]).T
    for row, link in enumerate(links):
        edges_s = changes_s(timeline, link)
        for moment in range(0, len(TIMES_S), 29 if outages else 11):
            t_s = float(TIMES_S[moment])
            if np.abs(np.array([*edges_s, np.inf]) - t_s).min() > 1e-3:
                assert timeline.state(link, t_s) == up[row, moment]
                expected_bps = rates_bps[row, moment] if up[row, moment] else 0.0
                assert timeline.rate_bps(link, t_s) == pytest.approx(expected_bps, rel=1e-6)
    sometimes = up.any(axis=1) & ~up.all(axis=1)
    assert sometimes[:PAIRS].sum() >= 4
    assert sometimes[PAIRS:].sum() >= 4


@pytest.mark.parametrize("name", MODELS)
def test_links_change_just_when_snapshots_change(name: str):
    """Every change lies between two steps of unlike states, and there are as many as such pairs."""
    timeline, up = followed(name), looked_up(name) > 0
    for row, link in enumerate(links_of(MODELS[name])):
        inside = [t_s for t_s in changes_s(timeline, link) if t_s < TIMES_S[-1]]
        steps = np.searchsorted(TIMES_S, inside) - 1
        # two changes within a step of 4 s do not show
        odd = np.bincount(steps, minlength=len(TIMES_S) - 1) % 2 == 1
        assert np.array_equal(odd, up[row, 1:] != up[row, :-1])


@settings(max_examples=100)
@given(
    st.sampled_from(sorted(MODELS)),
    st.booleans(),
    st.integers(0, 30),
    st.floats(START_S, END_S),
    st.floats(0, 1),
)
def test_between_a_time_and_the_next_change_the_state_is_constant(
    name: str, outages: bool, which: int, t_s: float, share: float
):
    """Also at the time itself; at the change the state is the other one; both ends' order is no matter."""
    timeline = followed(name, outages)
    links = list(timeline.rows)
    a, b = links[which % len(links)]
    change_s = timeline.next_change_s((a, b), t_s)
    until_s = END_S if change_s is None else np.nextafter(change_s, -np.inf)
    assert timeline.state((b, a), min(t_s + share * (until_s - t_s), until_s)) == timeline.state((a, b), t_s)
    if change_s is not None:
        assert t_s < change_s <= END_S
        assert timeline.state((a, b), change_s) != timeline.state((a, b), t_s)


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(MODELS)),
    st.sets(st.integers(0, 30), min_size=1, max_size=4),
    st.integers(0, len(TIMES_S) - 1),
    st.sampled_from([0.0, 0.5, 0.9, 0.99]),
)
def test_a_plan_holds_until_its_first_link_fails(name: str, which: set[int], moment: int, least_share: float):
    """No step before that time sees a link down or below its share; a snapshot just after it does."""
    timeline, rates_bps = followed(name), looked_up(name)
    up = np.flatnonzero(rates_bps[:, moment] > 0)
    rows = sorted({int(up[number % len(up)]) for number in which})
    links, t_s = [list(timeline.rows)[row] for row in rows], float(TIMES_S[moment])
    least_bps = least_share * rates_bps[rows, moment]

    def fails(now_bps: np.ndarray) -> np.ndarray:
        missing_bps = least_bps - now_bps.T
        return ((missing_bps > 0) | (now_bps.T == 0)).any(axis=-1)

    held_s = timeline.holds_until_s(links, t_s, least_share)
    until_s = END_S if held_s is None else held_s
    end = int(np.searchsorted(TIMES_S, until_s - 1e-3))
    assert not fails(rates_bps[rows, moment:end]).any()
    if held_s is not None:
        shot = rates_of(MODELS[name].snapshot(held_s if held_s == t_s else held_s + 2e-3))
        assert fails(np.array([shot.get(link, 0.0) for link in links]))


def nearest(name: str, link: Link) -> tuple[float, float]:
    """[s] and [m] when a link's ends come nearest between two of the steps."""
    times_s = np.arange(START_S, END_S, 1.0)
    a_km, b_km = (ends_km(name, end, times_s) for end in link)
    length_m = 1000 * np.linalg.norm(a_km - b_km, axis=1)
    turns = 1 + np.flatnonzero((length_m[1:-1] < length_m[:-2]) & (length_m[1:-1] <= length_m[2:]))
    best = turns[np.argmin(length_m[turns])]
    return float(times_s[best]), float(length_m[best])


def ends_km(name: str, end: int, times_s: np.ndarray) -> np.ndarray:
    """[km] ITRS of a satellite or a station, shape (T, 3)."""
    if end < 0:
        return sites_of(MODELS[name].stations).itrs_km[-1 - end]
    return MODELS[name].constellation.propagate(times_s).itrs_km[end]


@pytest.mark.parametrize("end", [12, -4, -10], ids=["satellite", "station", "another station"])
def test_links_within_range_for_seconds_are_found(end: int):
    """A range limit 20 m beyond the closest approach leaves seconds; 20 m short of it leaves nothing."""
    name, link = "default", (1, end)
    t_s, length_m = nearest(name, link)
    for margin_m, found in ((20.0, True), (-20.0, False)):
        budget = FixedRate(1e9, max_range_m=length_m + margin_m)
        model = replace(MODELS[name], isl_budget=budget, downlink_budget=budget, min_elevation_deg=0)
        timeline = link_timeline(model, [link], t_s - 400, t_s + 500)
        assert timeline.state(link, t_s) == found
        changes = changes_s(timeline, link)
        assert len(changes) == 2 * found
        if found:
            assert t_s - 30 < changes[0] < t_s < changes[1] < t_s + 30


def test_a_plan_holds_whose_rates_never_fall():
    """Constant rates keep all of themselves; a ring's links last to the horizon, and no links do too."""
    model = walker_network(Walker(500, 53, 12, 1, 0), isl_budget=LaserBudget(cap_bps=0.5e9))
    timeline = link_timeline(model, model.topology.pairs, 0.0, 20_000.0)
    assert timeline.holds_until_s(timeline.rows, 0.0, least_share=1.0) is None
    assert timeline.holds_until_s([], 0.0) is None
    assert timeline.next_change_s((3, 4), 0.0) is None
    assert timeline.state((3, 4), 20_000.0)


def test_a_step_of_just_the_least_rate_is_enough():
    """Where rates go in steps of 100 Mbit/s, half of 600 holds until 300 becomes 200."""
    timeline, link = followed("capped"), (21, -4)
    times_s = np.arange(START_S, END_S, 0.5)
    rates_bps = np.array([timeline.rate_bps(link, t_s) for t_s in times_s.tolist()])
    moment = int(np.argmax(rates_bps == 6e8))
    lower = moment + int(np.argmax(rates_bps[moment:] < 3e8))
    assert (rates_bps[moment : lower + 1] == 3e8).sum() > 10
    assert timeline.holds_until_s([link], float(times_s[moment]), 0.5) == pytest.approx(
        times_s[lower] - 0.25, abs=0.26
    )


def test_down_intervals_take_links_away():
    """A link is down from an interval's start on, up again at its end; others are not touched."""
    model = walker_network(Walker(500, 53, 12, 1, 0))
    down_s = [[(50.0, 60.0), (55.0, 80.0), (900.0, 1200.0)], []]
    timeline = link_timeline(model, [(0, 1), (2, 1)], 0.0, 1000.0, down_s)
    assert changes_s(timeline, (1, 0)) == [50.0, 80.0, 900.0]
    assert [timeline.state((0, 1), t_s) for t_s in (49.9, 50.0, 79.9, 80.0, 900.0, 1000.0)] == [
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert timeline.rate_bps((0, 1), 70.0) == 0.0
    assert timeline.rate_bps((0, 1), 40.0) > 0
    assert timeline.next_change_s((1, 2), 0.0) is None
    assert timeline.holds_until_s([(0, 1), (1, 2)], 0.0) == 50.0
    assert timeline.holds_until_s([(0, 1), (1, 2)], 60.0) == 60.0
    assert timeline.holds_until_s([(1, 2)], 60.0) is None


def test_rules_have_downlinks_only():
    """Where the topology changes with time only contacts with the ground can be followed."""
    model = walker_network(FULL, topology=NearestNeighbours(2), stations=default_stations())
    assert link_timeline(model, [(0, -1)], 0.0, 100.0).rows == {(0, -1): 0}
    with pytest.raises(InputError, match="network: topology: changes with time"):
        link_timeline(model, [(0, -1), (0, 1)], 0.0, 100.0)


@pytest.mark.parametrize(
    ("links", "down_s", "problem"),
    [
        ([(0, 9)], None, r"timeline: link 0 \(9 0\): is not in the topology"),
        ([(0, 1), (1, 0)], None, r"timeline: link 1 \(1 0\): comes twice"),
        ([(0, -18)], None, r"timeline: link 0 \(0 -18\): a downlink is"),
        ([(66, -1)], None, r"timeline: link 0 \(66 -1\): a downlink is"),
        ([(-1, -2)], None, r"timeline: link 0 \(-1 -2\): a downlink is"),
        ([(0.5, 1.5)], None, "timeline: links: must be pairs of ends"),
        ([(0, 1, 2)], None, "timeline: links: must be pairs of ends"),
        ([(0, 1)], [[], []], "timeline: down_s: has 2 entries for 1 links"),
        ([(0, 1)], [[(5.0, 4.0)]], r"timeline: down_s\[0\]: an interval's end"),
    ],
)
def test_impossible_links_are_refused(links: list, down_s: list | None, problem: str):
    """Links that are not there, that come twice, that are none; and intervals that do not fit."""
    with pytest.raises(InputError, match=problem):
        link_timeline(MODELS["default"], links, 0.0, 100.0, down_s)


def test_impossible_questions_are_refused():
    """Links not followed, times beyond the horizon, and shares beyond all."""
    timeline = followed("default")
    link = next(iter(timeline.rows))
    for ask in (timeline.state, timeline.next_change_s, timeline.rate_bps):
        with pytest.raises(InputError, match="timeline: t_s: must be from 500 to 8000 s"):
            ask(link, 8000.1)
        with pytest.raises(InputError, match="timeline: links: there is no 0 47 among the links followed"):
            ask((0, 47), 600.0)
    with pytest.raises(InputError, match="timeline: t_s: must be from"):
        timeline.holds_until_s([], 0.0)
    with pytest.raises(InputError, match="timeline: least_share: must be from 0 to 1"):
        timeline.holds_until_s([link], 600.0, 1.1)
