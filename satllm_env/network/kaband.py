"""Ka-band downlinks: carrier to noise ratio and the rate that a modem makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from satllm_env.network.arrays import Array
from satllm_env.network.atmosphere import AtmosphericLoss
from satllm_env.network.budget import capped
from satllm_env.network.checks import check_number, check_positive
from satllm_env.network.constants import BOLTZMANN_J_K, SPEED_OF_LIGHT_M_S
from satllm_env.network.modem import Modem, Shannon


def free_space_path_loss_db(distance_m: Array, frequency_hz: float) -> Array:
    """[dB] ``20·log10(4πdf/c)`` (ITU-R P.525) for [m] and [Hz]."""
    return 20 * np.log10(4 * math.pi * np.asarray(distance_m) * frequency_hz / SPEED_OF_LIGHT_M_S)


def slant_range_m(elevation_deg: Array, altitude_m: float, radius_m: float = 6_371_000.0) -> Array:
    """[m] from a station to a satellite seen at [deg], ``−R sin e + sqrt((R sin e)² + r² − R²)``.

    A spherical Earth (3GPP TR 38.811, 6.6.2); for planning: snapshots use the ellipsoid.

    Args:
        elevation_deg: [deg] any shape.
        altitude_m: [m] of the satellite above the sphere.
        radius_m: [m] of the sphere.
    """
    rise = radius_m * np.sin(np.radians(elevation_deg))
    return np.sqrt(rise**2 + altitude_m * (altitude_m + 2 * radius_m)) - rise


@dataclass(frozen=True)
class KaBandDownlink:
    """Radio downlink: a link budget and a modem.

    ``C/N = EIRP − FSPL − L_atm + G/T − 10·log10(k B)`` in dB, with ``−10·log10(k)`` = 228.6 dB; the modem
    makes a rate of it. The defaults are LEO-600 Set-1 of 3GPP TR 38.821 table 6.1.1.1-1 (4 dBW/MHz at
    20 GHz over 400 MHz; VSAT with 15.9 dB/K) at the Shannon limit: 0.43, 1.24 and 2.02 Gbit/s at 10°, 30°
    and 90° from a satellite at 500 km.

    Args:
        frequency_hz: [Hz] carrier.
        bandwidth_hz: [Hz] B, occupied.
        eirp_dbw: [dBW] over the whole bandwidth.
        g_over_t_db_per_k: [dB/K] of the ground terminal; the sky's noise is part of it and does not
            change with `atmosphere`.
        atmosphere: loss by elevation.
        cap_bps: [bit/s] the modem's highest rate; None is no cap.
        modem: `Shannon` or `DvbS2`.

    Raises:
        InputError: a value out of its range.
    """

    frequency_hz: float = 20e9
    bandwidth_hz: float = 400e6
    eirp_dbw: float = 30.0
    g_over_t_db_per_k: float = 15.9
    atmosphere: AtmosphericLoss = field(default_factory=AtmosphericLoss)
    cap_bps: float | None = None
    modem: Modem = field(default_factory=Shannon)

    def __post_init__(self) -> None:
        """Check the values."""
        check_positive("Ka-band budget", "frequency_hz", self.frequency_hz)
        check_positive("Ka-band budget", "bandwidth_hz", self.bandwidth_hz)
        check_number("Ka-band budget", "eirp_dbw", self.eirp_dbw)
        check_number("Ka-band budget", "g_over_t_db_per_k", self.g_over_t_db_per_k)
        if self.cap_bps is not None:
            check_positive("Ka-band budget", "cap_bps", self.cap_bps)

    def carrier_to_noise_db(self, distance_m: Array, elevation_deg: Array) -> Array:
        """[dB] over the bandwidth, for [m] above zero and [deg], any shape; −inf at the horizon."""
        noise_dbw_k = 10 * math.log10(BOLTZMANN_J_K * self.bandwidth_hz)
        loss_db = free_space_path_loss_db(distance_m, self.frequency_hz) + self.atmosphere.at_db(
            elevation_deg
        )
        return self.eirp_dbw + self.g_over_t_db_per_k - noise_dbw_k - loss_db

    def rate_bps(self, distance_m: Array, elevation_deg: Array) -> Array:
        """[bit/s] for [m] and [deg], any shape; 0 at and below the horizon, at most the cap."""
        carrier_to_noise_db = self.carrier_to_noise_db(distance_m, elevation_deg)
        return capped(self.modem.rate_bps(carrier_to_noise_db, self.bandwidth_hz), self.cap_bps)
