"""Noise, layouts and light that the land-cover images are made of."""

import numpy as np

from satllm_env.nets.landcover.draws import Draws
from satllm_env.nets.landcover.fields import Bricks, direction, fractal, frame, noise, shade, turned


def draws(count: int = 6) -> Draws:
    """Generators of some images."""
    return Draws.of_images(3, indices=range(count))


def test_directions_are_unit_vectors_at_about_their_angle() -> None:
    """The parabola's angle is that of the turn to 4 degrees, its length one to rounding."""
    turn = np.linspace(-1, 2, 997, dtype=np.float32)
    cosine, sine = direction(turn)
    np.testing.assert_allclose(np.hypot(cosine, sine), 1, atol=1e-6)
    off = np.angle(np.exp(1j * (np.arctan2(sine, cosine) - 2 * np.pi * turn)))
    assert np.degrees(np.abs(off).max()) < 4


def test_noise_stays_in_its_range_and_fills_it() -> None:
    """Plain noise lies in 0 to 1, fractal noise in ±1, both about their middle."""
    plain, summed = noise(draws(50), 8), fractal(draws(50), (2, 4, 8))
    assert plain.dtype == summed.dtype == np.float32
    assert 0 <= plain.min() < 0.1
    assert 0.9 < plain.max() <= 1
    assert abs(plain.mean() - 0.5) < 0.02
    assert np.abs(summed).max() <= 1
    assert abs(summed.mean()) < 0.05


def test_frames_turn_without_stretching() -> None:
    """A turned frame keeps distances, and a point seen from another lies where the frame says."""
    place = turned(draws())
    step = np.hypot(np.diff(place.u, axis=2), np.diff(place.v, axis=2))
    np.testing.assert_allclose(step, 1, atol=1e-4)
    one = np.ones((6, 1, 1), np.float32)
    moved = place.moved(3 * one, 2 * one)
    np.testing.assert_allclose(moved.u[:, :-2, :-3], place.u[:, 2:, 3:], atol=1e-4)
    np.testing.assert_allclose(moved.v[:, :-2, :-3], place.v[:, 2:, 3:], atol=1e-4)


def test_bricks_tile_the_plane() -> None:
    """Pixels lie inside their rectangle, and each rectangle of a grid has one value."""
    some = draws()
    size_px = np.full((6, 1, 1), 10, np.float32)
    cells = Bricks(some, size_px, 2 * size_px, shifted=False).at(frame(some))
    assert cells.edge_px.min() >= -1e-3
    assert (np.abs(cells.across_px) <= 5 + 1e-3).all()
    assert (np.abs(cells.along_px) <= 10 + 1e-3).all()
    values = cells.value(some)
    keys = cells.row[0] * 1000 + cells.column[0]
    for key in np.unique(keys):
        assert len(np.unique(values[0][keys == key])) == 1


def test_slopes_towards_the_sun_are_bright() -> None:
    """A plane that falls towards the sun is lighter than flat ground, the other side darker."""
    slope = np.broadcast_to(-np.arange(64, dtype=np.float32), (1, 64, 64))
    sun = (np.full((1, 1, 1), 0.1, np.float32), np.zeros((1, 1, 1), np.float32))
    np.testing.assert_allclose(shade(slope, sun), 1.2, atol=1e-5)
    np.testing.assert_allclose(shade(-slope, sun), 0.8, atol=1e-5)
    np.testing.assert_allclose(shade(0 * slope, sun), 1)
