"""The benchmark's tables: its sets, and the results of policies, for terminals and Markdown pages."""

from __future__ import annotations

from collections.abc import Sequence

from agents.benchmark.checking import Checks, confirmed
from agents.benchmark.scoring import SetSummary
from agents.benchmark.sets import BenchmarkSet
from satllm_env.tables import Grid, Section, markdown_table

MAKE_SECTION = Section("make_benchmark")
"""Where pages hold the table of sets."""

RESULT_SECTION = Section("benchmark")
"""Where pages hold the table of results."""


def sets_grid(sets: Sequence[BenchmarkSet], checks: Checks) -> Grid:
    """What each set is."""
    headings = ("set", "instances", "last seed", "left out", "confirmed", "SHA-256 of the lines")
    return Grid(headings, [_set_row(made, checks) for made in sets])


def sets_markdown(sets: Sequence[BenchmarkSet], checks: Checks) -> str:
    """The text of `MAKE_SECTION` in a page."""
    return markdown_table(sets_grid(sets, checks)) + "\n"


def _set_row(made: BenchmarkSet, checks: Checks) -> tuple[str, ...]:
    return (
        f"`{made.name}`",
        str(len(made.entries)),
        str(made.card.seeds[1]),
        str(len(made.card.left_out)),
        str(confirmed(made.entries, checks)),
        f"`{made.card.sha256[:16]}…`",
    )


def results_grid(results: Sequence[SetSummary]) -> Grid:
    """A row per set and policy, the sets together."""
    headings = (
        "set", "policy", "feasible", "mean gap", "95 % CI", "median", "p95", "optimal", "time", "time p95",
    )  # fmt: skip
    order = {name: number for number, name in enumerate(dict.fromkeys(entry.set for entry in results))}
    rows = sorted(results, key=lambda entry: order[entry.set])
    return Grid(headings, [_result_row(entry) for entry in rows])


def _result_row(entry: SetSummary) -> tuple[str, ...]:
    interval = entry.gap_ci95_pct
    return (
        f"{entry.set} ({entry.instances})",
        entry.policy,
        f"{entry.feasible_pct:.3g} %",
        _percent(entry.gap_mean_pct),
        "–" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}",
        _percent(entry.gap_median_pct),
        _percent(entry.gap_p95_pct),
        f"{entry.optimal_pct:.3g} %",
        f"{1e3 * entry.plan_time_mean_s:.1f} ms",
        f"{1e3 * entry.plan_time_p95_s:.1f} ms",
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} %"
