"""What a part of the reproduction found: answers to reported results, tables, figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING

from planners.paper.outcome import DASH
from satllm_env.figures.curves import Curve
from satllm_env.problem.instance import Floats
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[], "Figure"]


@dataclass(frozen=True)
class Finding:
    """What a part found."""

    tables: Mapping[str, Grid]
    """By name."""
    figures: Mapping[str, Draw] = field(default_factory=dict)
    """By name; drawn when called."""
    ours: Mapping[str, str] = field(default_factory=dict)
    """What stands beside reported results, by their id."""


def span(values: Sequence[float], form: Callable[[float], str]) -> str:
    """``low to high`` of some values."""
    low, high = form(min(values)), form(max(values))
    return low if low == high else f"{low} to {high}"


def seconds(value_s: float) -> str:
    """[s] in a cell of a table; a dash where nothing was found."""
    return DASH if isnan(value_s) else f"{value_s:.2f}"


def megabytes(value_bytes: float) -> str:
    """[bytes] as MB in a cell of a table."""
    return DASH if isnan(value_bytes) else f"{value_bytes / 1e6:,.1f}"


def curve(name: str, values: Sequence[Floats], scale: float = 1.0, like: str | None = None) -> Curve:
    """A curve of scaled values."""
    return Curve(name, [found * scale for found in values], like)
