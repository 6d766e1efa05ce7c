"""The batteries of a constellation while requests draw on them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from satllm_env.network import PowerSystem, run_battery
from satllm_env.problem.instance import Floats, Ints
from satllm_env.stream.calendar import Span

STEP_S = 60.0
"""[s] longest step of the integration."""


class _Draw(NamedTuple):
    """Power that a request takes of one satellite."""

    satellite: int
    start_s: float
    end_s: float
    power_w: float


class Batteries:
    """Charge of S batteries, integrated from one request to the next (`satllm_env.network.run_battery`).

    All are full at time 0. Panels give what the Sun in sight gives; the bus and the laser terminals at work
    are always on; processors and downlinks draw what requests have booked, when they work.

    Args:
        system: of each satellite.
        satellites: S.
        illumination: (S, T) [1] share of the Sun's disk in sight at (T,) [s].
    """

    def __init__(
        self, system: PowerSystem, satellites: int, illumination: Callable[[Floats], Floats]
    ) -> None:
        self.system, self._illumination = system, illumination
        self._charge: Floats = np.ones(satellites)
        self._draws: list[_Draw] = []
        self._now_s = 0.0

    @property
    def charge(self) -> Floats:
        """(S,) [1] share of each battery that is charged."""
        return self._charge.copy()

    @property
    def allow_full(self) -> NDArray[np.bool_]:
        """(S,) whether satellites compute in their full mode as far as their batteries go."""
        return np.asarray(self._charge >= 1.0 - self.system.depth_of_discharge)

    def advance(self, now_s: float, terminals: Ints) -> None:
        """Integrate up to a moment, not before the last one.

        Args:
            now_s: [s] on the stream's clock.
            terminals: (S,) laser links at work.
        """
        if now_s <= self._now_s:
            return
        steps = math.ceil((now_s - self._now_s) / STEP_S)
        times_s = np.linspace(self._now_s, now_s, steps + 1)
        drawn_w = self._drawn_w(times_s)
        trace = run_battery(
            self.system,
            times_s,
            self._illumination(times_s),
            load_w=self.system.load_w(terminals[:, None]),
            compute_w=drawn_w,
            lowered_compute_w=drawn_w,  # what is booked is done in the mode of its admission
            start_charge=self._charge,
        )
        self._charge, self._now_s = trace.charge_wh[:, -1] / self.system.battery_wh, now_s
        self._draws = [draw for draw in self._draws if draw.end_s > now_s]

    def draw(self, satellite: int, spans: tuple[Span, ...], power_w: float) -> None:
        """Book power of a satellite over spans of [s]."""
        self._draws += [_Draw(satellite, start, end, power_w) for start, end in spans]

    def _drawn_w(self, times_s: Floats) -> Floats:
        """(S, T − 1) [W] mean power booked in each step."""
        drawn_w = np.zeros((len(self._charge), len(times_s) - 1))
        for draw in self._draws:
            begin = np.maximum(times_s[:-1], draw.start_s)
            end = np.minimum(times_s[1:], draw.end_s)
            drawn_w[draw.satellite] += draw.power_w * np.clip(end - begin, 0.0, None)
        return drawn_w / np.diff(times_s)
