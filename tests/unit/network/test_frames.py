"""TEME to ITRS."""

from datetime import UTC, datetime

import numpy as np
import pytest

from satllm_env.network.frames import earth_rotation_rad, gmst82_rad, teme_to_itrs

# Vallado, "Fundamentals of Astrodynamics", 4th edition, example 3-15 (also AIAA 2006-6753):
# 2004 April 6, 07:51:28.386009 UTC, TEME and the same position in the pseudo Earth-fixed frame
EPOCH = datetime(2004, 4, 6, 7, 51, 28, 386_009, tzinfo=UTC)
TEME_KM = np.array([5094.18016210, 6127.64465950, 6380.34453270])
PEF_KM = np.array([-1033.47503130, 7901.30558560, 6380.34453270])


def test_published_teme_to_earth_fixed_example():
    """The textbook's example comes out within 2 m, the error of UT1 between the two tables."""
    itrs_km = teme_to_itrs(TEME_KM[None, None, :], earth_rotation_rad(EPOCH, np.zeros(1)))
    assert itrs_km[0, 0] == pytest.approx(PEF_KM, abs=0.002)


def test_published_sidereal_time():
    """GMST82 at 1992 August 20, 12:14 UT1 is 152.578 787 886° (Vallado, example 3-5)."""
    angle = gmst82_rad(2_448_855.0, np.array([0.009722222]))
    assert np.degrees(angle[0]) == pytest.approx(152.578787886, abs=1e-5)


def test_the_earth_turns_once_in_a_sidereal_day():
    """After 86,164.0905 s the angle is the same again."""
    angles = earth_rotation_rad(EPOCH, np.array([0.0, 86_164.0905]))
    assert np.cos(angles[1] - angles[0]) == pytest.approx(1, abs=1e-12)


def test_rotation_keeps_lengths_and_the_pole():
    """A rotation about the pole changes neither radius nor z."""
    rng = np.random.default_rng(1)
    teme_km = rng.normal(size=(5, 3, 3)) * 7000
    itrs_km = teme_to_itrs(teme_km, rng.uniform(0, 7, 3))
    assert np.linalg.norm(itrs_km, axis=-1) == pytest.approx(np.linalg.norm(teme_km, axis=-1))
    assert np.array_equal(itrs_km[..., 2], teme_km[..., 2])
