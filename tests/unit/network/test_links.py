"""Links of a problem from a snapshot."""

import pytest

from satllm_env.network import (
    FixedRate,
    NetworkModel,
    Snapshot,
    Walker,
    default_stations,
    snapshot_links,
    walker_network,
)
from satllm_env.problem.schema import Link


@pytest.fixture(scope="module")
def model() -> NetworkModel:
    """Forty satellites over the built-in stations."""
    return walker_network(Walker(550, 53, 40, 4, 1), stations=default_stations())


@pytest.fixture(scope="module")
def shot(model: NetworkModel) -> Snapshot:
    """The network after 100 s."""
    return model.snapshot(100.0)


def ends(links: list[Link]) -> list[tuple[str, str]]:
    """Source and target of each link."""
    return [(link.source, link.target) for link in links]


def test_usable_links_both_ways(model: NetworkModel, shot: Snapshot):
    """Each link with a rate is there in both directions with its rate and latency, the others not at all."""
    names = model.constellation.names
    links = snapshot_links(shot, names)
    table = {(link.source, link.target): link for link in links}
    assert len(table) == len(links) == 2 * int((shot.isl.rate_bps > 0).sum())
    assert 0 < len(links) < 2 * len(shot.isl.a)
    for a, b, rate, latency in zip(
        shot.isl.a, shot.isl.b, shot.isl.rate_bps, shot.isl.latency_s, strict=True
    ):
        for pair in ((names[a], names[b]), (names[b], names[a])):
            assert (pair in table) == (rate > 0)
            if rate > 0:
                assert (table[pair].rate_bps, table[pair].latency_s) == (rate, latency)


def test_downlinks_go_down_only(model: NetworkModel, shot: Snapshot):
    """Visible contacts are links from the satellite to the station, and none leads up."""
    stations = [station.name for station in model.stations]
    links = [
        link for link in snapshot_links(shot, model.constellation.names, stations) if link.target in stations
    ]
    visible = shot.ground.visible
    expected = {
        (f"sat-{s}", stations[g])
        for g, s in zip(shot.ground.gid[visible], shot.ground.sat[visible], strict=True)
    }
    assert set(ends(links)) == expected
    assert not any(
        link.source in stations for link in snapshot_links(shot, model.constellation.names, stations)
    )


def test_left_out_nodes_take_their_links_along(shot: Snapshot):
    """A mapping may name some satellites and stations only."""
    chosen = {0: "a", 1: "b", 2: "c"}
    links = snapshot_links(shot, chosen, {3: "ground"})
    assert set(ends(links)) <= {(x, y) for x in "abc" for y in ("a", "b", "c", "ground")}
    assert ("a", "b") in ends(links)
    assert ("b", "a") in ends(links)


def test_stations_may_form_one_ground(model: NetworkModel, shot: Snapshot):
    """Stations that share an id become one node, to which each satellite keeps its fastest downlink."""
    links = snapshot_links(shot, model.constellation.names, ["ground"] * len(model.stations))
    down = {link.source: link for link in links if link.target == "ground"}
    ground = shot.ground
    for sat in range(len(model.constellation)):
        rates = ground.rate_bps[(ground.sat == sat) & ground.visible]
        assert (f"sat-{sat}" in down) == (len(rates) > 0)
        if len(rates):
            assert down[f"sat-{sat}"].rate_bps == rates.max()
    assert len(ends(links)) == len(set(ends(links)))


def test_equal_rates_prefer_the_nearer_station():
    """At a fixed rate the one ground node is reached by the shortest downlink."""
    model = walker_network(
        Walker(550, 53, 40, 4, 1),
        stations=default_stations(),
        downlink_budget=FixedRate(1e9),
        min_elevation_deg=0,
    )
    ground = (shot := model.snapshot(0.0)).ground
    down = {
        link.source: link
        for link in snapshot_links(shot, model.constellation.names, ["g"] * 17)
        if link.target == "g"
    }
    shared = [sat for sat in set(ground.sat.tolist()) if (ground.sat == sat).sum() > 1]
    assert shared
    for sat in shared:
        assert down[f"sat-{sat}"].latency_s == ground.latency_s[ground.sat == sat].min()
