"""The comparison as a table for people."""

from __future__ import annotations

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agents.comparison import Comparison
from agents.evaluation import Score

DASH = "–"
WIDTH = 130
HEADINGS = ("feasible", "delay s", "gap %", "95 % CI", "p95 %", "ISL MB", "down MB", "loss pt", "plan ms")


def print_table(comparison: Comparison, console: Console | None = None) -> None:
    """Print one table for all scenarios, on stdout unless told otherwise."""
    out = console or Console(highlight=False)
    # a table cut to the width of a pipe or a narrow window says nothing
    out.width = max(out.width, WIDTH)
    out.print(comparison_table(comparison))
    for note in notes_of(comparison):
        out.print(note, style="dim")


def comparison_table(comparison: Comparison) -> Table:
    """One row per policy, one block per scenario."""
    title = f"{comparison.episodes} requests per scenario, seeds from {comparison.seed}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("policy", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for scenario in comparison.scenarios:
        table.add_row(scenario, style="bold")
        for entry in comparison.scores:
            if entry.scenario == scenario:
                table.add_row(f"  {entry.policy}", entry.kind, *cells(entry))
        table.add_section()
    return table


def cells(entry: Score) -> list[str]:
    """What stands under `HEADINGS` for one policy on one scenario."""
    low, high = entry.gap_ci95_pct
    known = len(entry.gap_pct) > 0
    return [
        f"{100 * entry.feasible_rate:.0f} %",
        _mean(entry.delay_s, ".2f"),
        _mean(entry.gap_pct, ".2f"),
        f"{low:.1f}–{high:.1f}" if known else DASH,
        f"{_p95(entry):.1f}" if known else DASH,
        _mean(entry.isl_bytes / 1e6, ".1f"),
        _mean(entry.downlink_bytes / 1e6, ".1f"),
        _mean(entry.accuracy_loss, ".2f"),
        _mean(entry.plan_time_s * 1e3, ".1f"),
    ]


def _p95(entry: Score) -> float:
    return float(np.percentile(entry.gap_pct, 95))


def _mean(values: object, form: str) -> str:
    numbers = np.asarray(values)
    return format(float(numbers.mean()), form) if len(numbers) else DASH


def notes_of(comparison: Comparison) -> list[str]:
    """What the columns mean, and what the figures leave out."""
    lines = [
        "Means over requests with a plan. gap: delay above the proven optimum of the same request, with a "
        "bootstrap interval of its mean. ISL and down: bytes of the whole batch between satellites and to "
        "the ground. loss: accuracy, percentage points. plan: time to plan, compiled code warm.",
        *comparison.footnotes,
    ]
    if comparison.unproven:
        lines.append(f"{comparison.unproven} optima were not proven in time; gaps leave those requests out.")
    return lines
