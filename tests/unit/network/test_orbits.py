"""Propagation, against skyfield and astropy satellite by satellite."""

import copy
import pickle
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import ITRS, TEME, CartesianRepresentation, EarthLocation
from astropy.time import Time, TimeDelta
from astropy.utils import iers
from sgp4.api import WGS72, Satrec
from skyfield.api import EarthSatellite, load, wgs84
from skyfield.framelib import itrs

from satllm_env.errors import InputError
from satllm_env.network import Constellation, Station, Walker, walker_constellation
from satllm_env.network.elements import MeanElements
from satllm_env.network.visibility import look, sites_of

EPOCHS = [datetime(2000, 3, 1, 6, 30, tzinfo=UTC), datetime(2025, 7, 9, 18, 45, 30, tzinfo=UTC)]
TIMES_S = np.array([0.0, 0.25, 600.0, 43_210.5, 200_000.0])
STATION = Station("site", 67.8896, 21.0657, 400.0)
SATELLITES = 8


def odd_elements(epoch: datetime) -> MeanElements:
    """Elements with drag, eccentricity and epochs of their own, some days around `epoch`."""
    rng = np.random.default_rng(20)
    days = (epoch - datetime(1949, 12, 31, tzinfo=UTC)).total_seconds() / 86_400

    def draw(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, SATELLITES)

    return MeanElements(
        epoch_days=days + draw(-3, 3),
        bstar=draw(0, 2e-4),
        eccentricity=draw(0, 0.02),
        inclination_rad=draw(0.1, 3),
        raan_rad=draw(0, 6.28),
        argument_of_perigee_rad=draw(0, 6.28),
        mean_anomaly_rad=draw(0, 6.28),
        mean_motion_rad_min=draw(0.058, 0.065),
    )


def constellation(epoch: datetime) -> Constellation:
    """Eight unlike satellites."""
    return Constellation(tuple("abcdefgh"), odd_elements(epoch), epoch)


def skyfield_positions(elements: MeanElements, epoch: datetime) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """GCRS and ITRS positions [km] (S, T, 3) and ranges [m] (S, T), one by one."""
    scale = load.timescale(builtin=True)
    start = scale.from_datetime(epoch)
    site = wgs84.latlon(STATION.lat_deg, STATION.lon_deg, elevation_m=STATION.elev_m)
    shape = (len(elements), len(TIMES_S))
    gcrs_km, itrs_km, range_m = np.empty((*shape, 3)), np.empty((*shape, 3)), np.empty(shape)
    for s in range(len(elements)):
        satrec = Satrec()
        satrec.sgp4init(
            WGS72,
            "i",
            s,
            elements.epoch_days[s],
            elements.bstar[s],
            0.0,
            0.0,
            elements.eccentricity[s],
            elements.argument_of_perigee_rad[s],
            elements.inclination_rad[s],
            elements.mean_anomaly_rad[s],
            elements.mean_motion_rad_min[s],
            elements.raan_rad[s],
        )
        satellite = EarthSatellite.from_satrec(satrec, scale)
        for t, seconds in enumerate(TIMES_S):
            moment = scale.tt_jd(start.whole, start.tt_fraction + seconds / 86_400)
            place = satellite.at(moment)
            gcrs_km[s, t], itrs_km[s, t] = place.position.km, place.frame_xyz(itrs).km
            range_m[s, t] = (satellite - site).at(moment).altaz()[2].m
    return gcrs_km, itrs_km, range_m


def lengths_m(km: np.ndarray) -> np.ndarray:
    """[m] between all pairs of satellites at positions (S, T, 3)."""
    return 1000 * np.linalg.norm(km[:, None] - km[None, :], axis=-1)


@pytest.mark.parametrize("epoch", EPOCHS, ids=["2000", "2025"])
def test_accuracy_against_skyfield(epoch: datetime):
    """Link lengths within 1 m and ground ranges within 20 m of skyfield; `pytest -rP` prints the figures."""
    ours = constellation(epoch).propagate(TIMES_S)
    gcrs_km, itrs_km, range_m = skyfield_positions(odd_elements(epoch), epoch)
    sites = sites_of([STATION])
    _, our_range_m = look(sites.up[0], sites.itrs_km[0], ours.itrs_km)
    link_error_m = np.abs(lengths_m(ours.teme_km) - lengths_m(gcrs_km)).max()
    position_error_m = 1000 * np.linalg.norm(ours.itrs_km - itrs_km, axis=-1).max()
    range_error_m = np.abs(our_range_m - range_m).max()
    print(
        f"{epoch:%Y}: link {link_error_m:.1e} m, ITRS {position_error_m:.1e} m, range {range_error_m:.1e} m"
    )
    assert link_error_m < 1
    assert position_error_m < 20
    assert range_error_m < 20


def astropy_positions(
    elements: MeanElements, epoch: datetime, monkeypatch: pytest.MonkeyPatch
) -> tuple[np.ndarray, np.ndarray]:
    """ITRS positions [km] (S, T, 3) and ranges [m] (S, T), with polar motion."""
    # the tables of the Earth's rotation are those inside the package
    monkeypatch.setattr(iers.conf, "auto_download", False)
    moments = Time(epoch.replace(tzinfo=None), scale="utc") + TimeDelta(TIMES_S, format="sec")
    site_km = EarthLocation.from_geodetic(
        STATION.lon_deg * units.deg, STATION.lat_deg * units.deg, STATION.elev_m * units.m
    ).geocentric
    itrs_km = np.empty((len(elements), len(TIMES_S), 3))
    for s, satrec in enumerate(elements.satrecs()):
        errors, teme_km, _ = satrec.sgp4_array(moments.utc.jd1, moments.utc.jd2)
        assert not errors.any()
        place = TEME(CartesianRepresentation(teme_km.T * units.km), obstime=moments)
        itrs_km[s] = place.transform_to(ITRS(obstime=moments)).cartesian.xyz.to_value(units.km).T
    ray_km = itrs_km - [axis.to_value(units.km) for axis in site_km]
    return itrs_km, 1000 * np.linalg.norm(ray_km, axis=-1)


@pytest.mark.parametrize("epoch", EPOCHS, ids=["2000", "2025"])
def test_accuracy_against_astropy(epoch: datetime, monkeypatch: pytest.MonkeyPatch):
    """Link lengths within 1 m and ground ranges within 20 m of astropy, which knows polar motion."""
    ours = constellation(epoch).propagate(TIMES_S)
    itrs_km, range_m = astropy_positions(odd_elements(epoch), epoch, monkeypatch)
    sites = sites_of([STATION])
    _, our_range_m = look(sites.up[0], sites.itrs_km[0], ours.itrs_km)
    link_error_m = np.abs(lengths_m(ours.teme_km) - lengths_m(itrs_km)).max()
    position_error_m = 1000 * np.linalg.norm(ours.itrs_km - itrs_km, axis=-1).max()
    range_error_m = np.abs(our_range_m - range_m).max()
    print(
        f"{epoch:%Y}: link {link_error_m:.1e} m, ITRS {position_error_m:.1e} m, range {range_error_m:.1e} m"
    )
    assert link_error_m < 1
    assert position_error_m < 25
    assert range_error_m < 20


def test_teme_is_not_taken_for_gcrs():
    """In 2025 the two frames are some 20 km apart at this altitude, so a mix-up would show."""
    ours = constellation(EPOCHS[1]).propagate(TIMES_S)
    gcrs_km, _, _ = skyfield_positions(odd_elements(EPOCHS[1]), EPOCHS[1])
    assert np.linalg.norm(ours.teme_km - gcrs_km, axis=-1).max() > 15


def test_walker_geometry_at_the_epoch():
    """At t = 0 satellites stand where their elements say, within the few km of SGP4's short periods."""
    walker = Walker(550, 53, 24, 4, 1)
    teme_km = walker_constellation(walker).propagate([0.0]).teme_km[:, 0]
    node, along, tilt = np.radians(walker.raan_deg), np.radians(walker.mean_anomaly_deg), np.radians(53)
    x, y = np.cos(along), np.sin(along) * np.cos(tilt)
    expected = walker.semi_major_axis_km * np.column_stack(
        [
            x * np.cos(node) - y * np.sin(node),
            x * np.sin(node) + y * np.cos(node),
            np.sin(along) * np.sin(tilt),
        ]
    )
    assert np.linalg.norm(teme_km - expected, axis=1).max() < 15


def test_paper_ring_hop():
    """The twelve satellites at 500 km are one hop of about 3,557 km, 11.86 ms, apart."""
    walker = Walker(500, 53, 12, 1, 0)
    teme_km = walker_constellation(walker).propagate([0.0, 1000.0]).teme_km
    hops_km = np.linalg.norm(teme_km - np.roll(teme_km, 1, axis=0), axis=-1)
    assert hops_km == pytest.approx(3557, abs=8)
    assert hops_km.mean() / 299_792.458 == pytest.approx(11.86e-3, abs=2e-5)


def test_satellites_return_after_a_period():
    """After one nodal revolution a satellite is back within J2's drift."""
    walker = Walker(550, 53, 1, 1, 0)
    teme_km = walker_constellation(walker).propagate([0.0, walker.period_s]).teme_km[0]
    assert np.linalg.norm(teme_km[1] - teme_km[0]) < 60


def test_times_come_in_any_order_and_do_not_matter_together():
    """Propagating many times at once is the same as one at a time."""
    network = walker_constellation(Walker(550, 53, 6, 2, 1))
    together = network.propagate([500.5, -20.0, 0.0])
    for index, t_s in enumerate([500.5, -20.0, 0.0]):
        alone = network.propagate(t_s)
        assert np.array_equal(alone.teme_km[:, 0], together.teme_km[:, index])
        assert np.array_equal(alone.itrs_km[:, 0], together.itrs_km[:, index])


def test_moving_the_epoch_is_moving_the_time():
    """The same elements seen from an epoch 90 s later are 90 s earlier."""
    early = constellation(EPOCHS[1])
    late = replace(early, epoch=EPOCHS[1].replace(minute=47, second=0))
    shift = early.propagate([1090.0]).itrs_km - late.propagate([1000.0]).itrs_km
    assert np.abs(shift).max() < 1e-5


@pytest.mark.parametrize("times", [[float("nan")], [float("inf")], [1e12], [[0.0, 1.0]]])
def test_impossible_times_are_refused(times: list):
    """Times must be finite seconds in one list."""
    with pytest.raises(InputError, match="propagate: times_s"):
        walker_constellation(Walker(550, 53, 2, 1, 0)).propagate(times)


def test_sgp4_failure_names_satellite_and_time():
    """A satellite that has decayed is an error that says which, when and why."""
    elements = replace(odd_elements(EPOCHS[1]), bstar=np.array([0, 0, 0, 5.0, 0, 0, 0, 0]))
    falling = Constellation(tuple("abcdefgh"), elements, EPOCHS[1])
    with pytest.raises(InputError, match=r"^SGP4: d: cannot be propagated to t = 5e\+06 s: .+"):
        falling.propagate([5e6])


def test_positions_that_are_not_finite_are_refused():
    """So near the equator SGP4 divides by nothing in high orbits, says so in no way, and is found out."""
    tilted = walker_constellation(Walker(20_000, 1e-310, 4, 2, 1))
    with pytest.raises(
        InputError, match=r"^SGP4: sat-0: cannot be propagated to t = 5 s: its position is not"
    ):
        tilted.propagate([5.0, 10.0])


def test_lengths_must_agree():
    """Names, elements, planes and slots describe the same satellites."""
    with pytest.raises(InputError, match="constellation: elements: has 8 entries for 2 names"):
        Constellation(("a", "b"), odd_elements(EPOCHS[0]), EPOCHS[0])


def test_copies_and_pickles_propagate_alike():
    """A constellation survives copy and pickle, used before or not."""
    original = walker_constellation(Walker(550, 53, 6, 2, 1))
    expected = original.propagate([60.0]).itrs_km
    for twin in (copy.deepcopy(original), pickle.loads(pickle.dumps(original))):
        assert np.array_equal(twin.propagate([60.0]).itrs_km, expected)
        assert np.array_equal(twin.planes, original.planes)
