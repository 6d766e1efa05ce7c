"""Outages, acquisition, losses and eclipse taken from snapshots."""

from dataclasses import fields

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network import NetworkModel, Snapshot, Walker, default_stations, walker_network
from satllm_env.network.disruptions import Disruptions
from satllm_env.network.eclipse_rule import EclipseRule
from satllm_env.network.lost import lost_satellites
from satllm_env.network.outages import OutageModel, downlink_ends
from satllm_env.network.rises import Lookback

SATELLITES = 240
OUTAGES = OutageModel(3, availability=0.8)
NO_WAIT = OutageModel(3, availability=0.8, acquisition_s=(0.0, 0.0))


@pytest.fixture(scope="module")
def model() -> NetworkModel:
    """A +Grid over the built-in stations."""
    return walker_network(
        Walker(550, 53, SATELLITES, 12, 1), stations=default_stations(), min_elevation_deg=10
    )


@pytest.fixture(scope="module")
def shot(model: NetworkModel) -> Snapshot:
    """The network after a while."""
    return model.snapshot(2500.0)


def pairs_of(shot: Snapshot) -> np.ndarray:
    """Ends of the links, shape (K, 2)."""
    return np.column_stack([shot.isl.a, shot.isl.b])


def test_no_disruptions_change_nothing(model: NetworkModel, shot: Snapshot):
    """By default the snapshot itself comes back, and every satellite counts as sunlit."""
    assert Disruptions().apply(model, shot) is shot
    assert Disruptions().sunlit(model, shot).all()
    assert Disruptions().sunlit(model, shot).shape == (SATELLITES,)


def test_only_rates_change(model: NetworkModel, shot: Snapshot):
    """Lengths, latencies, sight and positions stay, and the snapshot given is left as it was."""
    before = shot.isl.rate_bps.copy(), shot.ground.rate_bps.copy()
    harsh = Disruptions(OUTAGES, OUTAGES, lost_satellites(SATELLITES, 0.1, 5), EclipseRule())
    after = harsh.apply(model, shot)
    assert np.array_equal(shot.isl.rate_bps, before[0])
    assert np.array_equal(shot.ground.rate_bps, before[1])
    for table, disrupted in ((shot.isl, after.isl), (shot.ground, after.ground)):
        for field in fields(table):
            if field.name != "rate_bps":
                assert getattr(disrupted, field.name) is getattr(table, field.name)
        changed = disrupted.rate_bps != table.rate_bps
        assert 0 < changed.sum() < table.usable.sum()
        assert (disrupted.rate_bps[changed] == 0).all()
    assert (after.t_s, after.teme_km, after.itrs_km) == (shot.t_s, shot.teme_km, shot.itrs_km)


def test_outages_take_the_links_that_the_model_names(model: NetworkModel, shot: Snapshot):
    """Exactly the links that are not up lose their rate, and the ground only by its own model."""
    up = OUTAGES.is_up(pairs_of(shot), shot.t_s)
    assert not up.all()
    after = Disruptions(isl_outages=NO_WAIT).apply(model, shot)
    assert np.array_equal(after.isl.usable, shot.isl.usable & NO_WAIT.is_up(pairs_of(shot), shot.t_s))
    assert np.array_equal(after.ground.rate_bps, shot.ground.rate_bps)
    down = Disruptions(downlink_outages=NO_WAIT).apply(model, shot)
    ends = downlink_ends(shot.ground.sat, shot.ground.gid)
    assert np.array_equal(down.ground.usable, shot.ground.usable & NO_WAIT.is_up(ends, shot.t_s))
    assert np.array_equal(down.isl.rate_bps, shot.isl.rate_bps)


def test_contacts_carry_only_after_their_acquisition(model: NetworkModel):
    """Over a pass, each contact that rises is silent for its acquisition time and then carries to its end."""
    outages = OutageModel(3, availability=1.0)
    disruptions = Disruptions(downlink_outages=outages)
    first: dict[tuple[int, int], float] = {}
    waits_s = []
    for before, now in zip(
        model.snapshots(np.arange(0, 300, 1.0)), model.snapshots(np.arange(1, 301, 1.0)), strict=True
    ):
        old = before.ground
        seen = set(zip(old.gid[old.visible].tolist(), old.sat[old.visible].tolist(), strict=True))
        carried = disruptions.apply(model, now).ground
        for gid, sat, visible, usable in zip(
            now.ground.gid, now.ground.sat, now.ground.visible, carried.usable, strict=True
        ):
            if not visible:
                assert not usable
            elif (gid, sat) not in seen:
                first[gid, sat] = now.t_s
                assert not usable
            elif (gid, sat) in first and usable:
                waits_s.append(now.t_s - first.pop((gid, sat)))
            elif (gid, sat) not in first and now.t_s > 61:
                assert usable
    assert len(waits_s) > 20
    assert 11 <= min(waits_s) < 20
    assert 50 < max(waits_s) <= 61


def test_links_acquire_after_regaining_sight():
    """A link with line of sight carries from its rise and acquisition on."""
    outages = OutageModel(9, availability=1.0)
    sparse = walker_network(Walker(550, 80, 60, 6, 1))  # its cross-plane links come and go
    acquiring = 0
    for t_s in np.arange(0, 6000, 50.0):
        shot = sparse.snapshot(t_s)
        rises_s = Lookback(sparse, shot, 60).isl_rises_s()
        after = Disruptions(isl_outages=outages).apply(sparse, shot)
        waiting = np.zeros(len(rises_s), dtype=bool)
        risen = rises_s > -np.inf
        waiting[risen] = outages.carries_from_s(pairs_of(shot)[risen], rises_s[risen]) > t_s
        assert np.array_equal(after.isl.usable, shot.isl.usable & ~waiting)
        acquiring += waiting.sum()
    assert acquiring > 10


def test_lost_satellites_lose_all_their_links(model: NetworkModel, shot: Snapshot):
    """No link of a lost satellite is left and every other stays."""
    lost = frozenset({0, 7, 100, int(shot.ground.sat[shot.ground.usable][0])})
    after = Disruptions(lost=lost).apply(model, shot)
    gone = np.isin(shot.isl.a, list(lost)) | np.isin(shot.isl.b, list(lost))
    assert np.array_equal(after.isl.usable, shot.isl.usable & ~gone)
    assert np.array_equal(after.ground.usable, shot.ground.usable & ~np.isin(shot.ground.sat, list(lost)))
    assert 12 <= (after.isl.usable != shot.isl.usable).sum() <= 16
    with pytest.raises(InputError, match="disruptions: lost: satellites are numbered 0 to 239"):
        Disruptions(lost=frozenset({SATELLITES})).apply(model, shot)


def test_satellites_in_eclipse_may_be_kept_from_sending_down(model: NetworkModel, shot: Snapshot):
    """The downlinks of satellites in eclipse are silent where the rule says so, and only those."""
    strict = Disruptions(eclipse=EclipseRule(downlink_in_eclipse=False))
    sunlit = strict.sunlit(model, shot)
    assert 0.65 < sunlit.mean() < 0.75  # more than 0.62: planes turned to the Sun see less of the shadow
    after = strict.apply(model, shot)
    assert np.array_equal(after.ground.usable, shot.ground.usable & sunlit[shot.ground.sat])
    assert 0 < after.ground.usable.sum() < shot.ground.usable.sum()
    assert np.array_equal(after.isl.rate_bps, shot.isl.rate_bps)
    lenient = Disruptions(eclipse=EclipseRule()).apply(model, shot)
    assert np.array_equal(lenient.ground.rate_bps, shot.ground.rate_bps)


def test_satellites_over_midnight_are_dark_and_over_noon_lit(model: NetworkModel, shot: Snapshot):
    """Illumination follows the Sun's side: at 12:41:40 UTC the Sun is near longitude 0, midnight near 180."""
    midday = model.snapshot(43_200 + 2500.0)
    light = Disruptions().illumination(model, midday)
    longitude = np.degrees(np.arctan2(midday.itrs_km[:, 1], midday.itrs_km[:, 0]))
    latitude = np.degrees(np.arcsin(midday.itrs_km[:, 2] / np.linalg.norm(midday.itrs_km, axis=1)))
    assert light.shape == (SATELLITES,)
    assert (light[np.abs(longitude) < 60] == 1).all()
    assert (light[(np.abs(longitude) > 150) & (np.abs(latitude) < 30)] == 0).all()
