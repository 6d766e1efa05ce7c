"""Contact windows, against skyfield's events and against looking every second."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skyfield.api import EarthSatellite, Time, load, wgs84
from skyfield.toposlib import GeographicPosition

from satllm_env.errors import InputError
from satllm_env.network import (
    Constellation,
    Station,
    Walker,
    constellation_of,
    read_tle,
    ring,
    walker_constellation,
    windows,
)
from satllm_env.network.visibility import chord_altitude_km, look, sites_of
from satllm_env.network.windows import LinkWindows, StationWindows, link_windows, station_windows
from tests.unit.network.shapes import MOLNIYA, any_orbit, orbits, spread

DAY_S = 86_400.0
STATIONS = (
    Station("north pole", 90.0, 0.0, 0.0),
    Station("Troll", -72.0022, 2.0575, 1365.0),
    Station("Chacaltaya", -16.3532, -68.1315, 5220.0),
    Station("Weilheim", 47.8801, 11.0853, 663.0),
)
LOW = walker_constellation(Walker(500, 53, 6, 3, 1))
LONG = orbits(**MOLNIYA, angles_deg=spread(2))
SCALE = load.timescale(builtin=True)


def real(folder: Path) -> Constellation:
    """Six Iridium satellites as flown."""
    everyone = constellation_of(read_tle(folder / "iridium_next_2025-10-07_tasa.tle"))
    return everyone.select(np.arange(len(everyone)) % 14 == 0)


def moments(constellation: Constellation, times_s: np.ndarray) -> Time:
    """Skyfield's times, [s] after the epoch."""
    start = SCALE.from_datetime(constellation.epoch)
    return SCALE.tt_jd(start.whole, start.tt_fraction + times_s / DAY_S)


def satellites(constellation: Constellation) -> list[EarthSatellite]:
    """The satellites in skyfield."""
    return [EarthSatellite.from_satrec(satrec, SCALE) for satrec in constellation.elements.satrecs()]


def place(station: Station) -> GeographicPosition:
    """A station in skyfield."""
    return wgs84.latlon(station.lat_deg, station.lon_deg, elevation_m=station.elev_m)


def events(
    constellation: Constellation, min_elevation_deg: float
) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """Of each station and satellite skyfield's events of the first day: [s] and 0 rise, 1 top, 2 set."""
    first, last = moments(constellation, np.array([0.0, DAY_S]))
    for gid, station in enumerate(STATIONS):
        for sat, satellite in enumerate(satellites(constellation)):
            found, kind = satellite.find_events(
                place(station), first, last, altitude_degrees=min_elevation_deg
            )
            times_s = ((found.whole - first.whole) + (found.tt_fraction - first.tt_fraction)) * DAY_S
            yield gid, sat, times_s, kind


def elevations_deg(constellation: Constellation, gid: int, sat: int, times_s: np.ndarray) -> np.ndarray:
    """Skyfield's elevations of a satellite over a station at [s]."""
    satellite = satellites(constellation)[sat]
    return (satellite - place(STATIONS[gid])).at(moments(constellation, times_s)).altaz()[0].degrees


def check_against_skyfield(constellation: Constellation, min_elevation_deg: float) -> None:
    """The same rises and sets within half a second, and each culmination one of skyfield's tops."""
    table = station_windows(constellation, STATIONS, 0.0, DAY_S, min_elevation_deg)
    seen = 0
    for gid, sat, times_s, kind in events(constellation, min_elevation_deg):
        own = (table.gid == gid) & (table.sat == sat)
        assert table.rise_s[own & ~table.clipped_start] == pytest.approx(times_s[kind == 0], abs=0.5)
        assert table.set_s[own & ~table.clipped_end] == pytest.approx(times_s[kind == 2], abs=0.5)
        for row in np.flatnonzero(own & ~table.clipped_start & ~table.clipped_end):
            assert np.abs(times_s[kind == 1] - table.culmination_s[row]).min() < 0.5
        seen += own.sum()
    assert seen == len(table.gid) > 0


@pytest.mark.parametrize("min_elevation_deg", [0.0, 10.0, 40.0])
def test_low_orbits_agree_with_skyfield(min_elevation_deg: float):
    """Every rise, top and set of a day, at a pole, at 5 km and elsewhere."""
    check_against_skyfield(LOW, min_elevation_deg)


def test_long_orbits_agree_with_skyfield():
    """All events of skyfield are found; it lacks sets between two tops, which its elevations tell."""
    table = station_windows(LONG, STATIONS, 0.0, DAY_S, 20.0)
    times_s = np.arange(0.0, DAY_S, 120.0)
    for gid, sat, events_s, kind in events(LONG, 20.0):
        own = (table.gid == gid) & (table.sat == sat)
        for column, which in ((table.rise_s, 0), (table.set_s, 2)):
            for event_s in events_s[kind == which]:
                assert np.abs(column[own] - event_s).min() < 0.5
        seen_deg = elevations_deg(LONG, gid, sat, times_s)
        assert np.array_equal(inside(table, own, times_s), seen_deg >= 20.0)


def test_real_satellites_agree_with_skyfield(real_sets: Path):
    """Published element sets of polar satellites, with epochs and drag of their own."""
    check_against_skyfield(real(real_sets), 5.0)


@pytest.mark.parametrize("constellation", [LOW, LONG], ids=["low", "long"])
def test_elevations_at_the_events_are_skyfields(constellation: Constellation):
    """At rise and set skyfield sees the minimum within 0.0001°, at the top the stated elevation."""
    table = station_windows(constellation, STATIONS, 0.0, DAY_S, 15.0)
    for gid, sat in np.unique(np.column_stack([table.gid, table.sat]), axis=0):
        own = (table.gid == gid) & (table.sat == sat)
        for times_s, expected_deg in (
            (table.culmination_s[own], table.max_elevation_deg[own]),
            (table.rise_s[own & ~table.clipped_start], 15.0),
            (table.set_s[own & ~table.clipped_end], 15.0),
        ):
            assert elevations_deg(constellation, gid, sat, times_s) == pytest.approx(expected_deg, abs=1e-4)


def inside(table: StationWindows | LinkWindows, own: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Whether each time is in a window of some rows."""
    at_s = np.asarray(times_s)[:, None]
    within: np.ndarray = ((at_s >= table.rise_s[own]) & (at_s <= table.set_s[own])).any(axis=1)
    return within


def check_by_looking(
    table: StationWindows | LinkWindows,
    own: np.ndarray,
    times_s: np.ndarray,
    height: np.ndarray,
    top: np.ndarray,
) -> None:
    """Windows hold just the times at which a height is at or above zero, and tops are the highest."""
    events_s = np.concatenate([table.rise_s[own], table.set_s[own]])
    near = np.abs(times_s[:, None] - events_s).min(axis=1, initial=np.inf) < 0.002
    assert np.array_equal(inside(table, own, times_s)[~near], (height >= 0)[~near])
    for row in np.flatnonzero(own):
        assert table.rise_s[row] <= table.culmination_s[row] <= table.set_s[row]
        within = (times_s >= table.rise_s[row]) & (times_s <= table.set_s[row])
        assert height[within].max(initial=-np.inf) <= top[row] + 1e-4


@settings(max_examples=50)
@given(
    any_orbit(),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(-500, 9000),
    st.one_of(st.floats(0, 30), st.floats(0, 89)),
    st.floats(-1e5, 1e5),
)
def test_station_windows_are_what_looking_every_few_seconds_sees(
    constellation: Constellation,
    lat: float,
    lon: float,
    elev_m: float,
    min_elevation_deg: float,
    start_s: float,
):
    """Any orbit over any station: no time is in sight outside the windows, none out of sight within."""
    times_s = start_s + np.linspace(0, 30_000, 4001)
    station = Station("site", lat, lon, elev_m)
    table = station_windows(constellation, [station], start_s, start_s + 30_000, min_elevation_deg)
    sites = sites_of([station])
    elevation_deg, _ = look(sites.up[0], sites.itrs_km[0], constellation.propagate(times_s).itrs_km)
    for sat in range(3):
        height, top = elevation_deg[sat] - min_elevation_deg, table.max_elevation_deg - min_elevation_deg
        check_by_looking(table, table.sat == sat, times_s, height, top)


@settings(max_examples=30)
@given(any_orbit(), any_orbit(max_eccentricity=0.1), st.floats(-1e5, 1e5))
def test_link_windows_are_what_looking_every_few_seconds_sees(
    one: Constellation, other: Constellation, start_s: float
):
    """Any two orbits, of unlike radii too: chords of 80 km and more, and the highest of each window."""
    both = merged(one, other)
    times_s = start_s + np.linspace(0, 30_000, 4001)
    pairs = np.array([[0, 1], [0, 3], [1, 4], [5, 2], [4, 5]])
    table = link_windows(both, pairs, start_s, start_s + 30_000)
    teme_km = both.propagate(times_s).teme_km
    for k, (a, b) in enumerate(pairs):
        height = chord_altitude_km(teme_km[a], teme_km[b]) - 80.0
        check_by_looking(table, table.pair == k, times_s, height, table.max_altitude_km - 80.0)
    assert np.array_equal(np.column_stack([table.a, table.b]), pairs[table.pair])


def merged(one: Constellation, other: Constellation) -> Constellation:
    """Six satellites of two shapes."""
    elements = type(one.elements)(
        *(np.concatenate([a, getattr(other.elements, name)]) for name, a in vars(one.elements).items())
    )
    return Constellation(tuple("abcdef"), elements, one.epoch)


def test_grazing_passes_are_found_however_short():
    """With the minimum just below a pass's top there is a window of seconds, just above it there is none."""
    table = station_windows(LOW, STATIONS[3:], 0.0, DAY_S, 0.0)
    for row in np.flatnonzero(~table.clipped_start & ~table.clipped_end & (table.max_elevation_deg < 60)):
        top_deg, top_s, sat = table.max_elevation_deg[row], table.culmination_s[row], table.sat[row]
        below = station_windows(LOW, STATIONS[3:], 0.0, DAY_S, top_deg - 1e-3)
        own = (below.sat == sat) & (np.abs(below.culmination_s - top_s) < 0.01)
        assert own.sum() == 1
        assert 0 < (below.set_s - below.rise_s)[own][0] < 12
        above = station_windows(LOW, STATIONS[3:], 0.0, DAY_S, top_deg + 1e-6)
        assert not inside(above, above.sat == sat, np.array([top_s]))[0]


def test_passes_that_barely_rise_are_found_within_one_step():
    """Seen from the edge of sight, satellites rise by hundredths of a degree between two low samples."""
    edge = [Station(f"at {lat:.2f}", lat, 0.0, 0.0) for lat in np.linspace(66, 74, 800).tolist()]
    table = station_windows(LOW, edge, 0.0, DAY_S, 0.0)
    rows = np.flatnonzero(~table.clipped_start & ~table.clipped_end & (table.max_elevation_deg < 0.01))
    assert len(rows) > 10
    for row in rows[:20]:
        rise_s, end_s = float(table.rise_s[row]), float(table.set_s[row])
        assert end_s - rise_s < 30
        alone = station_windows(LOW, [edge[table.gid[row]]], rise_s - 20, end_s + 20, 0.0)
        assert alone.rise_s == pytest.approx([rise_s], abs=0.01)
        assert alone.set_s == pytest.approx([end_s], abs=0.01)
        assert alone.max_elevation_deg == pytest.approx([table.max_elevation_deg[row]], abs=1e-6)


def lowest_between_tops() -> tuple[StationWindows, int, float, float]:
    """A pass of a long orbit with two tops: its table and row, and the time and elevation of its dip."""
    table = station_windows(LONG, STATIONS, 0.0, DAY_S, 5.0)
    sites = sites_of(STATIONS)
    for row in np.flatnonzero(~table.clipped_start & ~table.clipped_end):
        times_s = np.linspace(table.rise_s[row], table.set_s[row], 20_000)
        gid = table.gid[row]
        itrs_km = LONG.propagate(times_s).itrs_km[table.sat[row]]
        elevation_deg, _ = look(sites.up[gid], sites.itrs_km[gid], itrs_km)
        dips = np.flatnonzero((np.diff(elevation_deg[:-1]) < 0) & (np.diff(elevation_deg[1:]) > 0)) + 1
        if len(dips):
            return table, row, float(times_s[dips[0]]), float(elevation_deg[dips[0]])
    raise AssertionError("no pass with two tops")


def test_a_dip_shorter_than_a_step_parts_a_pass():
    """A minimum just above the lowest point between two tops gives two windows, just below it one."""
    table, row, dip_s, dip_deg = lowest_between_tops()
    ahead_s = table.rise_s[row] - 60.0
    for minimum_deg, parts in ((dip_deg + 1e-7, 2), (dip_deg - 1e-4, 1)):
        split = station_windows(LONG, STATIONS, ahead_s, table.set_s[row] + 60.0, minimum_deg)
        own = (split.gid == table.gid[row]) & (split.sat == table.sat[row])
        assert own.sum() == parts
        if parts == 2:
            assert 0 < split.rise_s[own][1] - split.set_s[own][0] < 30
            assert split.set_s[own][0] == pytest.approx(dip_s, abs=15)
        # the highest of several tops is the culmination
        assert split.max_elevation_deg[own].max() == pytest.approx(table.max_elevation_deg[row], abs=1e-9)


def test_windows_are_clipped_to_the_span():
    """A span that starts and ends within passes cuts them, says so, and has the highest moment left."""
    whole = station_windows(LOW, STATIONS[3:], 0.0, DAY_S, 0.0)
    row = int(np.argmax(whole.set_s - whole.rise_s))
    rise_s, top_s, set_s = (float(c[row]) for c in (whole.rise_s, whole.culmination_s, whole.set_s))
    for start_s, end_s, expected_s in (
        (rise_s + 50, set_s + 50, top_s),
        (rise_s - 50, set_s - 50, top_s),
        (top_s + 30, set_s + 50, top_s + 30),
        (rise_s - 50, top_s - 30, top_s - 30),
        (top_s - 40, top_s - 30, top_s - 30),
    ):
        part = station_windows(LOW, STATIONS[3:], start_s, end_s, 0.0)
        own = part.sat == whole.sat[row]
        assert own.sum() == 1
        assert part.clipped_start[own][0] == (start_s > rise_s)
        assert part.clipped_end[own][0] == (end_s < set_s)
        assert part.rise_s[own][0] == pytest.approx(max(start_s, rise_s), abs=1e-3)
        assert part.set_s[own][0] == pytest.approx(min(end_s, set_s), abs=1e-3)
        assert part.culmination_s[own][0] == pytest.approx(expected_s, abs=1e-3)


@pytest.mark.parametrize("batch", [20, 500, 10**7])
def test_parts_do_not_show(monkeypatch: pytest.MonkeyPatch, batch: int):
    """Work cut into many parts or into none gives the same windows, sorted."""
    expected = (
        station_windows(LOW, STATIONS, 0.0, 30_000.0, 5.0),
        link_windows(LOW, [[0, 3], [4, 1]], 0.0, 30_000.0),
    )
    monkeypatch.setattr(windows, "BATCH_ROWS", batch)
    found = (
        station_windows(LOW, STATIONS, 0.0, 30_000.0, 5.0),
        link_windows(LOW, [[0, 3], [4, 1]], 0.0, 30_000.0),
    )
    for before, after in zip(expected, found, strict=True):
        for name, column in vars(before).items():
            assert getattr(after, name) == pytest.approx(column, abs=1e-3), name
    order = np.lexsort((found[0].rise_s, found[0].sat, found[0].gid))
    assert np.array_equal(order, np.arange(len(order)))


def test_neighbours_in_a_ring_see_each_other_always():
    """Each link of a ring of twelve at 500 km is one window, clipped at both ends."""
    walker = Walker(500, 53, 12, 1, 0)
    table = link_windows(walker_constellation(walker), ring(walker).pairs, 100.0, 20_100.0)
    assert np.array_equal(table.pair, np.arange(12))
    assert table.clipped_start.all()
    assert table.clipped_end.all()
    assert (table.rise_s == 100.0).all()
    assert (table.set_s == 20_100.0).all()
    assert table.max_altitude_km == pytest.approx(266, abs=15)


def test_links_of_counter_rotating_planes_come_and_go():
    """Satellites that meet head-on see each other twice a revolution, highest where they pass."""
    walker = Walker(700, 90, 2, 2, 0)
    table = link_windows(walker_constellation(walker), [[0, 1]], 0.0, 4 * walker.period_s)
    assert len(table.pair) in (8, 9)
    assert not table.clipped_end[:-1].any()


def test_no_station_no_pair_no_satellite_no_window():
    """Empty lists have empty tables."""
    assert len(station_windows(LOW, [], 0.0, 100.0, 5.0).gid) == 0
    assert len(link_windows(LOW, [], 0.0, 100.0).pair) == 0
    nobody = LOW.select(np.zeros(6, dtype=bool))
    assert len(station_windows(nobody, STATIONS, 0.0, 100.0, 5.0).gid) == 0


def test_bad_arguments_are_refused():
    """Spans, elevations and pairs are checked, each with one line."""
    with pytest.raises(InputError, match="windows: min_elevation_deg: must be from 0 to 90 deg"):
        station_windows(LOW, STATIONS, 0.0, 1.0, -1.0)
    with pytest.raises(InputError, match="windows: end_s: must be after the start"):
        station_windows(LOW, STATIONS, 1.0, 1.0, 0.0)
    with pytest.raises(InputError, match=r"pairs: pair 0 \(0 6\): satellites are numbered 0 to 5"):
        link_windows(LOW, [[0, 6]], 0.0, 1.0)
