"""From carrier to noise ratio to bits a second: what a modem is, and the Shannon limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from satllm_env.network.arrays import Array


class Modem(Protocol):
    """Rate of a radio link in white Gaussian noise."""

    def rate_bps(self, carrier_to_noise_db: Array, bandwidth_hz: float) -> Array:
        """[bit/s] from C/N in [dB], any shape, over an occupied bandwidth in [Hz]; 0 at −inf dB."""


@dataclass(frozen=True)
class Shannon:
    """The channel's capacity ``B·log2(1 + C/N)``, which no modem exceeds (Shannon 1948)."""

    def rate_bps(self, carrier_to_noise_db: Array, bandwidth_hz: float) -> Array:
        """[bit/s] as `Modem.rate_bps`."""
        return bandwidth_hz * np.log2(1 + 10 ** (carrier_to_noise_db / 10))
