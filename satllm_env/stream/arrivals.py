"""When requests arrive: a Poisson process, or one whose rate jumps between calm and burst."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from satllm_env.errors import InputError
from satllm_env.network.checks import check_number, check_positive

Kind = Literal["poisson", "bursty"]

SOURCE = "arrivals"


class Arrivals(Protocol):
    """A process of arrivals."""

    @property
    def rate_per_min(self) -> float:
        """[1/min] requests in the long run."""

    def times_s(self, rng: np.random.Generator) -> Iterator[float]:
        """[s] arrivals without end, ascending from 0: the clock starts with the first request."""


@dataclass(frozen=True)
class Poisson:
    """Independent exponential gaps between requests.

    Args:
        rate_per_min: [1/min] requests on average.

    Raises:
        InputError: it is out of range.
    """

    rate_per_min: float

    def __post_init__(self) -> None:
        """Check the values."""
        _check_rate(self.rate_per_min)

    def times_s(self, rng: np.random.Generator) -> Iterator[float]:
        """[s] arrivals without end, ascending from 0."""
        return _Clock(rng, (self.rate_per_min / 60.0,), (math.inf,))


@dataclass(frozen=True)
class Bursty:
    """A Markov-modulated Poisson process of two states, calm and burst (Fischer and Meier-Hellstern, 1993).

    Bursts last for an exponential time, as do the calms between them; while either lasts, requests arrive as
    a Poisson process of its own rate. The rate in calm follows from the others:
    ``mean = (1 − share) · calm + share · factor · mean``. The first request arrives in a burst.

    Args:
        rate_per_min: [1/min] requests on average, over calms and bursts.
        burst_factor: [1] the rate in a burst against the average, at least 1.
        burst_share: [1] share of time in bursts, above 0 and below 1; times the factor at most 1.
        burst_s: [s] mean length of a burst.

    Raises:
        InputError: a value out of range.
    """

    rate_per_min: float
    burst_factor: float = 20.0
    burst_share: float = 0.04
    burst_s: float = 20.0

    def __post_init__(self) -> None:
        """Check the values."""
        _check_rate(self.rate_per_min)
        check_number(SOURCE, "burst_factor", self.burst_factor, 1)
        check_positive(SOURCE, "burst_share", self.burst_share)
        check_number(SOURCE, "burst_share", self.burst_share, 0, min(0.999, 1 / self.burst_factor))
        check_positive(SOURCE, "burst_s", self.burst_s)

    @property
    def rates_per_min(self) -> tuple[float, float]:
        """[1/min] in calm and in a burst."""
        in_bursts = self.burst_factor * self.burst_share
        calm = max(0.0, (1.0 - in_bursts) / (1.0 - self.burst_share))
        return calm * self.rate_per_min, self.burst_factor * self.rate_per_min

    def times_s(self, rng: np.random.Generator) -> Iterator[float]:
        """[s] arrivals without end, ascending from 0."""
        calm, burst = self.rates_per_min
        calm_s = self.burst_s * (1.0 - self.burst_share) / self.burst_share
        return _Clock(rng, (burst / 60.0, calm / 60.0), (self.burst_s, calm_s))


class _Clock:
    """Arrivals of a Poisson process whose rate goes through some states in turn; can be copied and pickled.

    Args:
        rng: draws them.
        rates_per_s: [1/s] of each state.
        means_s: [s] mean stay in each state, the first one's first; infinite where it is never left.
    """

    def __init__(
        self, rng: np.random.Generator, rates_per_s: tuple[float, ...], means_s: tuple[float, ...]
    ) -> None:
        self._rng, self._rates_per_s, self._means_s = rng, rates_per_s, means_s
        self._t_s, self._state, self._begun = 0.0, 0, False
        self._until_s = self._drawn_s(means_s[0])

    def __iter__(self) -> Iterator[float]:
        return self

    def __next__(self) -> float:
        if not self._begun:
            self._begun = True
            return 0.0
        while True:
            rate_per_s = self._rates_per_s[self._state]
            gap_s = self._drawn_s(1.0 / rate_per_s) if rate_per_s > 0 else math.inf
            if self._t_s + gap_s < self._until_s:
                self._t_s += gap_s
                return self._t_s
            # exponential gaps have no memory: what was left of this one is drawn anew at the other rate
            self._t_s, self._state = self._until_s, (self._state + 1) % len(self._means_s)
            self._until_s += self._drawn_s(self._means_s[self._state])

    def _drawn_s(self, mean_s: float) -> float:
        return math.inf if math.isinf(mean_s) else float(self._rng.exponential(mean_s))


def arrivals_of(
    kind: str, rate_per_min: float, burst_factor: float, burst_share: float, burst_s: float
) -> Arrivals:
    """The process that an environment's or a command's arguments ask for.

    Raises:
        InputError: an unknown kind, or a value out of range.
    """
    if kind not in ("poisson", "bursty"):
        raise InputError(SOURCE, "", f"is {kind!r}, not 'poisson' or 'bursty'")
    # the burst's values are checked whether they are used or not
    bursty = Bursty(rate_per_min, burst_factor, burst_share, burst_s)
    return bursty if kind == "bursty" else Poisson(rate_per_min)


def _check_rate(rate_per_min: float) -> None:
    check_positive(SOURCE, "rate_per_min", rate_per_min)
    check_number(SOURCE, "rate_per_min", rate_per_min, 0, 1e6, " per minute")
