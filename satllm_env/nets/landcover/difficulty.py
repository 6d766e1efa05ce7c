"""How hard the images are: the nuisances and overlaps that differ between the named data sets."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from satllm_env.errors import InputError


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Ranges that images are drawn from; the larger, the harder.

    Args:
        name: of the data set.
        mixed: chance that a second cover shares an image.
        largest_share: of the image that the second cover takes; the label's own is the rest.
        cloudy: chance of clouds.
        clear: the lower, the more of a cloudy image may be covered.
        haze: largest share of haze.
        tint: largest deviation of a channel's gain, by season and calibration.
        gain: largest deviation of the brightness.
        blur: largest share of a pixel's light that falls on its neighbours.
        noise: largest half width of the sensor's noise, of full scale.
        highway_px: least half width of a highway; lanes reach up to 0.9.
        river_px: least half width of a river.
    """

    name: str
    mixed: float
    largest_share: float
    cloudy: float
    clear: float
    haze: float
    tint: float
    gain: float
    blur: float
    noise: float
    highway_px: float
    river_px: float


EASIER = Difficulty(
    "landcover", mixed=0.4, largest_share=0.32, cloudy=0.2, clear=0.65, haze=0.25, tint=0.08, gain=0.2,
    blur=0.5, noise=0.035, highway_px=1.4, river_px=2.4,
)  # fmt: skip
HARDER = Difficulty(
    "landcover-hard", mixed=0.5, largest_share=0.38, cloudy=0.25, clear=0.6, haze=0.35, tint=0.10, gain=0.25,
    blur=0.6, noise=0.05, highway_px=1.2, river_px=2.0,
)  # fmt: skip

DIFFICULTIES = MappingProxyType({entry.name: entry for entry in (EASIER, HARDER)})
"""The data sets by name."""


def difficulty(name: str) -> Difficulty:
    """Look a data set's difficulty up.

    Raises:
        InputError: no data set has that name; the message lists those that exist.
    """
    try:
        return DIFFICULTIES[name]
    except KeyError:
        raise InputError("data", name, f"unknown; known are {', '.join(DIFFICULTIES)}") from None
