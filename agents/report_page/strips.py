"""Policies side by side: every request a dot, quartiles a box, the median a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from agents.evaluation import Score
from agents.report_page.axis import Axis, delay_axis, gap_axis
from satllm_env.figures.quantities import format_s, three_digits
from satllm_env.problem.instance import Floats

MOST_DOTS = 200
"""In a strip; of more requests as many quantiles are drawn."""


@dataclass(frozen=True)
class Dot:
    """One request."""

    x: float
    y: float
    tip: str


@dataclass(frozen=True)
class Strip:
    """One policy."""

    policy: str
    kind: str
    value: str
    """The median, or why there is none."""
    dots: tuple[Dot, ...]
    quartiles: tuple[float, float, float] | None
    """Places of the quartiles and the median between them."""


@dataclass(frozen=True)
class Strips:
    """A figure."""

    axis: Axis
    strips: tuple[Strip, ...]
    note: str


def gap_strips(scores: Sequence[Score], seed: int) -> Strips:
    """Gaps to the optimum [%] of one scenario's policies."""
    axis = gap_axis([value for entry in scores for value in entry.gap_pct.tolist()])
    rows = [_strip(entry, entry.gap_pct, seed, axis, _percent, "no gap known") for entry in scores]
    return Strips(axis, tuple(rows), _note([entry.gap_pct for entry in scores]))


def delay_strips(scores: Sequence[Score], seed: int) -> Strips:
    """Delays [s] of one scenario's policies."""
    axis = delay_axis([value for entry in scores for value in entry.delay_s.tolist()])
    rows = [_strip(entry, entry.delay_s, seed, axis, format_s, "no feasible plan") for entry in scores]
    return Strips(axis, tuple(rows), _note([entry.delay_s for entry in scores]))


def _percent(value: float) -> str:
    return f"{three_digits(value)} %"


def _note(columns: list[Floats]) -> str:
    many = any(len(values) > MOST_DOTS for values in columns)
    return f"; of more than {MOST_DOTS} requests as many quantiles are drawn" if many else ""


def _strip(
    entry: Score, values: Floats, seed: int, axis: Axis, show: Callable[[float], str], absent: str
) -> Strip:
    if len(values) == 0:
        return Strip(entry.policy, entry.kind, absent, (), None)
    low, median, high = np.percentile(values, (25, 50, 75)).tolist()
    places = (axis.place(low), axis.place(median), axis.place(high))
    return Strip(
        entry.policy, entry.kind, show(median), tuple(_dots(entry, values, seed, axis, show)), places
    )


def _dots(entry: Score, values: Floats, seed: int, axis: Axis, show: Callable[[float], str]) -> list[Dot]:
    if len(values) > MOST_DOTS:
        shares = (np.arange(MOST_DOTS) + 0.5) / MOST_DOTS
        named = [
            (value, f"{100 * share:.3g} % of the requests are at most at {show(value)}")
            for share, value in zip(shares.tolist(), np.quantile(values, shares).tolist(), strict=True)
        ]
    else:
        numbers = np.flatnonzero(entry.feasible).tolist()
        # where an optimum is not known, gaps are fewer than plans and belong to no known request
        known = len(numbers) == len(values)
        names = [f"seed {seed + number}" for number in numbers] if known else ["a request"] * len(values)
        named = [
            (value, f"{name}: {show(value)}") for name, value in zip(names, values.tolist(), strict=True)
        ]
    return [
        Dot(axis.place(value), 4.0 + 12.0 * _even(k), f"{entry.policy}, {text}")
        for k, (value, text) in enumerate(named)
    ]


def _even(number: int) -> float:
    """Van der Corput's sequence (1935) in base 2: even in [0, 1) however many are taken."""
    value, weight = 0.0, 0.5
    while number:
        value += weight * (number % 2)
        number, weight = number // 2, weight / 2
    return value
