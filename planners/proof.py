"""What a planner hands over so that its lower bound can be checked without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntervalProof:
    """No plan whose bottleneck lies in (above_s, upto_s] has a delay below bound_s.

    Prices and watched resources are hints: they let a checker prove the bound quickly, and no value of
    theirs can make a wrong bound true.
    """

    above_s: float
    """[s] bottlenecks are longer than this."""
    upto_s: float
    """[s] and at most this; inf for no limit."""
    bound_s: float
    """[s] claimed; inf claims that there is no such plan."""
    loss_price: float
    """[s per percentage point] multiplier of the accuracy budget."""
    stage_price: Mapping[str, float]
    """[s] by node id: charged per stage there (absent: 0)."""
    link_price: Mapping[tuple[str, str], float]
    """[s] by (from, to): charged per carriage (absent: 0)."""
    watched_nodes: tuple[str, ...]
    """Processors whose single use the planner had to enforce here."""
    watched_links: tuple[tuple[str, str], ...]
    """Links, as (from, to), whose single use the planner had to enforce here."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A lower bound on the delay, in pieces that cover every bottleneck."""

    lower_bound_s: float
    """[s] no legal plan has a smaller delay; inf: no plan exists."""
    least_bottleneck_s: float
    """[s] no legal plan has a smaller bottleneck than this; 0 claims nothing."""
    intervals: tuple[IntervalProof, ...]
    """They cover every bottleneck from `least_bottleneck_s` up to the one at which (M − 1) times the
    bottleneck alone reaches the bound."""
