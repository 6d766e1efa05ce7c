"""What a set of cuts did: bytes and seconds at every cut, and what became of every output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Z95 = 1.959964
"""Two-sided 95 % point of the normal law."""


class Estimate(NamedTuple):
    """A mean, and half the width of its 95 % confidence interval."""

    mean: float
    half_width: float


class Cut(NamedTuple):
    """Where activations are compressed, and at which level."""

    boundary: int
    level: int
    """Place in the list of codecs."""


CutSet = tuple[Cut, ...]
"""Cuts with ascending boundaries."""


@dataclass(frozen=True)
class Crossing:
    """All payloads at one cut."""

    raw_bytes: int
    sent_bytes: int
    encode_s: float
    decode_s: float

    @staticmethod
    def total(parts: Sequence[Crossing]) -> Crossing:
        """All of some crossings' payloads."""
        return Crossing(
            sum(part.raw_bytes for part in parts),
            sum(part.sent_bytes for part in parts),
            sum(part.encode_s for part in parts),
            sum(part.decode_s for part in parts),
        )

    @property
    def ratio(self) -> float:
        """[1] uncompressed bytes over sent bytes."""
        return self.raw_bytes / self.sent_bytes


@dataclass(frozen=True)
class Outcome:
    """What became of the outputs; arrays have one entry per input, a text's bytes averaged."""

    crossings: tuple[Crossing, ...]
    """One per cut."""
    lost: Array
    """[1] right outputs of the uncompressed network, less those of the compressed one."""
    agrees: Array
    """[1] outputs whose likeliest class is the uncompressed network's."""
    kl_nat: Array
    """[nat] KL divergence of the output from the uncompressed network's."""
    surprise_nat: Array
    """[nat] that the target costs more than with the uncompressed network."""

    @staticmethod
    def joined(parts: Sequence[Outcome]) -> Outcome:
        """One outcome of the same cuts on more inputs."""
        crossings = zip(*(part.crossings for part in parts), strict=True)
        return Outcome(
            tuple(Crossing.total(crossing) for crossing in crossings),
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("lost", "agrees", "kl_nat", "surprise_nat")
            ),
        )

    @property
    def ratio(self) -> float:
        """[1] over all cuts together."""
        return Crossing.total(self.crossings).ratio

    @property
    def loss(self) -> Estimate:
        """[percentage points] of accuracy lost."""
        return _share(self.lost)

    @property
    def agreement_pct(self) -> Estimate:
        """[percent]"""
        return _share(self.agrees)

    @property
    def divergence_nat(self) -> Estimate:
        """[nat] per output."""
        return _scaled(self.kl_nat, 1)

    @property
    def perplexity_factor(self) -> float:
        """[1] perplexity over the uncompressed network's."""
        return math.exp(self.surprise_nat.mean())


def _share(values: Array) -> Estimate:
    """[percent] mean of values from −1 to 1.

    The spread of values that are all alike says nothing. Then half the width is the share of which N
    inputs show nothing with a chance of 2.5 %: the upper end of Clopper and Pearson's interval for 0 of N
    (1934, doi:10.1093/biomet/26.4.404).
    """
    found = _scaled(values, 100)
    unseen = 100 * (1 - (0.05 / 2) ** (1 / len(values)))
    return found if found.half_width > 0 else found._replace(half_width=unseen)


def _scaled(values: Array, factor: float) -> Estimate:
    spread = values.std(ddof=1) if len(values) > 1 else math.inf
    return Estimate(factor * float(values.mean()), factor * Z95 * float(spread) / math.sqrt(len(values)))
