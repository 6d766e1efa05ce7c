"""Positions between propagated times, by interpolation with a stated error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from satllm_env.errors import InputError
from satllm_env.network.arrays import Array, Numbers
from satllm_env.network.checks import check_number
from satllm_env.network.constants import WGS72_MU_KM3_S2
from satllm_env.network.elements import MeanElements
from satllm_env.network.frames import earth_rotation_rad, teme_to_itrs
from satllm_env.network.orbits import MAX_TIME_S, Constellation, Ephemeris

POINTS = 8
"""Samples that a position is interpolated from, half of them on either side."""
LEAST_TOLERANCE_M, GREATEST_TOLERANCE_M = 0.01, 100.0
"""[m] below, SGP4's own rounding would show in high orbits; above, steps would no longer be short."""
ROUNDING_M = 1e-4
"""[m] by which rounding may move a position within years of the epoch."""

_BEYOND = POINTS // 2  # samples before the start and after the end
_BEFORE = _BEYOND - 1  # samples of a stencil before the interval that it serves
_BOUND = 1 / 16  # of the eighth differences: see `InterpolatedEphemeris.error_bound_m`
_EARTH_RAD_S = 7.292115e-5  # rotation of the Earth (WGS84, NGA.STND.0036), part of all motion in ITRS
# row k holds the coefficients of u^k in each sample's weight, all of them whole multiples of 1 / 7!
_POWERS = np.arange(POINTS)
_BASIS = np.rint(5040 * np.linalg.inv(np.vander(_POWERS - _BEFORE, POINTS, increasing=True))) / 5040
_SLOPE_BASIS = _POWERS[1:, None] * _BASIS[1:]


@dataclass(frozen=True, eq=False)
class InterpolatedEphemeris:
    """Positions of S satellites at any time of a span, from SGP4 at N + 1 even times, the knots.

    Between two knots each coordinate in ITRS is the polynomial of degree 7 through the 8 nearest samples
    (Lagrange). SGP4's velocities are not used: they leave out part of the perturbations, so they differ
    from the rates of SGP4's positions by centimetres a second in circular low orbits and metres a second
    in eccentric ones, and a Hermite polynomial would turn that into metres. `interpolate` builds one.
    """

    epoch: datetime
    """UTC time at which ``t = 0``."""
    start_s: float
    end_s: float
    samples_km: Array
    """[km] ITRS at the knots and at 4 steps more on either side, shape (N + 9, S, 3)."""

    @property
    def intervals(self) -> int:
        """N, the number of steps."""
        return len(self.samples_km) - 2 * _BEYOND - 1

    @property
    def satellites(self) -> int:
        """S."""
        return int(self.samples_km.shape[1])

    @property
    def step_s(self) -> float:
        """[s] from knot to knot."""
        return (self.end_s - self.start_s) / self.intervals

    @property
    def knots_s(self) -> Array:
        """[s] the times propagated, from start to end, shape (N + 1,)."""
        return np.linspace(self.start_s, self.end_s, self.intervals + 1)

    @property
    def knots_km(self) -> Array:
        """[km] ITRS at the knots, as propagated, shape (N + 1, S, 3)."""
        return self.samples_km[_BEYOND:-_BEYOND]

    @cached_property
    def error_bound_m(self) -> Array:
        """[m] how far a position may be from SGP4's at most, shape (S,).

        It is a sixteenth of the samples' greatest eighth difference, which stands for ``abs(f⁽⁸⁾) h⁸`` with
        the step h, and `ROUNDING_M`. Where the motion is smooth, the remainder of polynomial interpolation
        is at most ``abs(f⁽⁸⁾) h⁸ (1·1·3·3·5·5·7·7 / 2⁸) / 8!``, so 58 times less than the bound (its kernel
        keeps one sign: it holds for a vector's length too). SGP4's own positions have kinks and jumps in
        orbits of more than 225 minutes: its periodic terms are applied in another way where the
        inclination passes 0.2 rad, kilometres away. The error at a jump is up to the whole of it, which is
        a 35th of the eighth difference; at a kink it is up to a 26th.
        """
        eighth_km = np.linalg.norm(np.diff(self.samples_km, n=POINTS, axis=0), axis=-1)
        bound_m: Array = ROUNDING_M + 1000 * _BOUND * eighth_km.max(axis=0)
        return bound_m

    def itrs_km(self, sat: ArrayLike, times_s: ArrayLike) -> Array:
        """[km] positions of satellites at times of their own, fixed to the Earth.

        Args:
            sat: satellite numbers, any shape that broadcasts with `times_s`.
            times_s: [s] after the epoch, from start to end.

        Returns:
            [km] shape (..., 3).

        Raises:
            InputError: a time out of the span.
        """
        first, fraction = self._places(times_s)
        return self._blend(sat, first, _weights(_BASIS, fraction))

    def teme_km(self, sat: ArrayLike, times_s: ArrayLike) -> Array:
        """[km] positions as `itrs_km`, inertial (true equator, mean equinox)."""
        return teme_to_itrs(self.itrs_km(sat, times_s), -self._rotation_rad(times_s))

    def itrs_km_s(self, sat: ArrayLike, times_s: ArrayLike) -> Array:
        """[km/s] rates of `itrs_km`, so velocities relative to the Earth."""
        first, fraction = self._places(times_s)
        return self._blend(sat, first, _weights(_SLOPE_BASIS, fraction) / self.step_s)

    def propagate(self, times_s: ArrayLike) -> Ephemeris:
        """Positions of every satellite at every time, as `Constellation.propagate` gives them.

        Args:
            times_s: [s] after the epoch, from start to end, scalar or shape (T,).

        Raises:
            InputError: a time out of the span.
        """
        times = np.atleast_1d(np.asarray(times_s, dtype=np.float64))
        first, fraction = self._places(times)
        weights = _weights(_BASIS, fraction)
        rows = self.samples_km.reshape(len(self.samples_km), -1)
        itrs_km = np.empty((self.satellites, len(times), 3))
        for moment, start in enumerate(first.tolist()):
            itrs_km[:, moment] = (weights[moment] @ rows[start : start + POINTS]).reshape(-1, 3)
        return Ephemeris(times, teme_to_itrs(itrs_km, -self._rotation_rad(times)), itrs_km)

    def _places(self, times_s: ArrayLike) -> tuple[Numbers, Array]:
        """First sample of each time's stencil, and the fraction of its step that is over."""
        times = np.asarray(times_s, dtype=np.float64)
        if not ((times >= self.start_s) & (times <= self.end_s)).all():
            raise InputError("interpolation", "times_s", f"must be from {self.start_s:g} to {self.end_s:g} s")
        steps = (times - self.start_s) / self.step_s
        step = np.minimum(steps.astype(np.int64), self.intervals - 1)
        return step + _BEYOND - _BEFORE, steps - step

    def _blend(self, sat: ArrayLike, first: Numbers, weights: Array) -> Array:
        stencils_km = sliding_window_view(self.samples_km, POINTS, axis=0)[first, np.asarray(sat)]
        blended_km: Array = np.einsum("...cj,...j->...c", stencils_km, weights)  # c for x, y, z
        return blended_km

    def _rotation_rad(self, times_s: ArrayLike) -> Array:
        times = np.asarray(times_s, dtype=np.float64)
        return earth_rotation_rad(self.epoch, times.ravel()).reshape(times.shape)


def _weights(basis: Array, fraction: Array) -> Array:
    """Weight of each sample of a stencil, shape (..., 8)."""
    powers = np.ones((len(basis), *fraction.shape))
    for k in range(1, len(basis)):
        powers[k] = powers[k - 1] * fraction
    return np.tensordot(powers, basis, axes=(0, 0))


def interpolate(
    constellation: Constellation, start_s: float, end_s: float, tolerance_m: float = 1.0
) -> InterpolatedEphemeris:
    """Propagate a constellation at even times so that all positions between are within a tolerance.

    The step depends on the swiftest satellite (`longest_step_s`); some 150 s at 550 km for 1 m. Memory is 24
    bytes for each satellite and step.

    Args:
        constellation: S satellites.
        start_s: [s] after the epoch.
        end_s: [s] later than the start.
        tolerance_m: [m] from SGP4's positions, 0.01 to 100. `InterpolatedEphemeris.error_bound_m` says
            what was reached, and is above it only where SGP4's own positions jump.

    Raises:
        InputError: a span that is empty or beyond `MAX_TIME_S`, a tolerance out of its range, or SGP4
            cannot propagate a satellite through the span and 4 steps on either side.
    """
    check_span("interpolation", start_s, end_s)
    check_number("interpolation", "tolerance_m", tolerance_m, LEAST_TOLERANCE_M, GREATEST_TOLERANCE_M, " m")
    intervals = max(1, math.ceil((end_s - start_s) / longest_step_s(constellation.elements, tolerance_m)))
    knots_s = np.linspace(start_s, end_s, intervals + 1)
    beyond_s = (end_s - start_s) / intervals * np.arange(1, _BEYOND + 1)
    times_s = np.concatenate([start_s - beyond_s[::-1], knots_s, end_s + beyond_s])
    samples_km = np.ascontiguousarray(constellation.propagate(times_s).itrs_km.transpose(1, 0, 2))
    return InterpolatedEphemeris(constellation.epoch, float(start_s), float(end_s), samples_km)


def check_span(source: str, start_s: float, end_s: float) -> None:
    """Refuse a span of time that is empty, not finite or beyond `MAX_TIME_S`.

    Raises:
        InputError: names `source`.
    """
    check_number(source, "start_s", start_s, -MAX_TIME_S, MAX_TIME_S, " s")
    check_number(source, "end_s", end_s, -MAX_TIME_S, MAX_TIME_S, " s")
    if end_s <= start_s:
        raise InputError(source, "end_s", f"must be after the start, {start_s:g} s (got {end_s:g})")


def longest_step_s(elements: MeanElements, tolerance_m: float) -> float:
    """[s] the longest step that keeps the error bound of every satellite within a tolerance.

    In two-body motion the eighth derivative is greatest at perigee, and it is there
    ``a n⁸ (1 + 117 e + 1107 e² + 1575 e³) / (1 − e)¹¹`` (differentiate ``a cos E`` eight times by
    ``M = E − e sin E``). The Earth's rotation adds to the rate; the perturbations, small but as quick as
    three times a revolution, may add as much again.

    Args:
        elements: mean elements of S satellites.
        tolerance_m: [m] above 0.
    """
    motion_rad_s = elements.mean_motion_rad_min / 60
    axis_km = np.cbrt(WGS72_MU_KM3_S2 / motion_rad_s**2)
    e = np.minimum(elements.eccentricity, 0.99)  # SGP4 itself refuses 1 and more
    perigee = (1 + e * (117 + e * (1107 + e * 1575))) / (1 - e) ** 11
    rate_rad_s = motion_rad_s * perigee ** (1 / POINTS) + _EARTH_RAD_S
    bound_km = 2 * _BOUND * axis_km  # for a step of one radian
    return float(np.min((tolerance_m / 1000 / bound_km) ** (1 / POINTS) / rate_rad_s, initial=np.inf))
