"""Interpolated positions, against SGP4 at the same times."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import Constellation, Walker, walker_constellation
from satllm_env.network.epochs import julian_utc
from satllm_env.network.interpolation import InterpolatedEphemeris, interpolate
from tests.unit.network.shapes import MOLNIYA, any_orbit, orbits, spread

WALKER = Walker(550, 53, 12, 3, 1)


@pytest.fixture(scope="module")
def constellation() -> Constellation:
    """Twelve satellites at 550 km."""
    return walker_constellation(WALKER)


@pytest.fixture(scope="module")
def hour(constellation: Constellation) -> InterpolatedEphemeris:
    """An hour of theirs, from half an hour before the epoch."""
    return interpolate(constellation, -1800.0, 1800.0)


def errors_m(constellation: Constellation, ephemeris: InterpolatedEphemeris, count: int) -> np.ndarray:
    """[m] greatest distance of each satellite from SGP4 at random times, shape (S,)."""
    times_s = np.random.default_rng(7).uniform(ephemeris.start_s, ephemeris.end_s, count)
    exact, found = constellation.propagate(times_s), ephemeris.propagate(times_s)
    apart_m = 1000 * np.linalg.norm(exact.itrs_km - found.itrs_km, axis=-1)
    assert np.linalg.norm(exact.teme_km - found.teme_km, axis=-1) * 1000 == pytest.approx(apart_m, abs=1e-5)
    return apart_m.max(axis=1)


@settings(max_examples=40)
@given(any_orbit(), st.floats(-1e6, 1e6), st.floats(60, 40_000), st.sampled_from([0.01, 1.0, 100.0]))
def test_positions_are_within_the_stated_bound(
    constellation: Constellation, start_s: float, span_s: float, tolerance_m: float
):
    """No orbit, span or tolerance puts a position further from SGP4's than the bound says."""
    ephemeris = interpolate(constellation, start_s, start_s + span_s, tolerance_m)
    assert (errors_m(constellation, ephemeris, 600) <= ephemeris.error_bound_m).all()


@settings(max_examples=40)
@given(
    st.floats(300, 2000),
    st.floats(0, 0.18),
    st.floats(0, 179),
    st.sampled_from([0.01, 1.0, 100.0]),
)
def test_the_step_meets_the_tolerance_in_low_orbits(
    perigee_km: float, eccentricity: float, inclination_deg: float, tolerance_m: float
):
    """Orbits of less than 225 minutes are smooth: the bound is at most the tolerance, and not idly so."""
    low = orbits(perigee_km, eccentricity, inclination_deg, spread(6))
    bound_m = interpolate(low, 0.0, 40_000.0, tolerance_m).error_bound_m.max()
    assert tolerance_m / 10 < bound_m <= tolerance_m


def test_the_step_meets_the_tolerance_on_long_orbits():
    """At a perigee of 500 km and an apogee of 40,000 km the quick perigee sets the step."""
    ephemeris = interpolate(orbits(**MOLNIYA, angles_deg=spread(4)), 0.0, 90_000.0)
    assert 0.1 < ephemeris.error_bound_m.max() <= 1.0
    assert ephemeris.step_s < 80


def test_smooth_motion_is_nearer_than_the_bound_by_the_constant_stated(constellation: Constellation):
    """The remainder of degree 7 is 58 times less than a sixteenth of the eighth difference."""
    ephemeris = interpolate(constellation, 0.0, 20_000.0)
    share = errors_m(constellation, ephemeris, 4000) / ephemeris.error_bound_m
    assert share == pytest.approx(16 * (105 / 16) ** 2 / 40_320, rel=0.1)


def test_the_bound_covers_the_jumps_of_sgp4():
    """Two of these orbits pass an inclination of 0.2 rad and jump by a kilometre there."""
    crossing = orbits(4246.0, 0.6, np.degrees(0.2 - 2e-4), spread(12))
    ephemeris = interpolate(crossing, 0.0, 86_400.0, 0.01)
    bound_m, error_m = ephemeris.error_bound_m, errors_m(crossing, ephemeris, 10_000)
    assert (error_m > 500).sum() == 2
    assert np.array_equal(bound_m > 0.01, error_m > 0.01)
    assert (error_m <= bound_m).all()


def test_rates_are_those_of_the_positions(constellation: Constellation, hour: InterpolatedEphemeris):
    """Velocities in ITRS agree with differences of SGP4's positions to 1 mm/s."""
    times_s = np.linspace(-1799.0, 1799.0, 500)
    ahead, behind = (constellation.propagate(times_s + shift).itrs_km for shift in (0.01, -0.01))
    sat = np.arange(len(constellation))[:, None]
    assert hour.itrs_km_s(sat, times_s) == pytest.approx((ahead - behind) / 0.02, abs=1e-6)


def test_sgp4_velocities_are_no_rates_of_its_positions(constellation: Constellation):
    """They are off by centimetres a second and more, so they are not what to interpolate with."""
    times_s = np.linspace(0.0, 6000.0, 200)
    ahead, behind = (constellation.propagate(times_s + shift).teme_km for shift in (0.01, -0.01))
    day, fraction = julian_utc(constellation.epoch)
    _, _, velocity_km_s = constellation.satrecs.sgp4(np.full(200, day), fraction + times_s / 86_400)
    off_m_s = 1000 * np.linalg.norm((ahead - behind) / 0.02 - velocity_km_s, axis=-1)
    assert 0.01 < off_m_s.max() < 0.1


def test_knots_are_as_propagated(constellation: Constellation, hour: InterpolatedEphemeris):
    """At the knots, the two ends among them, positions are SGP4's to rounding."""
    exact = constellation.propagate(hour.knots_s)
    assert (hour.knots_s[0], hour.knots_s[-1]) == (-1800.0, 1800.0)
    assert np.array_equal(hour.knots_km, exact.itrs_km.transpose(1, 0, 2))
    assert hour.propagate(hour.knots_s).itrs_km == pytest.approx(exact.itrs_km, abs=1e-9)


def test_pairs_are_entries_of_the_whole_table(hour: InterpolatedEphemeris):
    """Satellites at times of their own, of any shape that broadcasts, are where the whole table has them."""
    times_s = np.array([-1800.0, -77.7, 0.0, 1234.5, 1800.0])
    table = hour.propagate(times_s)
    everyone = np.arange(12)[:, None]
    assert hour.itrs_km(everyone, times_s) == pytest.approx(table.itrs_km, abs=1e-9)
    assert hour.teme_km(everyone, times_s) == pytest.approx(table.teme_km, abs=1e-9)
    assert hour.itrs_km([3, 7], times_s[:2]) == pytest.approx(table.itrs_km[[3, 7], [0, 1]], abs=1e-9)
    assert hour.itrs_km(5, 1234.5) == pytest.approx(table.itrs_km[5, 3], abs=1e-9)
    assert hour.itrs_km(5, 1234.5).shape == (3,)


def test_a_short_span_takes_one_step(constellation: Constellation):
    """A span of a millisecond is as good as any other."""
    blink = interpolate(constellation, 100.0, 100.001)
    assert blink.intervals == 1
    assert blink.propagate(100.0005).itrs_km == pytest.approx(
        constellation.propagate(100.0005).itrs_km, abs=1e-8
    )


@pytest.mark.parametrize("t_s", [-1800.1, 1800.1, float("nan")])
def test_times_beyond_the_span_are_refused(hour: InterpolatedEphemeris, t_s: float):
    """Nothing is extrapolated."""
    for ask in (hour.propagate, lambda t: hour.itrs_km(0, t), lambda t: hour.itrs_km_s(0, t)):
        with pytest.raises(InputError, match="interpolation: times_s: must be from -1800 to 1800 s"):
            ask(t_s)


@pytest.mark.parametrize(
    ("span", "tolerance_m", "problem"),
    [
        ((0.0, 0.0), 1.0, "interpolation: end_s: must be after the start, 0 s"),
        ((5.0, 4.0), 1.0, "interpolation: end_s: must be after the start, 5 s"),
        ((0.0, float("inf")), 1.0, "interpolation: end_s: must be a finite number"),
        ((-1e11, 0.0), 1.0, "interpolation: start_s: must be from"),
        ((0.0, 1.0), 1e-3, "interpolation: tolerance_m: must be from 0.01 to 100 m"),
    ],
)
def test_impossible_spans_and_tolerances_are_refused(
    constellation: Constellation, span: tuple[float, float], tolerance_m: float, problem: str
):
    """Empty spans, endless ones, and tolerances that SGP4's rounding does not allow."""
    with pytest.raises(InputError, match=problem):
        interpolate(constellation, *span, tolerance_m)
