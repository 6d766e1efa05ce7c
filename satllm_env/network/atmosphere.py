"""Atmospheric loss of a downlink as a function of elevation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from satllm_env.errors import InputError
from satllm_env.network.arrays import Array
from satllm_env.network.checks import check_number


@dataclass(frozen=True)
class AtmosphericLoss:
    """Loss given at a few elevations, interpolated linearly in the path length ``1 / sin(elevation)``.

    Through a flat layer the loss is proportional to that path length, so it is the natural coordinate
    between the points. Below the lowest point the last slope goes on: the loss grows without bound
    towards the horizon. Above the highest point, which should be 90°, the first slope goes on.

    Args:
        elevation_deg: [deg] ascending, above 0 to 90, at least two.
        loss_db: [dB] at those elevations, not negative, not less at the lowest than at the next. The
            defaults, 5 / 2 / 1 dB at 10° / 30° / 90°, are an assumption about moderate Ka-band weather.

    Raises:
        InputError: lists that do not fit.
    """

    elevation_deg: tuple[float, ...] = (10.0, 30.0, 90.0)
    loss_db: tuple[float, ...] = (5.0, 2.0, 1.0)

    def __post_init__(self) -> None:
        """Check the values."""
        source = "atmospheric loss"
        if len(self.elevation_deg) < 2 or len(self.elevation_deg) != len(self.loss_db):
            raise InputError(source, "loss_db", "needs one value per elevation, at least two")
        for elevation, loss in zip(self.elevation_deg, self.loss_db, strict=True):
            check_number(source, "elevation_deg", elevation, 0.1, 90, " deg")
            check_number(source, "loss_db", loss, 0)
        if any(np.diff(self.elevation_deg) <= 0):
            raise InputError(source, "elevation_deg", "must ascend")
        if self.loss_db[1] > self.loss_db[0]:
            raise InputError(source, "loss_db", "must not rise from the lowest elevation to the next")

    def at_db(self, elevation_deg: Array) -> Array:
        """[dB] at [deg] above 0 to 90, any shape; infinite at and below the horizon."""
        elevation = np.asarray(elevation_deg, dtype=np.float64)
        up = elevation > 0
        path = 1 / np.sin(np.radians(np.where(up, elevation, 90.0)))
        knots, losses, slopes = self._segments
        segment = np.searchsorted(knots[1:-1], path)
        loss = losses[segment] + slopes[segment] * (path - knots[segment])
        return np.where(up, np.maximum(loss, 0.0), np.inf)

    @cached_property
    def _segments(self) -> tuple[Array, Array, Array]:
        """Path lengths [1] ascending and losses [dB] at them, shapes (K,); slopes between, (K − 1,)."""
        knots = 1 / np.sin(np.radians(self.elevation_deg[::-1]))
        losses = np.asarray(self.loss_db[::-1], dtype=np.float64)
        return knots, losses, np.diff(losses) / np.diff(knots)
