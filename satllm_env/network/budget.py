"""What a link budget is: a rate from a distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from satllm_env.network.arrays import Array, Numbers
from satllm_env.network.checks import check_positive


class IslBudget(Protocol):
    """Rate of a clear link between two satellites."""

    def rate_bps(self, distance_m: Array) -> Array:
        """[bit/s] from [m], any shape."""


class DownlinkBudget(Protocol):
    """Rate of a link from a satellite to a ground station."""

    def rate_bps(self, distance_m: Array, elevation_deg: Array) -> Array:
        """[bit/s] from [m] and [deg], any shape, equal shapes."""


@dataclass(frozen=True)
class FixedRate:
    """One rate up to a range, as an inter-satellite or a downlink budget.

    Args:
        fixed_bps: [bit/s] above zero.
        max_range_m: [m] farthest that the link closes; None is any distance.

    Raises:
        InputError: a value that is not above zero.
    """

    fixed_bps: float
    max_range_m: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        check_positive("fixed rate", "fixed_bps", self.fixed_bps)
        if self.max_range_m is not None:
            check_positive("fixed rate", "max_range_m", self.max_range_m)

    def rate_bps(self, distance_m: Array, elevation_deg: Array | None = None) -> Array:
        """[bit/s] `fixed_bps`, or 0 beyond the range, in the shape of `distance_m`."""
        return within(self.max_range_m, distance_m, np.full(np.shape(distance_m), self.fixed_bps))


def capped(rate_bps: Array, cap_bps: float | None) -> Array:
    """[bit/s] at most `cap_bps`, where there is a cap."""
    return rate_bps if cap_bps is None else np.minimum(rate_bps, cap_bps)


def within(max_range_m: float | None, distance_m: Array, rate_bps: Array) -> Array:
    """[bit/s] 0 beyond `max_range_m`, where there is one."""
    return rate_bps if max_range_m is None else np.where(distance_m <= max_range_m, rate_bps, 0.0)


def station_rates_bps(
    budgets: Sequence[DownlinkBudget], gid: Numbers, distance_m: Array, elevation_deg: Array
) -> Array:
    """[bit/s] of links to several stations, each by its own station's budget.

    Args:
        budgets: one per station, by gid.
        gid: station of each link, shape (R,).
        distance_m: [m] shape (R,).
        elevation_deg: [deg] shape (R,).
    """
    rate_bps = np.zeros_like(distance_m)
    for station, budget in enumerate(budgets):
        rows = np.flatnonzero(gid == station)
        rate_bps[rows] = budget.rate_bps(distance_m[rows], elevation_deg[rows])
    return rate_bps
