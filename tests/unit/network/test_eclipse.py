"""The Earth's shadow, against the geometry of circular orbits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.errors import InputError
from satllm_env.network import Walker, walker_constellation
from satllm_env.network.eclipse import SUN_RADIUS_KM, illuminated_fraction
from satllm_env.network.sun import ASTRONOMICAL_UNIT_KM

R_KM = 6378.137
SUN_KM = np.array([ASTRONOMICAL_UNIT_KM, 0.0, 0.0])


def circular_orbit(altitude_km: float, beta_rad: float, points: int = 20_000) -> np.ndarray:
    """[km] points of a circular orbit whose plane is inclined by beta to the Sun's direction, (points, 3)."""
    angle = 2 * np.pi * (np.arange(points) + 0.5) / points
    nearest = np.array([np.cos(beta_rad), 0.0, np.sin(beta_rad)])  # of the plane, to the Sun
    return (R_KM + altitude_km) * (
        np.cos(angle)[:, None] * nearest + np.sin(angle)[:, None] * np.array([0.0, 1.0, 0.0])
    )


def analytic_share(altitude_km: float, beta_rad: float) -> float:
    """Share of a circular orbit in a cylindrical shadow."""
    radius_km = R_KM + altitude_km
    if abs(beta_rad) >= np.arcsin(R_KM / radius_km):
        return 0.0
    horizon_km = np.sqrt(altitude_km**2 + 2 * R_KM * altitude_km)
    return float(np.arccos(horizon_km / (radius_km * np.cos(beta_rad))) / np.pi)


def test_500_km_in_the_suns_plane_is_dark_for_0378_of_its_orbit():
    """The usual figure, by both shadows; the cone's counted from half the disk."""
    orbit_km = circular_orbit(500, 0.0)
    dark = [(illuminated_fraction(orbit_km, SUN_KM, shadow) < 0.5).mean() for shadow in SHADOWS]
    assert dark == pytest.approx([0.378, 0.378], abs=0.001)
    assert Walker(500, 53, 1, 1, 0).period_s / 60 == pytest.approx(94.5, abs=0.2)


SHADOWS = ("cylindrical", "conical")


@given(st.floats(300, 2000), st.floats(-1.5, 1.5))
def test_the_cylinder_darkens_the_analytic_share(altitude_km: float, beta_rad: float):
    """The share of a circular orbit in the cylinder follows the formula, none above the limiting beta."""
    dark = 1 - illuminated_fraction(circular_orbit(altitude_km, beta_rad), SUN_KM, "cylindrical")
    assert set(np.unique(dark)) <= {0.0, 1.0}
    # near the limit a step of the orbit decides
    assert dark.mean() == pytest.approx(analytic_share(altitude_km, beta_rad), abs=0.0011)


@given(st.floats(300, 2000))
def test_no_eclipse_above_the_limiting_beta(altitude_km: float):
    """A hair above ``asin(R / (R + h))`` no point is dark, a hair below some are."""
    limit = np.arcsin(R_KM / (R_KM + altitude_km))
    for beta_rad, dark in ((limit + 1e-4, False), (limit - 1e-3, True)):
        light = illuminated_fraction(circular_orbit(altitude_km, beta_rad), SUN_KM, "cylindrical")
        assert (light < 1).any() == dark


def cone_edges_km(depth_km: float) -> tuple[float, float]:
    """[km] distance from the shadow's axis of the umbra's and the penumbra's edge, by similar triangles."""
    umbra_sine = (SUN_RADIUS_KM - R_KM) / ASTRONOMICAL_UNIT_KM
    penumbra_sine = (SUN_RADIUS_KM + R_KM) / ASTRONOMICAL_UNIT_KM
    umbra = R_KM / np.sqrt(1 - umbra_sine**2) - depth_km * np.tan(np.arcsin(umbra_sine))
    penumbra = R_KM / np.sqrt(1 - penumbra_sine**2) + depth_km * np.tan(np.arcsin(penumbra_sine))
    return float(umbra), float(penumbra)


@given(st.floats(500, 50_000), st.floats(0, 2 * np.pi))
def test_the_cone_has_its_umbra_and_penumbra_where_tangents_cross(depth_km: float, around: float):
    """Dark inside the inner tangent cone, lit outside the outer one, and between 0 and 1 between them."""

    def light(across_km: float) -> float:
        point = np.array([-depth_km, across_km * np.cos(around), across_km * np.sin(around)])
        return float(illuminated_fraction(point, SUN_KM))

    umbra_km, penumbra_km = cone_edges_km(depth_km)
    within = [light(umbra_km + share * (penumbra_km - umbra_km)) for share in (-0.01, 0.01, 0.5, 0.99, 1.01)]
    assert within[0] == pytest.approx(0, abs=1e-7)
    assert within[0] < within[1] < within[2] < within[3] < within[4]
    assert within[4] == pytest.approx(1, abs=1e-7)


def test_light_falls_smoothly_through_the_penumbra():
    """From light to dark the fraction never rises and never jumps, and takes some 8 s at 500 km."""
    angle = np.linspace(0, np.pi, 500_001)
    orbit_km = (R_KM + 500) * np.column_stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)])
    light = illuminated_fraction(orbit_km, SUN_KM)
    assert (light[0], light[-1]) == (1, 0)
    assert np.diff(light).max() <= 1e-7
    assert np.abs(np.diff(light)).max() < 4e-3
    penumbra_s = ((light > 0) & (light < 1)).mean() / 2 * Walker(500, 53, 1, 1, 0).period_s
    assert penumbra_s == pytest.approx(8.4, abs=0.5)


def test_the_fraction_is_the_share_of_rays_that_pass_the_earth():
    """Against counting the points of the Sun's disk that a satellite sees past the Earth."""
    rng = np.random.default_rng(4)
    radius, turn = SUN_RADIUS_KM * np.sqrt(rng.random(40_000)), 2 * np.pi * rng.random(40_000)
    umbra_km, penumbra_km = cone_edges_km(3000.0)
    for share in (0.1, 0.35, 0.5, 0.8):
        satellite_km = np.array([-3000.0, umbra_km + share * (penumbra_km - umbra_km), 0.0])
        disk_km = SUN_KM + np.column_stack([0 * radius, radius * np.cos(turn), radius * np.sin(turn)])
        ray = disk_km - satellite_km
        along = -(ray @ satellite_km) / (ray**2).sum(axis=1)
        passes = np.linalg.norm(satellite_km + along[:, None] * ray, axis=1) > R_KM
        assert illuminated_fraction(satellite_km, SUN_KM) == pytest.approx(passes.mean(), abs=0.012)


def test_far_beyond_the_umbra_the_eclipse_is_annular():
    """Two million kilometres behind the Earth its disk covers its own share of the Sun's."""
    far_km = np.array([-2e6, 0.0, 0.0])
    ratio = np.arcsin(R_KM / 2e6) / np.arcsin(SUN_RADIUS_KM / (ASTRONOMICAL_UNIT_KM + 2e6))
    assert illuminated_fraction(far_km, SUN_KM) == pytest.approx(1 - ratio**2)


def test_shapes_follow_the_satellites():
    """(S, T, 3) positions and (T, 3) Suns give (S, T), the same as one at a time."""
    constellation = walker_constellation(Walker(550, 53, 12, 3, 1))
    teme_km = constellation.propagate(np.linspace(0, 6000, 9)).teme_km
    suns_km = np.linspace(1, 1.01, 9)[:, None] * SUN_KM
    for shadow in SHADOWS:
        light = illuminated_fraction(teme_km, suns_km, shadow)
        assert light.shape == (12, 9)
        assert len(np.unique(light)) > 1
        assert light[5, 3] == illuminated_fraction(teme_km[5, 3], suns_km[3], shadow)


def test_unknown_shadows_are_refused():
    """The two shadows are named."""
    with pytest.raises(InputError, match="eclipse: shadow: must be 'conical' or 'cylindrical'"):
        illuminated_fraction(SUN_KM, SUN_KM, "square")
