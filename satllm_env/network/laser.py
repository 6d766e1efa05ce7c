"""Laser links between satellites: received power, margin and achievable rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from satllm_env.network.arrays import Array
from satllm_env.network.budget import capped, within
from satllm_env.network.checks import check_number, check_positive


@dataclass(frozen=True)
class LaserBudget:
    """Free-space optical budget of Liang, Chaudhry, Erdogan and Yanikomeroglu 2022 (arXiv 2204.13177).

    ``P_R = P_T η_T η_R G_T G_R L_T L_R L_PS`` with ``G_T = 16/Θ²``, ``G_R = (πD/λ)²``,
    ``L_T = exp(−G_T θ²)``, ``L_R = exp(−G_R θ²)`` and ``L_PS = (λ/4πd)²``.
    At fixed photons per bit the power a rate needs is ``P_req(R) = sensitivity + 10·log10(R / R_0)`` dBm,
    so the achievable rate is the one whose need, with the required margin, equals what arrives.
    With the defaults, 10 Gbit/s have 3 dB of margin at 5,419 km and 0 dB at 7,654 km, the published
    ranges.

    Args:
        transmit_power_w: [W] P_T.
        wavelength_m: [m] λ.
        transmit_efficiency: [1] η_T.
        receive_efficiency: [1] η_R.
        receive_aperture_m: [m] D, the telescope's diameter.
        divergence_rad: [rad] Θ, full angle of the transmitted beam.
        pointing_error_rad: [rad] θ, of each terminal.
        sensitivity_dbm: [dBm] power needed at `sensitivity_rate_bps` (OOK, bit error rate 1e−12).
        sensitivity_rate_bps: [bit/s] R_0.
        required_margin_db: [dB] kept in reserve; lowers the rate.
        cap_bps: [bit/s] the terminal's highest rate; None is no cap.
        min_rate_bps: [bit/s] the terminal's lowest rate: below it the link does not close and the rate is
            0. Equal to `cap_bps` it makes a terminal of one rate.
        max_range_m: [m] farthest that the terminal finds and tracks its partner: 0 beyond; None is any
            distance.

    Raises:
        InputError: a value out of its range, or a lowest rate above the cap.
    """

    transmit_power_w: float = 1.0
    wavelength_m: float = 1550e-9
    transmit_efficiency: float = 0.8
    receive_efficiency: float = 0.8
    receive_aperture_m: float = 0.08
    divergence_rad: float = 15e-6
    pointing_error_rad: float = 1e-6
    sensitivity_dbm: float = -35.5
    sensitivity_rate_bps: float = 10e9
    required_margin_db: float = 0.0
    cap_bps: float | None = None
    min_rate_bps: float = 0.0
    max_range_m: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        for field in (
            "transmit_power_w",
            "wavelength_m",
            "transmit_efficiency",
            "receive_efficiency",
            "receive_aperture_m",
            "divergence_rad",
            "sensitivity_rate_bps",
        ):
            check_positive("laser budget", field, getattr(self, field))
        for field in ("transmit_efficiency", "receive_efficiency"):
            check_number("laser budget", field, getattr(self, field), 0, 1)
        check_number("laser budget", "pointing_error_rad", self.pointing_error_rad, 0)
        check_number("laser budget", "sensitivity_dbm", self.sensitivity_dbm)
        check_number("laser budget", "required_margin_db", self.required_margin_db)
        for field in ("cap_bps", "max_range_m"):
            if getattr(self, field) is not None:
                check_positive("laser budget", field, getattr(self, field))
        highest_bps = math.inf if self.cap_bps is None else self.cap_bps
        check_number("laser budget", "min_rate_bps", self.min_rate_bps, 0, highest_bps, " bit/s")

    def received_power_dbm(self, distance_m: Array) -> Array:
        """[dBm] at the receiver.

        Closer than the far field, where the formula would receive more than was sent, all light that
        passes both telescopes arrives: ``P_T η_T η_R``.

        Args:
            distance_m: [m] any shape, not negative.
        """
        path = self.wavelength_m / (4 * math.pi * np.maximum(distance_m, 1e-3))
        gathered_dbm = self._collimated_dbm + self._gains_db + 20 * np.log10(path)
        return np.minimum(gathered_dbm, self._collimated_dbm)

    def margin_db(self, distance_m: Array) -> Array:
        """[dB] above what `sensitivity_rate_bps` needs."""
        return self.received_power_dbm(distance_m) - self.sensitivity_dbm

    def rate_bps(self, distance_m: Array) -> Array:
        """[bit/s] achievable over a clear link of [m], the required margin kept; 0 if it does not close."""
        surplus_db = self.margin_db(distance_m) - self.required_margin_db
        rate_bps = self.sensitivity_rate_bps * 10 ** (surplus_db / 10)
        closed_bps = np.where(rate_bps >= self.min_rate_bps, rate_bps, 0.0)
        return within(self.max_range_m, distance_m, capped(closed_bps, self.cap_bps))

    @property
    def _collimated_dbm(self) -> float:
        watts = self.transmit_power_w * self.transmit_efficiency * self.receive_efficiency
        return 10 * math.log10(1000 * watts)

    @property
    def _gains_db(self) -> float:
        """[dB] ``G_T G_R L_T L_R``."""
        transmit = 16 / self.divergence_rad**2
        receive = (math.pi * self.receive_aperture_m / self.wavelength_m) ** 2
        pointing_db = -(transmit + receive) * self.pointing_error_rad**2 * 10 / math.log(10)
        return 10 * math.log10(transmit * receive) + pointing_db
