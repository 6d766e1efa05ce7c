"""What a snapshot amounts to, in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from satllm_env.network.snapshot import Snapshot

Span = tuple[float, float] | None
"""Least and greatest value, None where there is none."""


@dataclass(frozen=True)
class SnapshotSummary:
    """Counts and ranges at one time."""

    t_s: float
    isls: int
    isls_in_sight: int
    isl_length_m: Span
    """[m] over the links in sight."""
    isl_rate_bps: Span
    """[bit/s] over the links in sight."""
    contacts: int
    """Station and satellite pairs at or above the minimum elevation."""
    stations_served: int
    """Stations with at least one contact."""
    downlink_rate_bps: Span
    """[bit/s] over the contacts."""


def summarise(snapshot: Snapshot) -> SnapshotSummary:
    """Count and range a snapshot's links and contacts."""
    isl, ground = snapshot.isl, snapshot.ground
    clear, visible = isl.line_of_sight, ground.visible
    return SnapshotSummary(
        t_s=snapshot.t_s,
        isls=len(isl.a),
        isls_in_sight=int(clear.sum()),
        isl_length_m=_span(isl.length_m[clear]),
        isl_rate_bps=_span(isl.rate_bps[clear]),
        contacts=int(visible.sum()),
        stations_served=len(np.unique(ground.gid[visible])),
        downlink_rate_bps=_span(ground.rate_bps[visible]),
    )


def _span(values: NDArray[np.float64]) -> Span:
    return (float(values.min()), float(values.max())) if len(values) else None
