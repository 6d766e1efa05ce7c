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
    isls_usable: int
    """Links that carry something: in sight, close enough, and not disrupted."""
    isl_length_m: Span
    """[m] over the usable links."""
    isl_rate_bps: Span
    """[bit/s] over the usable links."""
    contacts: int
    """Station and satellite pairs at or above the minimum elevation."""
    downlinks_usable: int
    """Contacts that carry something."""
    stations_served: int
    """Stations with at least one usable downlink."""
    downlink_rate_bps: Span
    """[bit/s] over the usable downlinks."""


def summarise(snapshot: Snapshot) -> SnapshotSummary:
    """Count and range a snapshot's links and contacts."""
    isl, ground = snapshot.isl, snapshot.ground
    carries, downs = isl.usable, ground.usable
    return SnapshotSummary(
        t_s=snapshot.t_s,
        isls=len(isl.a),
        isls_in_sight=int(isl.line_of_sight.sum()),
        isls_usable=int(carries.sum()),
        isl_length_m=_span(isl.length_m[carries]),
        isl_rate_bps=_span(isl.rate_bps[carries]),
        contacts=int(ground.visible.sum()),
        downlinks_usable=int(downs.sum()),
        stations_served=len(np.unique(ground.gid[downs])),
        downlink_rate_bps=_span(ground.rate_bps[downs]),
    )


def _span(values: NDArray[np.float64]) -> Span:
    return (float(values.min()), float(values.max())) if len(values) else None
