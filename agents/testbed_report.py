"""Many plans on the testbed as one table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from satllm_env.figures.quantities import format_s
from satllm_env.tables import Grid, markdown_table
from satllm_env.testbed.job import Links
from satllm_env.testbed.run import Run, Settings

_LINKS: Mapping[Links, str] = {
    "sender": "links shaped by the senders",
    "tc": "links shaped by the kernel's tbf and netem",
    "tbf": "rates shaped by the kernel's tbf, latencies by the receivers",
}


@dataclass(frozen=True)
class PlanRow:
    """One plan, predicted and measured."""

    stages: int
    links: int
    micro_batches: int
    levels: tuple[str, ...]
    """Of the cuts."""
    rates_bps: tuple[float, float]
    """Slowest and fastest link."""
    bottleneck_s: float
    predicted_s: float
    measured_s: tuple[float, ...]
    """Of every measured pass."""
    modelled_s: float
    """By the delay model, for the busy times that were measured."""

    @property
    def median_s(self) -> float:
        """[s] of the measured passes."""
        return statistics.median(self.measured_s)

    @property
    def error_pct(self) -> float:
        """[percent] that the median is above the prediction."""
        return 100 * (self.median_s / self.predicted_s - 1)

    def as_data(self) -> dict[str, Any]:
        """The row as plain data."""
        return {**asdict(self), "error_pct": self.error_pct}


def row_of(run: Run) -> PlanRow:
    """A run's row."""
    plan, problem = run.plan, run.plan.instance.problem
    rates = [problem.links[transfer.link].rate_bps for transfer in plan.transfers]
    cuts = {t.boundary: t.level for t in plan.transfers if 0 < t.boundary < run.job.layers}
    return PlanRow(
        stages=len(plan.stages),
        links=len(plan.transfers),
        micro_batches=run.job.micro_batches,
        levels=tuple(problem.compression[level].name for level in cuts.values()),
        rates_bps=(min(rates), max(rates)),
        bottleneck_s=plan.bottleneck_s,
        predicted_s=plan.delay_s,
        measured_s=run.delays_s,
        modelled_s=run.modelled_s,
    )


def grid(rows: Sequence[PlanRow]) -> Grid:
    """A row per plan, by ascending predicted delay."""
    what = ("stages", "links", "M", "levels of the cuts", "rates [Mbit/s]")
    delays = ("predicted", "measured", "runs", "error")
    ordered = sorted(rows, key=lambda row: row.predicted_s)
    return Grid((*what, *delays), [_cells(row) for row in ordered], left=0)


def _cells(row: PlanRow) -> tuple[str, ...]:
    low, high = (rate / 1e6 for rate in row.rates_bps)
    return (
        str(row.stages),
        str(row.links),
        str(row.micro_batches),
        ", ".join(row.levels),
        f"{low:.0f} to {high:.0f}",
        format_s(row.predicted_s),
        format_s(row.median_s),
        f"{format_s(min(row.measured_s))} to {format_s(max(row.measured_s))}",
        f"{row.error_pct:+.2f} %",
    )


def markdown(rows: Sequence[PlanRow], command: str, when: str, cores: int, settings: Settings) -> str:
    """The section of a page: what was measured how, the table, and the worst case."""
    off = [abs(row.error_pct) for row in rows]
    within = sum(error <= 5 for error in off)
    worst = max(rows, key=lambda row: abs(row.error_pct))
    apart_s = abs(worst.median_s - worst.predicted_s)
    how = (
        "compute and codecs by timed waits of the seconds that a single process took, since there are fewer "
        "cores than stages"
        if settings.compute == "timed"
        else "compute in every pass, slowed down"
    )
    lines = [
        f"`{command}`, {when}, {cores} cores; {how}; {_LINKS[settings.links]}; medians of "
        f"{settings.repeats} passes.",
        "",
        markdown_table(grid(rows)),
        "",
        f"{within} of {len(rows)} plans are within 5 %; the median of the absolute error is "
        f"{statistics.median(off):.2f} %. The worst is {worst.error_pct:+.2f} %: {worst.stages} stages over "
        f"{worst.links} links with M = {worst.micro_batches}, {format_s(worst.median_s)} where "
        f"{format_s(worst.predicted_s)} were predicted: {format_s(apart_s)} apart, or "
        f"{format_s(apart_s / worst.links)} for each link.",
    ]
    if settings.compute == "real":
        modelled = [abs(100 * (row.median_s / row.modelled_s - 1)) for row in rows]
        lines[-1] += (
            " For the busy times that were measured in the passes the delay model is "
            f"{statistics.median(modelled):.2f} "
            f"% off in the median, at worst {max(modelled):.2f} %."
        )
    return "\n".join(lines) + "\n"
