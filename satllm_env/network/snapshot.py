"""The network at one moment, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.topology import Topology


@dataclass(frozen=True, eq=False)
class IslTable:
    """Inter-satellite links, one row per pair of the topology, in its order; all shapes (K,)."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    length_m: NDArray[np.float64]
    line_of_sight: NDArray[np.bool_]
    rate_bps: NDArray[np.float64]
    """[bit/s] in each direction; 0 without line of sight, or where the link does not close."""
    latency_s: NDArray[np.float64]
    """[s] propagation, length over the speed of light."""

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Whether a row carries anything, shape (K,)."""
        return self.rate_bps > 0


@dataclass(frozen=True, eq=False)
class GroundTable:
    """Satellites above stations' horizons, by station, then satellite; all shapes (R,)."""

    gid: NDArray[np.int64]
    sat: NDArray[np.int64]
    range_m: NDArray[np.float64]
    elevation_deg: NDArray[np.float64]
    """[deg] 0 or more."""
    visible: NDArray[np.bool_]
    """Whether the elevation is at least the network's minimum."""
    rate_bps: NDArray[np.float64]
    """[bit/s] satellite to ground; 0 where not visible, or too weak for the modem."""
    latency_s: NDArray[np.float64]
    """[s] propagation, range over the speed of light."""

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Whether a row carries anything, shape (R,)."""
        return self.rate_bps > 0

    def rows(self, start: int, end: int) -> Self:
        """Rows `start` to `end`, the last left out."""
        return type(self)(*(getattr(self, field.name)[start:end] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Positions, inter-satellite links and ground contacts at one time."""

    t_s: float
    """[s] after the constellation's epoch."""
    teme_km: NDArray[np.float64]
    """[km] inertial, shape (S, 3)."""
    itrs_km: NDArray[np.float64]
    """[km] fixed to the Earth, shape (S, 3)."""
    isl: IslTable
    ground: GroundTable
    topology: Topology
    """The links of this time: the rows of `isl` are its pairs."""
