"""Rates as colours: the same in pictures and in files for maps and globes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

SATELLITE_COLOUR, STATION_COLOUR, TRACK_COLOUR = "#1f1f1f", "#009e73", "#8796a5"
"""On maps, which are light."""


class Palette(NamedTuple):
    """A stretch of one of matplotlib's colour maps.

    These maps have even steps to the eye with any colour vision (van der Walt and Smith 2015).
    """

    colour_map: str
    first: float
    last: float


ISL_ON_MAP, DOWNLINK_ON_MAP = Palette("viridis", 0.0, 0.85), Palette("inferno", 0.42, 0.8)
"""Not so light as to be lost on paper."""
ISL_ON_GLOBE, DOWNLINK_ON_GLOBE = Palette("viridis", 0.3, 1.0), Palette("inferno", 0.55, 0.85)
"""Not so dark as to be lost over oceans and before the night sky."""
_LOG_SPREAD = 20.0
"""Highest over lowest rate from which the scale is logarithmic."""
_FLAT_SPREAD = 1.02
"""Highest over lowest rate up to which all have one colour."""


@dataclass(frozen=True)
class RateScale:
    """Colours for rates from `low_bps` to `high_bps`.

    Args:
        low_bps: [bit/s] above 0.
        high_bps: [bit/s] not below `low_bps`.
        palette: the colours.
    """

    low_bps: float
    high_bps: float
    palette: Palette

    @property
    def flat(self) -> bool:
        """Whether the rates are so near to each other that they have one colour."""
        return self.high_bps <= _FLAT_SPREAD * self.low_bps

    @property
    def logarithmic(self) -> bool:
        """Whether equal steps of colour are equal ratios of rate, not equal differences."""
        return self.high_bps > _LOG_SPREAD * self.low_bps

    def shares(self, rate_bps: ArrayLike) -> NDArray[np.float64]:
        """Place of rates on the scale, 0 to 1 from its low to its high end; ½ where it is flat."""
        rates = np.asarray(rate_bps, dtype=np.float64)
        if self.flat:
            return np.full(rates.shape, 0.5)
        low, high = self.low_bps, self.high_bps
        if self.logarithmic:
            rates, low, high = np.log(rates), np.log(low), np.log(high)
        return np.asarray(np.clip((rates - low) / (high - low), 0.0, 1.0))

    def rgb(self, rate_bps: ArrayLike) -> NDArray[np.uint8]:
        """Red, green and blue of rates, shape (..., 3)."""
        return self.rgb_at(self.shares(rate_bps))

    def rgb_at(self, shares: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Red, green and blue of places on the scale, shape (..., 3)."""
        from matplotlib import colormaps

        name, first, last = self.palette
        colours = colormaps[name](first + (last - first) * shares, bytes=True)
        return np.asarray(colours, dtype=np.uint8)[..., :3]

    def hex(self, rate_bps: ArrayLike) -> list[str]:
        """``#rrggbb`` of N rates."""
        return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in self.rgb(rate_bps).tolist()]


def rate_scale(rates_bps: Iterable[NDArray[np.float64]], palette: Palette) -> RateScale | None:
    """The scale from the lowest to the highest of all rates above 0, None where there are none."""
    ends = [(used.min(), used.max()) for rates in rates_bps if len(used := rates[rates > 0])]
    if not ends:
        return None
    lows, highs = zip(*ends, strict=True)
    return RateScale(float(min(lows)), float(max(highs)), palette)
