"""Rates of links over snapshots."""

import dataclasses

import numpy as np
import pytest

from satllm_env.network import Snapshot, Walker, default_stations, walker_network
from satllm_env.network.link_series import LinkSeries, downlink_series, isl_series

MODEL = walker_network(Walker(550, 53, 60, 6, 1), stations=default_stations())
SHOTS = MODEL.snapshots([0.0, 300.0, 900.0, 1000.0])
Rates = dict[tuple[int, int], list[float]]


def assert_series(series: LinkSeries, expected: Rates):
    """One row per pair of head and tail, ascending, with the rates of all times."""
    pairs = list(zip(series.head.tolist(), series.tail.tolist(), strict=True))
    assert pairs == sorted(expected)
    assert series.rate_bps.tolist() == [expected[pair] for pair in pairs]


def isl_rates(shots: list[Snapshot]) -> Rates:
    """Rates by higher and lower satellite, put together link by link."""
    rates: Rates = {}
    for moment, shot in enumerate(shots):
        for row in np.flatnonzero(shot.isl.usable).tolist():
            low, high = sorted((int(shot.isl.a[row]), int(shot.isl.b[row])))
            rates.setdefault((high, low), [0.0] * len(shots))[moment] = float(shot.isl.rate_bps[row])
    return rates


def test_inter_satellite_links_are_those_of_the_snapshots():
    """Each usable link of each time stands in its place."""
    assert_series(isl_series(SHOTS), isl_rates(SHOTS))


def test_links_may_change_from_time_to_time():
    """Links that come and go, or that a time has the other way round, are one row each."""
    isl = SHOTS[1].isl
    turned = dataclasses.replace(isl, a=isl.b, b=isl.a)
    fewer = dataclasses.replace(isl, **{name: column[20:50] for name, column in vars(isl).items()})
    shots = [
        SHOTS[0],
        dataclasses.replace(SHOTS[1], isl=turned),
        dataclasses.replace(SHOTS[2], isl=fewer),
    ]
    assert_series(isl_series(shots), isl_rates(shots))


@pytest.mark.parametrize("fastest", [False, True])
def test_downlinks_are_those_of_the_snapshots(fastest: bool):
    """Each usable downlink of each time stands in its place, all of them or each station's fastest."""
    expected: Rates = {}
    for moment, shot in enumerate(SHOTS):
        for gid in range(len(MODEL.stations)):
            rows = np.flatnonzero((shot.ground.gid == gid) & shot.ground.usable)
            if fastest and len(rows):
                rows = rows[[int(np.argmax(shot.ground.rate_bps[rows]))]]
            for row in rows.tolist():
                rates = expected.setdefault((gid, int(shot.ground.sat[row])), [0.0] * len(SHOTS))
                rates[moment] = float(shot.ground.rate_bps[row])
    assert_series(downlink_series(SHOTS, fastest=fastest), expected)


def test_no_downlinks():
    """Without stations there are no downlinks, and as many times as snapshots."""
    lone = walker_network(Walker(550, 53, 2, 1, 0)).snapshots([0.0, 1.0, 2.0])
    assert downlink_series(lone).rate_bps.shape == (0, 3)
