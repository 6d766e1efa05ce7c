"""The rates of links over several snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.snapshot import GroundTable, Snapshot


@dataclass(frozen=True, eq=False)
class LinkSeries:
    """The K links that are usable at one of T times at least, by head, then tail."""

    tail: NDArray[np.int64]
    """Satellites, shape (K,)."""
    head: NDArray[np.int64]
    """Satellites or stations, shape (K,)."""
    rate_bps: NDArray[np.float64]
    """[bit/s] 0 where not usable, shape (K, T)."""


def isl_series(snapshots: Sequence[Snapshot]) -> LinkSeries:
    """The inter-satellite links of at least one snapshot, each from its lower number to its higher."""
    tables = [shot.isl for shot in snapshots]
    return _gather(
        [np.minimum(isl.a, isl.b)[isl.usable] for isl in tables],
        [np.maximum(isl.a, isl.b)[isl.usable] for isl in tables],
        [isl.rate_bps[isl.usable] for isl in tables],
    )


def downlink_series(snapshots: Sequence[Snapshot], *, fastest: bool = False) -> LinkSeries:
    """The downlinks of at least one snapshot, from satellite to station.

    Args:
        snapshots: where they are found.
        fastest: take only each station's fastest downlink of a time, the first of equals.
    """
    tables = [shot.ground for shot in snapshots]
    rows = [_fastest(ground) if fastest else np.flatnonzero(ground.usable) for ground in tables]
    chosen = list(zip(tables, rows, strict=True))
    return _gather(
        [ground.sat[row] for ground, row in chosen],
        [ground.gid[row] for ground, row in chosen],
        [ground.rate_bps[row] for ground, row in chosen],
    )


def _fastest(ground: GroundTable) -> NDArray[np.int64]:
    """Rows of each station's fastest usable downlink."""
    rows = np.flatnonzero(ground.usable)
    rows = rows[np.lexsort((-ground.rate_bps[rows], ground.gid[rows]))]
    return rows[np.unique(ground.gid[rows], return_index=True)[1]]


def _gather(
    tails: list[NDArray[np.int64]], heads: list[NDArray[np.int64]], rates_bps: list[NDArray[np.float64]]
) -> LinkSeries:
    """Put the links of T times, each of any number, into one row per pair."""
    moment = np.repeat(np.arange(len(tails)), [len(tail) for tail in tails])
    ends = np.stack([np.concatenate(heads), np.concatenate(tails)])
    pairs, row = np.unique(ends, axis=1, return_inverse=True)
    rate_bps = np.zeros((pairs.shape[1], len(tails)))
    rate_bps[row, moment] = np.concatenate(rates_bps)
    return LinkSeries(pairs[1], pairs[0], rate_bps)
