"""What lies between the ground and the picture: light, haze, clouds, optics and the sensor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from satllm_env.nets.landcover.difficulty import Difficulty
from satllm_env.nets.landcover.draws import Draws, Floats
from satllm_env.nets.landcover.fields import TABLE, Frame, frame, mix, noise_of, shade, smooth
from satllm_env.nets.landcover.ground import Ground, Sun

EXPOSURE = np.float32(1.35)
CLOUD_OCTAVES = ((0.55, 1), (0.27, 2), (0.18, 4))
"""Weight of each noise and what its grains' size is divided by."""


def photograph(draws: Draws, ground: Ground, sun: Sun, difficulty: Difficulty) -> NDArray[np.uint8]:
    """(B, 64, 64, 3) picture of the ground as a satellite's camera takes it."""
    strength = draws.scalar(0.10, 0.32)
    light: Floats = shade(ground.relief_px, (sun.u * strength, sun.v * strength))
    light = light * draws.scalar(1 - difficulty.gain, 1 + difficulty.gain)
    tint = draws.uniform(1 - difficulty.tint, 1 + difficulty.tint, (1, 1, 3))
    seen: Floats = ground.colour * light[..., None] * tint
    cloudy = np.flatnonzero(draws.chance(difficulty.cloudy))
    if len(cloudy):
        above = Sun(sun.u[cloudy], sun.v[cloudy])
        seen[cloudy] = _under_clouds(draws.rows(cloudy), seen[cloudy], above, difficulty)
    haze = draws.colour((0.24, 0.27, 0.32), (0.36, 0.38, 0.41))
    seen = mix(seen, haze, draws.scalar(0, difficulty.haze))
    return _developed(draws, _blurred(seen, draws.scalar(0.2, difficulty.blur)), difficulty)


def _under_clouds(draws: Draws, seen: Floats, sun: Sun, difficulty: Difficulty) -> Floats:
    """Clouds between the camera and the ground, with the shadows they throw."""
    sky = frame(draws, warp_px=4)
    size_px, low, away_px = draws.scalar(14, 40), draws.scalar(difficulty.clear, 0.95), draws.scalar(4, 12)
    opacity = draws.scalar(0.3, 1.0)
    tables = [draws.uniform(shape=(TABLE * TABLE,)) for _ in CLOUD_OCTAVES]
    cloud = opacity * _cloud(tables, sky, size_px, low)
    shadow = opacity * _cloud(tables, sky.moved(sun.u * away_px, sun.v * away_px), size_px, low)
    white = draws.colour((0.70, 0.71, 0.73), (0.95, 0.95, 0.96), 0.01)
    return mix(seen * (1 - 0.55 * shadow)[..., None], white, cloud)


def _cloud(tables: list[Floats], sky: Frame, size_px: Floats, low: Floats) -> Floats:
    """(B, 64, 64) share of light that clouds hold back: where their noise exceeds `low`."""
    density = np.zeros_like(sky.u)
    for table, (weight, divisor) in zip(tables, CLOUD_OCTAVES, strict=True):
        density += np.float32(weight) * noise_of(table, sky, size_px / divisor, size_px / divisor)
    return smooth(density, low, low + np.float32(0.18))


def _blurred(seen: Floats, share: Floats) -> Floats:
    """Spread a share of each pixel's light over its neighbours, 1-2-1 in each direction."""
    padded = np.pad(seen, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    both = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    return mix(seen, both, share)


def _developed(draws: Draws, seen: Floats, difficulty: Difficulty) -> NDArray[np.uint8]:
    """Square-root tone curve, triangular noise, eight bits."""
    tone = np.sqrt(np.clip(seen * EXPOSURE, 0, 1))
    noise = draws.uniform(shape=seen.shape[1:]) + draws.uniform(shape=seen.shape[1:]) - 1
    noisy = tone + draws.scalar(0.0, difficulty.noise)[..., None] * noise
    levels: NDArray[np.uint8] = np.floor(np.clip(noisy, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)
    return levels
