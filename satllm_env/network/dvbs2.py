"""DVB-S2 modems: the fastest modulation and coding that the signal allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from satllm_env.errors import InputError
from satllm_env.network.arrays import Array
from satllm_env.network.checks import check_number, check_positive


@dataclass(frozen=True)
class Modcod:
    """A modulation with a code rate.

    Args:
        name: as in the standard.
        efficiency: [bit/symbol] of user data, above zero.
        es_n0_db: [dB] energy per symbol over noise density from which on frames arrive.

    Raises:
        InputError: a value out of its range.
    """

    name: str
    efficiency: float
    es_n0_db: float

    def __post_init__(self) -> None:
        """Check the values."""
        check_positive(f"MODCOD {self.name!r}", "efficiency", self.efficiency)
        check_number(f"MODCOD {self.name!r}", "es_n0_db", self.es_n0_db)


DVBS2_MODCODS = (
    Modcod("QPSK 1/4", 0.490243, -2.35),
    Modcod("QPSK 1/3", 0.656448, -1.24),
    Modcod("QPSK 2/5", 0.789412, -0.30),
    Modcod("QPSK 1/2", 0.988858, 1.00),
    Modcod("QPSK 3/5", 1.188304, 2.23),
    Modcod("QPSK 2/3", 1.322253, 3.10),
    Modcod("QPSK 3/4", 1.487473, 4.03),
    Modcod("QPSK 4/5", 1.587196, 4.68),
    Modcod("QPSK 5/6", 1.654663, 5.18),
    Modcod("QPSK 8/9", 1.766451, 6.20),
    Modcod("QPSK 9/10", 1.788612, 6.42),
    Modcod("8PSK 3/5", 1.779991, 5.50),
    Modcod("8PSK 2/3", 1.980636, 6.62),
    Modcod("8PSK 3/4", 2.228124, 7.91),
    Modcod("8PSK 5/6", 2.478562, 9.35),
    Modcod("8PSK 8/9", 2.646012, 10.69),
    Modcod("8PSK 9/10", 2.679207, 10.98),
    Modcod("16APSK 2/3", 2.637201, 8.97),
    Modcod("16APSK 3/4", 2.966728, 10.21),
    Modcod("16APSK 4/5", 3.165623, 11.03),
    Modcod("16APSK 5/6", 3.300184, 11.61),
    Modcod("16APSK 8/9", 3.523143, 12.89),
    Modcod("16APSK 9/10", 3.567342, 13.13),
    Modcod("32APSK 3/4", 3.703295, 12.73),
    Modcod("32APSK 4/5", 3.951571, 13.64),
    Modcod("32APSK 5/6", 4.119540, 14.28),
    Modcod("32APSK 8/9", 4.397854, 15.69),
    Modcod("32APSK 9/10", 4.453027, 16.05),
)
"""ETSI EN 302 307-1, table 13: normal frames of 64,800 bits without pilots, packet error rate 1e−7 in white
Gaussian noise with an ideal demodulator."""


def efficient(modcods: Iterable[Modcod]) -> tuple[Modcod, ...]:
    """Those that are ever the best choice, by rising Es/N0 and so by rising efficiency.

    The others need as much Es/N0 as one of these or more, and carry no more.
    """
    kept: list[Modcod] = []
    for modcod in sorted(modcods, key=lambda modcod: (modcod.es_n0_db, -modcod.efficiency)):
        if not kept or modcod.efficiency > kept[-1].efficiency:
            kept.append(modcod)
    return tuple(kept)


@dataclass(frozen=True)
class DvbS2:
    """A modem with adaptive coding and modulation.

    The rate is ``Rs·η``, with symbol rate ``Rs = B / (1 + α)`` and η the best efficiency among the
    MODCODs whose Es/N0, with the implementation margin, is met; 0 below the most robust.
    C/N has the noise of the whole occupied bandwidth B, Es/N0 that of the symbol rate:
    ``Es/N0 = C / (N0·Rs) = C/N·(1 + α)``, 0.79 dB more at α = 0.2.

    Args:
        roll_off: [1] α, 0.05 to 0.35; DVB-S2 has 0.20, 0.25 and 0.35, DVB-S2X also 0.05, 0.10 and 0.15.
        implementation_margin_db: [dB] that the demodulator needs beyond the standard's ideal one; not
            negative.
        modcods: the choice, in any order; leave out what the satellite cannot send.

    Raises:
        InputError: a value out of its range.
    """

    roll_off: float = 0.2
    implementation_margin_db: float = 0.0
    modcods: tuple[Modcod, ...] = DVBS2_MODCODS

    def __post_init__(self) -> None:
        """Check the values."""
        check_number("DVB-S2 modem", "roll_off", self.roll_off, 0.05, 0.35)
        check_number("DVB-S2 modem", "implementation_margin_db", self.implementation_margin_db, 0)
        if not self.modcods:
            raise InputError("DVB-S2 modem", "modcods", "is empty")

    def rate_bps(self, carrier_to_noise_db: Array, bandwidth_hz: float) -> Array:
        """[bit/s] of user data, as `Modem.rate_bps`."""
        es_n0_db = carrier_to_noise_db + 10 * np.log10(1 + self.roll_off)
        return bandwidth_hz / (1 + self.roll_off) * self.efficiency(es_n0_db)

    def efficiency(self, es_n0_db: Array) -> Array:
        """[bit/symbol] of the best MODCOD at [dB], any shape; 0 where none works."""
        required_db, efficiencies = self._steps
        return efficiencies[np.searchsorted(required_db, es_n0_db, side="right")]

    @cached_property
    def _steps(self) -> tuple[Array, Array]:
        """[dB] where each efficiency begins, shape (K,), and efficiencies from 0 up, shape (K + 1,)."""
        ladder = efficient(self.modcods)
        required_db = np.array([modcod.es_n0_db for modcod in ladder]) + self.implementation_margin_db
        return required_db, np.array([0.0, *(modcod.efficiency for modcod in ladder)])
