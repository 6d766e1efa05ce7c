"""A satellite's power: what its panels give and its parts take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satllm_env.network.checks import check_number, check_positive


@dataclass(frozen=True)
class PowerSystem:
    """Battery, panels and loads, the same on every satellite.

    Args:
        battery_wh: [Wh] of the battery when full.
        panel_w: [W] of the panels, square to the full Sun.
        bus_w: [W] that is always on: attitude, heaters, computer, receivers.
        laser_w: [W] of one laser terminal at work. Terminals take 10 to 100 W; the middle is an assumption.
        downlink_w: [W] of the transmitter to the ground while it sends; an assumption.
        panel_factor: [1] share of `panel_w` that arrives, above 0 to 1. 1 is panels that track the Sun; the
            mean of a flat panel's cosine over the sunlit orbit, temperature and ageing go in here.
        charge_efficiency: [1] of the energy put into the battery, the share that comes out again, above 0
            to 1; an assumption for lithium-ion cells.
        depth_of_discharge: [1] share of the battery that may be used before compute is lowered, 0 to 1:
            0.30 to 0.35 lets cells last for the tens of thousands of cycles of a low orbit.

    Raises:
        InputError: a value out of its range.
    """

    battery_wh: float
    panel_w: float
    bus_w: float
    laser_w: float = 50.0
    downlink_w: float = 50.0
    panel_factor: float = 1.0
    charge_efficiency: float = 0.9
    depth_of_discharge: float = 0.3

    def __post_init__(self) -> None:
        """Check the values."""
        check_positive("power", "battery_wh", self.battery_wh)
        for field in ("panel_w", "bus_w", "laser_w", "downlink_w"):
            check_number("power", field, getattr(self, field), 0)
        for field in ("panel_factor", "charge_efficiency"):
            check_positive("power", field, getattr(self, field))
            check_number("power", field, getattr(self, field), 0, 1)
        check_number("power", "depth_of_discharge", self.depth_of_discharge, 0, 1)

    def supply_w(self, illumination: ArrayLike) -> NDArray[np.float64]:
        """[W] from the panels at a share of the Sun's disk in sight, any shape."""
        return self.panel_w * self.panel_factor * np.asarray(illumination, dtype=np.float64)

    def load_w(self, terminals: ArrayLike = 0, downlinks: ArrayLike = 0) -> NDArray[np.float64]:
        """[W] of all but compute, for numbers of terminals and downlinks at work, shapes that broadcast."""
        return self.bus_w + self.laser_w * np.asarray(terminals) + self.downlink_w * np.asarray(downlinks)
