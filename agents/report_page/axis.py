"""Ticks of an axis that is drawn 1,000 units wide."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from satllm_env.figures.quantities import format_s, time_unit

WIDTH = 1000.0


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    x: float
    """0 to `WIDTH`"""
    text: str


@dataclass(frozen=True)
class Axis:
    """A scale from values to places, with its ticks."""

    title: str
    ticks: tuple[Tick, ...]
    place: Callable[[float], float]
    """A value's x, 0 to `WIDTH`."""


def linear_ticks(highest: float, most: int = 6) -> list[float]:
    """Round values from 0 up to `highest`, 1, 2, 2.5 or 5 times a power of ten apart."""
    if not highest > 1e-300:  # nothing, or too little to divide
        return [0.0]
    raw = highest / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if power * m >= raw * (1 - 1e-9))
    return [step * k for k in range(int(highest / step * (1 + 1e-9)) + 1)]


def time_axis(end_s: float) -> Axis:
    """From 0 to `end_s` [s], in a fitting unit."""
    end_s = end_s if end_s > 0 else 1.0
    unit_s, unit = time_unit(end_s)
    ticks = [Tick(WIDTH * value * unit_s / end_s, f"{value:,.6g}") for value in linear_ticks(end_s / unit_s)]
    title = f"time [{unit}] up to the delay, {format_s(end_s)}"
    return Axis(title, tuple(ticks), lambda value_s: WIDTH * value_s / end_s)


def gap_axis(gaps_pct: Sequence[float]) -> Axis:
    """From 0 to the largest gap [%]; beyond 60 % about linear up to 1 % and logarithmic from there."""
    highest, lowest = max((*gaps_pct, 0.0)), min((*gaps_pct, 0.0))
    if highest <= 60.0:
        top = 1.04 * highest or 1.0
        values, title = linear_ticks(top), "gap [%]"
        turn: Callable[[float], float] = float
    else:
        top = 1.1 * highest
        values = [0.0, *(10.0**power for power in range(math.ceil(math.log10(top))))]
        title, turn = "gap [%], about logarithmic above 1 %", _arcsinh
    low, span = turn(lowest), turn(top) - turn(lowest)
    return _axis(title, [(value, f"{value:,.6g}") for value in values], lambda v: (turn(v) - low) / span)


def delay_axis(delays_s: Sequence[float]) -> Axis:
    """From 0 to the longest delay [s]; logarithmic where delays spread over more than a factor of 20."""
    longest, shortest = max((*delays_s, 0.0)), min(delays_s, default=0.0)
    unit_s, unit = time_unit(longest)
    if shortest > 0 and longest > 20 * shortest:
        low, high = math.log10(shortest / 1.2), math.log10(longest * 1.2)
        powers = range(math.ceil(low), math.floor(high) + 1)
        marks = [(10.0**p * m, 10.0**p * m / unit_s) for p in (powers.start - 1, *powers) for m in (1, 3)]
        shown = [(at, f"{value:,.4g}") for at, value in marks if low <= math.log10(at) <= high]
        return _axis(f"delay [{unit}], logarithmic", shown, lambda v: (math.log10(v) - low) / (high - low))
    top = 1.04 * longest or 1.0
    shown = [(value * unit_s, f"{value:,.6g}") for value in linear_ticks(top / unit_s)]
    return _axis(f"delay [{unit}]", shown, lambda value_s: value_s / top)


def _axis(title: str, shown: list[tuple[float, str]], share: Callable[[float], float]) -> Axis:
    ticks = tuple(Tick(WIDTH * share(value), text) for value, text in shown)
    return Axis(title, ticks, lambda value: WIDTH * share(value))


def _arcsinh(value: float) -> float:
    return float(np.arcsinh(value))
