"""What a link budget is: a rate from a distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.checks import check_positive

Array = NDArray[np.float64]


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
    """The same rate at any distance, as an inter-satellite or a downlink budget.

    Args:
        fixed_bps: [bit/s] above zero.

    Raises:
        InputError: a rate that is not above zero.
    """

    fixed_bps: float

    def __post_init__(self) -> None:
        """Check the values."""
        check_positive("fixed rate", "fixed_bps", self.fixed_bps)

    def rate_bps(self, distance_m: Array, elevation_deg: Array | None = None) -> Array:
        """[bit/s] `fixed_bps` for every distance, in the shape of `distance_m`."""
        return np.full(np.shape(distance_m), self.fixed_bps)


def capped(rate_bps: Array, cap_bps: float | None) -> Array:
    """[bit/s] at most `cap_bps`, where there is a cap."""
    return rate_bps if cap_bps is None else np.minimum(rate_bps, cap_bps)
