"""Snapshots of a network."""

import pickle
from datetime import UTC, datetime

import numpy as np
import pytest
from skyfield.api import EarthSatellite, load, wgs84

from satllm_env.errors import InputError
from satllm_env.network import (
    FixedRate,
    KaBandDownlink,
    LaserBudget,
    NearestNeighbours,
    NetworkModel,
    Snapshot,
    Station,
    Topology,
    Walker,
    default_stations,
    from_pairs,
    network_model,
    plus_grid,
    walker_constellation,
    walker_network,
)

C_M_S = 299_792_458.0
WALKER = Walker(550, 53, 60, 6, 1)
MIN_ELEVATION_DEG = 20.0


@pytest.fixture(scope="module")
def model() -> NetworkModel:
    """Sixty satellites over the built-in stations; some cross links lack line of sight."""
    return walker_network(WALKER, stations=default_stations(), min_elevation_deg=MIN_ELEVATION_DEG)


@pytest.fixture(scope="module")
def shot(model: NetworkModel) -> Snapshot:
    """The network after 1,234.5 s."""
    return model.snapshot(1234.5)


def test_link_rows_follow_the_definitions(model: NetworkModel, shot: Snapshot):
    """Row by row: length, line of sight, laser rate or 0, and light time, computed one link at a time."""
    budget, seen = LaserBudget(), set()
    assert np.array_equal(np.column_stack([shot.isl.a, shot.isl.b]), plus_grid(WALKER).pairs)
    for k in range(len(shot.isl.a)):
        a, b = shot.teme_km[shot.isl.a[k]], shot.teme_km[shot.isl.b[k]]
        points = a + np.linspace(0, 1, 2001)[:, None] * (b - a)
        clear = bool(np.linalg.norm(points, axis=1).min() >= 6378.137 + 80)
        length_m = 1000 * float(np.sqrt(((b - a) ** 2).sum()))
        assert shot.isl.length_m[k] == pytest.approx(length_m, rel=1e-12)
        assert shot.isl.line_of_sight[k] == clear
        assert shot.isl.rate_bps[k] == pytest.approx(
            float(budget.rate_bps(np.array([length_m]))[0]) if clear else 0.0
        )
        assert shot.isl.latency_s[k] == pytest.approx(length_m / C_M_S)
        seen.add(clear)
    assert seen == {True, False}


def test_ground_rows_agree_with_skyfield(model: NetworkModel, shot: Snapshot):
    """Every satellite above a horizon has a row with skyfield's elevation and range, and no other has."""
    scale = load.timescale(builtin=True)
    start = scale.from_datetime(model.constellation.epoch)
    moment = scale.tt_jd(start.whole, start.tt_fraction + shot.t_s / 86_400)
    rows = {
        (g, s): i
        for i, (g, s) in enumerate(zip(shot.ground.gid.tolist(), shot.ground.sat.tolist(), strict=True))
    }
    satellites = [
        EarthSatellite.from_satrec(satrec, scale) for satrec in model.constellation.elements.satrecs()
    ]
    for gid, station in enumerate(model.stations):
        site = wgs84.latlon(station.lat_deg, station.lon_deg, elevation_m=station.elev_m)
        for sat, satellite in enumerate(satellites):
            altitude, _, distance = (satellite - site).at(moment).altaz()
            assert ((gid, sat) in rows) == (altitude.degrees >= 0)
            if (gid, sat) in rows:
                assert shot.ground.elevation_deg[rows[gid, sat]] == pytest.approx(altitude.degrees, abs=1e-4)
                assert shot.ground.range_m[rows[gid, sat]] == pytest.approx(distance.m, abs=20)


def test_ground_rates_follow_elevation(model: NetworkModel, shot: Snapshot):
    """Visible from the minimum elevation up; the budget's rate there, 0 below; light time everywhere."""
    ground = shot.ground
    assert np.array_equal(ground.visible, ground.elevation_deg >= MIN_ELEVATION_DEG)
    expected = KaBandDownlink().rate_bps(ground.range_m, ground.elevation_deg)
    assert ground.rate_bps == pytest.approx(np.where(ground.visible, expected, 0.0))
    assert np.array_equal(ground.usable, ground.visible)
    assert ground.latency_s == pytest.approx(ground.range_m / C_M_S)
    assert 0 < ground.visible.sum() < len(ground.visible)
    assert (np.diff(ground.gid * len(model.constellation) + ground.sat) > 0).all()


def fields_of(shot: Snapshot) -> list[np.ndarray]:
    """All arrays of a snapshot."""
    return [shot.teme_km, shot.itrs_km, *vars(shot.isl).values(), *vars(shot.ground).values()]


@pytest.mark.parametrize("batch", [1, 150, 10**6])
def test_many_times_are_the_same_as_one_by_one(
    model: NetworkModel, monkeypatch: pytest.MonkeyPatch, batch: int
):
    """Snapshots together, in whatever batches, are those taken alone, in the order asked for."""
    monkeypatch.setattr(network_model, "BATCH_POSITIONS", batch)
    times_s = [900.0, 0.0, 33.25, 5400.0, -7.0]
    together = model.snapshots(times_s)
    assert [shot.t_s for shot in together] == times_s
    for t_s, shot in zip(times_s, together, strict=True):
        for one, many in zip(fields_of(model.snapshot(t_s)), fields_of(shot), strict=True):
            assert one.shape == many.shape
            assert one == pytest.approx(many, rel=1e-13)


def test_no_times_no_snapshots(model: NetworkModel):
    """An empty list of times is an empty list of snapshots."""
    assert model.snapshots([]) == []


def test_no_satellites_no_rows():
    """A constellation of none has snapshots with nothing in them."""
    none = walker_constellation(WALKER).select(np.zeros(WALKER.total, dtype=bool))
    shot = NetworkModel(none, from_pairs([], 0), default_stations()).snapshot(0.0)
    assert (len(shot.itrs_km), len(shot.isl.a), len(shot.ground.sat)) == (0, 0, 0)


def test_slot_table_finds_link_rates(model: NetworkModel, shot: Snapshot):
    """The slot table leads from a satellite's slot to its link's row."""
    topology = model.topology
    for satellite, slot in ((0, 0), (7, 2), (59, 3)):
        row = topology.slot_links[satellite, slot]
        assert {int(shot.isl.a[row]), int(shot.isl.b[row])} == {
            satellite,
            int(topology.slot_neighbours[satellite, slot]),
        }


def test_fixed_rates_and_caps_replace_the_budgets():
    """The paper's settings: a capped laser and a drawn satellite to ground rate."""
    paper = walker_network(
        Walker(500, 53, 12, 1, 0),
        stations=default_stations(),
        isl_budget=LaserBudget(cap_bps=0.5e9),
        downlink_budget=FixedRate(0.3e9),
    )
    shot = paper.snapshot(0.0)
    assert (shot.isl.rate_bps == 0.5e9).all()
    assert set(shot.ground.rate_bps[shot.ground.visible].tolist()) == {0.3e9}


def test_a_lone_satellite_and_no_ground():
    """One satellite without stations has a position and empty tables."""
    shot = walker_network(Walker(500, 53, 1, 1, 0)).snapshot(10.0)
    assert shot.itrs_km.shape == (1, 3)
    assert len(shot.isl.a) == len(shot.ground.gid) == 0


def test_a_station_under_the_satellite_sees_it_overhead():
    """The sub-satellite point has elevation 90° and the satellite's height as range."""
    walker = Walker(500, 0, 1, 1, 0)
    x, y, z = walker_constellation(walker).propagate([0.0]).itrs_km[0, 0]
    station = Station(
        "below", float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x))), 0
    )
    ground = walker_network(walker, stations=[station]).snapshot(0.0).ground
    assert ground.elevation_deg[0] == pytest.approx(90, abs=0.1)
    assert ground.range_m[0] == pytest.approx(1000 * (np.hypot(np.hypot(x, y), z) - 6378.137), abs=1)


def test_contacts_do_not_depend_on_the_zone_of_the_epoch():
    """An epoch is a moment, however its zone is written."""
    one = walker_network(WALKER, datetime(2025, 1, 1, tzinfo=UTC)).snapshot(0.0)
    other = walker_network(WALKER, datetime.fromisoformat("2025-01-01T05:30:00+05:30")).snapshot(0.0)
    assert np.array_equal(one.itrs_km, other.itrs_km)


def test_models_pickle(model: NetworkModel, shot: Snapshot):
    """A pickled model gives the same snapshots."""
    twin = pickle.loads(pickle.dumps(model)).snapshot(shot.t_s)
    assert all(np.array_equal(a, b) for a, b in zip(fields_of(shot), fields_of(twin), strict=True))


def test_mismatched_parts_are_refused():
    """A topology of other satellites or an impossible elevation is one line."""
    constellation = walker_constellation(WALKER)
    with pytest.raises(InputError, match="network: topology: is for 3 satellites, there are 60"):
        NetworkModel(constellation, from_pairs([], 3))
    with pytest.raises(InputError, match="network: min_elevation_deg: must be from 0 to 90 deg"):
        NetworkModel(constellation, plus_grid(WALKER), min_elevation_deg=91)


@pytest.fixture(scope="module")
def changing() -> NetworkModel:
    """A network whose links are the nearest pairs of each moment."""
    return walker_network(WALKER, topology=NearestNeighbours(3), stations=default_stations()[:2])


def test_links_may_change_with_time(changing: NetworkModel):
    """Each snapshot has the rule's links for where satellites stand, with their lengths and rates."""
    shots = changing.snapshots([0.0, 300.0, 900.0])
    for shot in shots:
        expected = NearestNeighbours(3).at(shot.teme_km)
        assert np.array_equal(shot.topology.pairs, expected.pairs)
        assert np.array_equal(shot.topology.slot_neighbours, expected.slot_neighbours)
        assert np.array_equal(np.column_stack([shot.isl.a, shot.isl.b]), expected.pairs)
        ends_km = shot.teme_km[expected.pairs]
        length_m = 1000 * np.linalg.norm(ends_km[:, 0] - ends_km[:, 1], axis=1)
        assert shot.isl.length_m == pytest.approx(length_m)
        assert shot.isl.line_of_sight.all()
        assert shot.isl.rate_bps == pytest.approx(LaserBudget().rate_bps(length_m))
    assert not np.array_equal(shots[0].topology.pairs, shots[2].topology.pairs)


def test_changing_links_alone_and_together(changing: NetworkModel):
    """Snapshots taken together, or by a pickled model, are those taken alone."""
    twin = pickle.loads(pickle.dumps(changing))
    for shot in changing.snapshots([900.0, 0.0]):
        for alone in (changing.snapshot(shot.t_s), twin.snapshot(shot.t_s)):
            for one, other in zip(fields_of(shot), fields_of(alone), strict=True):
                assert np.array_equal(one, other)


def test_changing_links_are_asked_of_snapshots(changing: NetworkModel, model: NetworkModel, shot: Snapshot):
    """A model whose links change has no topology for all times; one with fixed links gives it to all."""
    with pytest.raises(InputError, match="network: topology: changes with time"):
        _ = changing.topology
    assert shot.topology is model.topology


def test_a_rule_must_know_all_satellites():
    """A rule whose topology is of other satellites is refused at the snapshot."""

    class Wrong:
        def at(self, teme_km: np.ndarray) -> Topology:
            return from_pairs([], len(teme_km) - 1)

    with pytest.raises(InputError, match="network: topology: is for 59 satellites, there are 60"):
        walker_network(WALKER, topology=Wrong()).snapshot(0.0)


def test_each_station_can_have_its_own_downlink():
    """Rates follow the budget of the row's station, over several times together too."""
    stations = default_stations()
    budgets = tuple(FixedRate(1e8 * (gid + 1)) for gid in range(len(stations)))
    own = walker_network(WALKER, stations=stations, downlink_budget=budgets)
    for shot in own.snapshots([0.0, 600.0]):
        ground = shot.ground
        assert np.array_equal(ground.rate_bps, np.where(ground.visible, 1e8 * (ground.gid + 1), 0.0))
        assert len(np.unique(ground.gid[ground.visible])) > 3


def test_downlinks_of_another_number_of_stations_are_refused():
    """Two budgets for three stations are one line."""
    with pytest.raises(InputError, match=r"^network: downlink_budget: has 2 budgets, there are 3 stations$"):
        walker_network(WALKER, stations=default_stations()[:3], downlink_budget=(FixedRate(1e8),) * 2)
