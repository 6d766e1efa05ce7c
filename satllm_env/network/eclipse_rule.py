"""What satellites do without in the Earth's shadow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.checks import check_number
from satllm_env.network.eclipse import ShadowModel, check_shadow


@dataclass(frozen=True)
class EclipseRule:
    """Which satellites count as in eclipse, and what they may do there.

    Args:
        shadow: shape of the Earth's shadow.
        sunlit_from: [1] a satellite is sunlit while it sees at least this share of the Sun's disk, above 0
            to 1. With half the disk the cone's eclipse is about as long as the cylinder's.
        downlink_in_eclipse: whether satellites in eclipse send to the ground.
        modes: the compute mode to change to in eclipse, by the name of the sunlit mode, such as
            ``{"orin-64gb-50w": "orin-64gb-15w"}``; a mode not named here stays. Names mean nothing here.

    Raises:
        InputError: a value out of its range.
    """

    shadow: ShadowModel = "conical"
    sunlit_from: float = 0.5
    downlink_in_eclipse: bool = True
    modes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values."""
        check_shadow(self.shadow)
        check_number("eclipse", "sunlit_from", self.sunlit_from, 1e-6, 1)

    def sunlit(self, illumination: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether satellites are sunlit, from their share of the Sun's disk, any shape."""
        return illumination >= self.sunlit_from

    def mode(self, sunlit_mode: str, sunlit: bool) -> str:
        """The compute mode of a satellite whose mode in sunlight is `sunlit_mode`."""
        return sunlit_mode if sunlit else self.modes.get(sunlit_mode, sunlit_mode)
