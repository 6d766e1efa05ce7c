"""Seeded outages of links, and the acquisition that follows them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from satllm_env.errors import InputError
from satllm_env.network.checks import check_count, check_number
from satllm_env.network.counter_random import Key, fold, seeded, uniform
from satllm_env.network.orbits import MAX_TIME_S

# what a number is drawn for; the last word of its key is its index within the block of time
_COUNT, _START, _OUTAGE, _ACQUISITION, _RISE = range(5)

# chance of at most 0, 1, 2, … starts in a block: the Poisson distribution of mean 1, which the draws'
# 53 bits exhaust after 18
_POISSON = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(19)])

RISE_BLOCK_S = 60.0
"""[s] rises of a link within one block of this length share their acquisition time, so that rise times which
differ in their last digits do not draw anew."""


class _Starts(NamedTuple):
    """Starts of outages, dropped ones too; all shapes (K, M)."""

    start_s: NDArray[np.float64]
    """[s] ascending along the last axis, but for infinite ones where there is none."""
    down_s: NDArray[np.float64]
    """[s] outage and acquisition."""


@dataclass(frozen=True)
class OutageModel:
    """An alternating renewal process for each link, independent of all others.

    A link carries for an exponentially distributed time, fails for an outage, then its terminals acquire each
    other, and it carries again. The process runs whether or not the ends see each other and is stationary: at
    any time, the first included, a link may be down.

    Any time can be asked for in any order at the same cost. Starts of outages fall as a Poisson process, so
    each block of time draws its own from the seed, the link and the block's number; a start that finds its
    link down is dropped. That is the same as exponential times of carrying. Whether it is dropped is known
    from the last pause between starts that is longer than the longest time down.

    Args:
        seed: 0 to 2⁶³ − 1.
        availability: [1] long-run share of time in which a link carries, given line of sight; acquisition
            after an outage counts as time down, as in an operator's uptime. 0.5 to 1; at 1 nothing fails and
            only acquisition after rises is left. (Press reports of SpaceX's figures give its lasers over
            99 %.)
        outage_s: [s] shortest and longest outage, uniform between, at most a day; the default is an
            assumption.
        acquisition_s: [s] shortest and longest acquisition, uniform between, at most an hour; the default
            is an assumption.

    Raises:
        InputError: a value out of its range.
    """

    seed: int
    availability: float = 0.99
    outage_s: tuple[float, float] = (12.0, 30.0)
    acquisition_s: tuple[float, float] = (12.0, 60.0)

    def __post_init__(self) -> None:
        """Check the values."""
        check_count("outages", "seed", self.seed, 0, 2**63 - 1)
        check_number("outages", "availability", self.availability, 0.5, 1)
        for field, most_s in (("outage_s", 86_400.0), ("acquisition_s", 3600.0)):
            low_s, high_s = getattr(self, field)
            check_number("outages", field, low_s, 0, most_s, " s")
            check_number("outages", field, high_s, low_s, most_s, " s")
        if self.availability < 1 and self.outage_s[1] == 0:
            raise InputError("outages", "outage_s", "must be above 0 where the availability is below 1")

    @property
    def mean_down_s(self) -> float:
        """[s] mean outage and acquisition together."""
        return (sum(self.outage_s) + sum(self.acquisition_s)) / 2

    @property
    def mean_up_s(self) -> float:
        """[s] mean time for which a link carries, from ``availability = up / (up + down)``."""
        if self.availability == 1:
            return math.inf
        return self.mean_down_s * self.availability / (1 - self.availability)

    def down_intervals(self, pairs: ArrayLike, start_s: float, end_s: float) -> list[NDArray[np.float64]]:
        """When links are down, outage and acquisition together.

        Args:
            pairs: the two ends of each link in either order, shape (K, 2); see `downlink_ends`.
            start_s: [s] of the window.
            end_s: [s] of the window, not before its start.

        Returns:
            [s] for each link its intervals that touch the window, whole and ascending, as rows of start and
            end, shape (n, 2); a link is down from a start on and carries again at its end.

        Raises:
            InputError: pairs or times out of range.
        """
        check_number("outages", "start_s", start_s, -MAX_TIME_S, MAX_TIME_S, " s")
        check_number("outages", "end_s", end_s, start_s, MAX_TIME_S, " s")
        begin_s, carries_s = self._down(_link_keys(self.seed, pairs), start_s, end_s)
        touches = (begin_s <= end_s) & (carries_s > start_s)
        return [
            np.column_stack([begin[row], end[row]])
            for begin, end, row in zip(begin_s, carries_s, touches, strict=True)
        ]

    def is_up(self, pairs: ArrayLike, t_s: float) -> NDArray[np.bool_]:
        """Whether links carry at [s], given that their ends see each other.

        Args:
            pairs: as for `down_intervals`.
            t_s: [s] the time.

        Returns:
            shape (K,).

        Raises:
            InputError: pairs or time out of range.
        """
        check_number("outages", "t_s", t_s, -MAX_TIME_S, MAX_TIME_S, " s")
        begin_s, carries_s = self._down(_link_keys(self.seed, pairs), t_s, t_s)
        return ~np.asarray(((begin_s <= t_s) & (t_s < carries_s)).any(axis=1))

    def carries_from_s(self, pairs: ArrayLike, rises_s: ArrayLike) -> NDArray[np.float64]:
        """When links carry that have come into view: each rise and the acquisition that follows it.

        Outages are not looked at; `is_up` tells those.

        Args:
            pairs: as for `down_intervals`, one row per rise; a link may come several times.
            rises_s: [s] when the ends begin to see each other, shape (K,).

        Returns:
            [s] shape (K,).

        Raises:
            InputError: pairs out of range, or times that are not finite.
        """
        rises = np.asarray(rises_s, dtype=np.float64)
        keys = _link_keys(self.seed, pairs)
        if rises.shape != keys.shape or not (np.abs(rises) <= MAX_TIME_S).all():
            raise InputError("outages", "rises_s", f"must be one time within ±{MAX_TIME_S:g} s for each pair")
        block = np.floor(rises / RISE_BLOCK_S).astype(np.int64)
        return rises + _between(self.acquisition_s, uniform(fold(fold(keys, _RISE), block)))

    def _down(
        self, keys: Key, start_s: float, end_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """[s] when links fail and carry again, around a window, shapes (K, M); infinite where unused."""
        if self.availability == 1:
            return (np.empty((len(keys), 0)),) * 2
        starts = self._starts(keys, start_s, end_s)
        begin_s, carries_s = np.full((2, *starts.start_s.shape), np.inf)
        free_s = np.full(len(keys), -np.inf)
        for m, (start, down) in enumerate(zip(starts.start_s.T, starts.down_s.T, strict=True)):
            fails = (start >= free_s) & (start < np.inf)
            free_s = np.where(fails, start + down, free_s)
            begin_s[fails, m], carries_s[fails, m] = start[fails], free_s[fails]
        return begin_s, carries_s

    def _starts(self, keys: Key, start_s: float, end_s: float) -> _Starts:
        """All starts that matter to a window: from a time on at which every link is known to carry."""
        block_s = self.mean_up_s  # one start in each block on average
        longest_s = self.outage_s[1] + self.acquisition_s[1]
        first, last = math.floor((start_s - longest_s) / block_s), math.floor(end_s / block_s)
        starts, more = self._blocks(keys, first, last), 1
        while not _settled(starts, first * block_s, start_s, longest_s):
            earlier = self._blocks(keys, first - more, first - 1)
            starts = _Starts(
                np.hstack([earlier.start_s, starts.start_s]), np.hstack([earlier.down_s, starts.down_s])
            )
            first, more = first - more, 2 * more
        return starts

    def _blocks(self, keys: Key, first: int, last: int) -> _Starts:
        """The starts drawn by the blocks `first` to `last`."""
        blocks = np.arange(first, last + 1)
        own = fold(keys[:, None], blocks)  # (K, B)
        counts = np.searchsorted(_POISSON, uniform(fold(own, _COUNT)), side="right")
        index = np.arange(counts.max(initial=0))

        def draw(purpose: int) -> NDArray[np.float64]:
            return uniform(fold(fold(own, purpose)[..., None], index))  # (K, B, most)

        into = draw(_START)
        into[index >= counts[..., None]] = np.inf
        into.sort(axis=-1)
        start_s = self.mean_up_s * (blocks[:, None] + into)
        down_s = _between(self.outage_s, draw(_OUTAGE)) + _between(self.acquisition_s, draw(_ACQUISITION))
        flat = (len(keys), len(blocks) * len(index))
        return _Starts(start_s.reshape(flat), down_s.reshape(flat))


def downlink_ends(sat: NDArray[np.int64], gid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Downlinks as pairs of ends, shape (R, 2): stations are numbered −1, −2, … beside the satellites."""
    return np.column_stack([sat, -1 - gid])


def _link_keys(seed: int, pairs: ArrayLike) -> Key:
    """A key for each undirected link, shape (K,)."""
    ends = np.asarray(pairs)
    if ends.size == 0:
        return np.empty(0, dtype=np.uint64)
    if ends.ndim != 2 or ends.shape[1] != 2 or not np.issubdtype(ends.dtype, np.integer):
        raise InputError("outages", "pairs", "must be pairs of end numbers, shape (K, 2)")
    return fold(fold(seeded(seed), ends.min(axis=1)), ends.max(axis=1))


def _settled(starts: _Starts, from_s: float, until_s: float, longest_s: float) -> bool:
    """Whether every link has a pause between starts so long that it surely carries, before `until_s`."""
    known_s = np.sort(np.minimum(starts.start_s, until_s), axis=1)
    edges = np.full((len(known_s), 1), 1.0)
    pauses_s = np.diff(np.hstack([from_s * edges, known_s, until_s * edges]), axis=1)
    return bool((pauses_s > longest_s).any(axis=1).all())


def _between(bounds: tuple[float, float], share: NDArray[np.float64]) -> NDArray[np.float64]:
    return bounds[0] + (bounds[1] - bounds[0]) * share
