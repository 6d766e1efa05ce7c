"""Policies side by side: their mean delays, and how far each stays from the optimum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.panels import Row, panels, write_absent, write_value
from satllm_env.figures.policy_result import PolicyResult, mean_ci95
from satllm_env.figures.quantities import format_s, three_digits, time_unit
from satllm_env.problem.instance import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOG_SPREAD = 20.0
"""Largest over smallest value from which an axis is logarithmic."""
_SYMLOG_PCT = 1.0
"""[%] gaps below it stand on a linear scale."""


@style.styled
def delay_per_policy(results: Sequence[PolicyResult], *, title: str | None = None) -> Figure:
    """Mean delay of each policy with its 95 % confidence interval (Student's t), a panel per scenario."""
    heading = title or "Mean delay per policy"
    figure, drawn = panels(results, heading, "mean", "whiskers: 95 % confidence intervals")
    for axes, rows in drawn:
        _delay_panel(axes, rows)
    return figure


@style.styled
def gap_distribution(results: Sequence[PolicyResult], *, title: str | None = None) -> Figure:
    """Gap to the optimum of each policy: every episode a dot, quartiles a box, the median a line."""
    heading = title or "Gap to the optimum"
    figure, drawn = panels(results, heading, "median", "dot: episode · box: quartiles · line: median")
    for axes, rows in drawn:
        _gap_panel(axes, rows)
    return figure


def _delay_panel(axes: Axes, rows: list[Row]) -> None:
    from matplotlib.ticker import FuncFormatter

    shown = [(y, row, *mean_ci95(row.delay_s)) for y, row in enumerate(rows) if row and len(row.delay_s)]
    means = np.array([mean for _, _, mean, _ in shown])
    logarithmic = means.size > 0 and means.min() > 0 and means.max() > _LOG_SPREAD * means.min()
    unit_s, unit = time_unit(float(means.max(initial=0.0)))
    axes.set_xlabel(f"delay [{unit}]" + (", logarithmic" if logarithmic else ""))
    if logarithmic:
        axes.set_xscale("log", nonpositive="clip")
        axes.set_xlim(means.min() / 1.6, max(mean + half for _, _, mean, half in shown) * 1.6)
    else:
        axes.set_xlim(0, max((mean + half for _, _, mean, half in shown), default=0.0) * 1.06 or 1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / unit_s:,.4g}"))
    _thin_ticks(axes, logarithmic)
    for y, row, mean, half in shown:
        colour, marker = style.KIND_COLOURS[row.kind], style.KIND_MARKERS[row.kind]
        axes.errorbar(mean, y, xerr=half, color=colour, marker=marker, markersize=6, capsize=3, linewidth=1.4)
        write_value(axes, y, format_s(mean))
    write_absent(axes, rows, {y for y, *_ in shown}, "no feasible plan")


def _thin_ticks(axes: Axes, logarithmic: bool) -> None:
    """As many ticks as have room for their labels."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    if not logarithmic:
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        return
    low, high = axes.get_xlim()
    narrow = high < 100 * low
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 3.0) if narrow else (1.0,), numticks=6))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _gap_panel(axes: Axes, rows: list[Row]) -> None:
    shown = [(y, row) for y, row in enumerate(rows) if row and len(row.gap_pct)]
    gaps = np.concatenate([row.gap_pct for _, row in shown]) if shown else np.zeros(0)
    _gap_scale(axes, gaps)
    axes.axvline(0.0, color=style.INK, linewidth=1.2, zorder=1)
    axes.annotate(
        "optimum",
        (0.0, 1.0),
        xytext=(0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        size=style.SMALL_PT,
        ha="left",
    )
    for y, row in shown:
        _strip(axes, y, row)
        write_value(axes, y, f"{three_digits(float(np.median(row.gap_pct)))} %")
    write_absent(axes, rows, {y for y, _ in shown}, "no gap known")


def _gap_scale(axes: Axes, gaps: Floats) -> None:
    """Linear, or linear up to 1 % and logarithmic beyond where gaps spread over orders of magnitude."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    highest, lowest = float(gaps.max(initial=0.0)), float(gaps.min(initial=0.0))
    typical = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 0.0
    if highest > max(_LOG_SPREAD * typical, 50.0 * _SYMLOG_PCT) or highest > 200.0:
        axes.set_xscale("symlog", linthresh=_SYMLOG_PCT, linscale=0.6)
        decades = int(np.ceil(np.log10(highest)))
        step = 1 if decades <= 4 else 2
        ticks = [0.0, *(10.0**power for power in range(0, decades + 1, step))]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(FixedLocator([]))
        axes.set_xlim(min(-0.15, 1.2 * lowest), highest * 1.5)
        axes.set_xlabel("gap [%], logarithmic above 1 %")
    else:
        span = highest or 1.0
        axes.set_xlim(min(-0.04 * span, 1.1 * lowest), 1.06 * span)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.set_xlabel("gap [%]")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.7g}"))


def _strip(axes: Axes, y: int, row: PolicyResult) -> None:
    """Dots in a band, spread evenly and always alike; quartiles and median over them."""
    colour = style.KIND_COLOURS[row.kind]
    spread = 0.56 * (_van_der_corput(len(row.gap_pct)) - 0.5)
    alpha = float(np.clip(40 / len(row.gap_pct), 0.08, 0.6))
    axes.plot(row.gap_pct, y + spread, "o", markersize=3, color=colour, alpha=alpha, mec="none", zorder=2)
    low, median, high = np.percentile(row.gap_pct, (25, 50, 75))
    axes.broken_barh([(low, high - low)], (y - 0.3, 0.6), facecolors="none", edgecolors=colour, zorder=3)
    axes.vlines(median, y - 0.36, y + 0.36, colors=colour, linewidth=2.4, zorder=4)


def _van_der_corput(count: int) -> Floats:
    """(count,) of van der Corput's sequence (1935) in base 2: even in [0, 1) however many are taken."""
    index, values = np.arange(count), np.zeros(count)
    weight = 0.5
    while index.any():
        values += weight * (index % 2)
        index, weight = index // 2, weight / 2
    return values
