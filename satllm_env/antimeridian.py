"""Longitudes that wrap at ±180°, and lines cut there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]


def wrap_deg(lon_deg: Line) -> Line:
    """Longitudes [deg] brought into [−180, 180)."""
    return np.asarray((lon_deg + 180.0) % 360.0 - 180.0, np.float64)


def cut_at_antimeridian(line: Line) -> list[Line]:
    """Cut a polyline wherever it jumps across ±180°, and end the pieces there.

    Args:
        line: longitude and latitude [deg] and any further columns, shape (K, 2 or more); neighbouring
            points less than half a turn apart.

    Returns:
        The pieces in order, each with extent unless the line has none.
    """
    pieces: list[Line] = []
    begin = 0
    entry: list[Line] = []
    for k in np.flatnonzero(np.abs(np.diff(line[:, 0])) > 180.0).tolist():
        leaving, entering = _crossing(line[k], line[k + 1])
        pieces.append(np.array([*entry, *line[begin : k + 1], leaving]))
        entry, begin = [entering], k + 1
    pieces.append(np.array([*entry, *line[begin:]]))
    return [piece for piece in pieces if np.ptp(piece, axis=0).any()] or pieces[:1]


def _crossing(before: Line, after: Line) -> tuple[Line, Line]:
    """Where the step from one point to the next meets ±180°, as seen from either side."""
    edge = np.copysign(180.0, before[0])
    gap = 360.0 - abs(after[0] - before[0])
    leaving = before + (after - before) * (abs(edge - before[0]) / gap if gap > 0 else 0.0)
    leaving[0] = edge
    entering = leaving.copy()
    entering[0] = -edge
    return leaving, entering
