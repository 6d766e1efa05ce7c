"""Walker constellations: i:t/p/f in numbers, planes, slots and mean orbits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from satllm_env.errors import InputError
from satllm_env.network.checks import check_count, check_number
from satllm_env.network.constants import WGS72_MU_KM3_S2, WGS72_RADIUS_KM

MAX_SATELLITES = 100_000
RAAN_SPREAD_DEG = {"delta": 360.0, "star": 180.0}


@dataclass(frozen=True)
class Walker:
    """A Walker constellation of circular orbits, numbered plane by plane.

    Satellite ``plane · per_plane + slot`` starts at right ascension ``spread · plane / planes`` (spread
    360° for Delta, 180° for Star) and mean anomaly ``360° · (slot / per_plane + phasing · plane / total)``
    (Walker 1984, "Satellite constellations", J. Brit. Interplanet. Soc. 37).

    Args:
        altitude_km: [km] above the equatorial radius 6378.135 km, 100 to 40,000.
        inclination_deg: [deg] 0 to 180.
        total: number of satellites ``t``.
        planes: number of orbital planes ``p``; divides `total`.
        phasing: ``f``, 0 to ``planes − 1``.
        pattern: ``"delta"`` or ``"star"``.

    Raises:
        InputError: a value out of its range.
    """

    altitude_km: float
    inclination_deg: float
    total: int
    planes: int
    phasing: int
    pattern: Literal["delta", "star"] = "delta"

    def __post_init__(self) -> None:
        """Check the values."""
        check_number("walker", "altitude_km", self.altitude_km, 100, 40_000, " km")
        check_number("walker", "inclination_deg", self.inclination_deg, 0, 180, " deg")
        check_count("walker", "total", self.total, 1, MAX_SATELLITES)
        check_count("walker", "planes", self.planes, 1, self.total)
        check_count("walker", "phasing", self.phasing, 0, self.planes - 1)
        if self.total % self.planes:
            raise InputError("walker", "planes", f"{self.planes} does not divide {self.total} satellites")
        if self.pattern not in RAAN_SPREAD_DEG:
            raise InputError("walker", "pattern", f"must be 'delta' or 'star' (got {self.pattern!r})")

    @classmethod
    def parse(cls, text: str, source: str = "walker", pattern: Literal["delta", "star"] = "delta") -> Self:
        """Read ``ALT_KM,INC_DEG,T,P,F``.

        Raises:
            InputError: names `source` and the number at fault.
        """
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 5:
            raise InputError(source, "", f"must be ALT_KM,INC_DEG,T,P,F (got {text!r})")
        try:
            altitude, inclination = (_number(part, source, float) for part in parts[:2])
            total, planes, phasing = (_number(part, source, int) for part in parts[2:])
            return cls(float(altitude), float(inclination), int(total), int(planes), int(phasing), pattern)
        except InputError as error:
            raise InputError(source, error.field, error.problem) from None

    @property
    def per_plane(self) -> int:
        """Satellites in one plane."""
        return self.total // self.planes

    @property
    def plane_of(self) -> NDArray[np.int64]:
        """Plane of each satellite, shape (S,)."""
        return np.arange(self.total) // self.per_plane

    @property
    def slot_of(self) -> NDArray[np.int64]:
        """Slot of each satellite within its plane, shape (S,)."""
        return np.arange(self.total) % self.per_plane

    @property
    def raan_deg(self) -> NDArray[np.float64]:
        """[deg] right ascension of each satellite's ascending node at the epoch, shape (S,)."""
        return RAAN_SPREAD_DEG[self.pattern] * self.plane_of / self.planes

    @property
    def mean_anomaly_deg(self) -> NDArray[np.float64]:
        """[deg] mean anomaly of each satellite at the epoch, shape (S,)."""
        turns = self.slot_of / self.per_plane + self.phasing * self.plane_of / self.total
        return 360.0 * (turns % 1.0)

    @property
    def semi_major_axis_km(self) -> float:
        """[km] 6378.135 + altitude."""
        return WGS72_RADIUS_KM + self.altitude_km

    @property
    def mean_motion_rad_s(self) -> float:
        """[rad/s] ``sqrt(μ / a³)`` with the WGS72 μ (550 km: 15.0549 revolutions a day)."""
        return math.sqrt(WGS72_MU_KM3_S2 / self.semi_major_axis_km**3)

    @property
    def period_s(self) -> float:
        """[s] of one revolution."""
        return 2 * math.pi / self.mean_motion_rad_s

    @property
    def names(self) -> tuple[str, ...]:
        """``sat-0`` to ``sat-(S − 1)``."""
        return tuple(f"sat-{index}" for index in range(self.total))


def _number(text: str, source: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(text)
    except ValueError:
        article = "an integer" if kind is int else "a number"
        raise InputError(source, "", f"{text!r} is not {article}") from None
