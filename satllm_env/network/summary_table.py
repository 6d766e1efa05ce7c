"""Summaries of snapshots as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from satllm_env.network.network_model import NetworkModel
from satllm_env.network.summary import SnapshotSummary, Span

HEADINGS = (
    "t\n[s]",
    "links\nusable",
    "length\n[km]",
    "rate\n[Gbit/s]",
    "ground\ncontacts",
    "stations\nserved",
    "downlink\n[Gbit/s]",
)


def summary_table(model: NetworkModel, summaries: Sequence[SnapshotSummary]) -> Table:
    """One row per snapshot."""
    table = Table(title=_title(model))
    for heading in HEADINGS:
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for summary in summaries:
        table.add_row(
            f"{summary.t_s:g}",
            f"{summary.isls_usable}/{summary.isls}",
            _span(summary.isl_length_m, 1e3, ".0f"),
            _span(summary.isl_rate_bps, 1e9, ".3g"),
            f"{summary.downlinks_usable}/{summary.contacts}",
            f"{summary.stations_served}/{len(model.stations)}",
            _span(summary.downlink_rate_bps, 1e9, ".2f"),
        )
    return table


def _title(model: NetworkModel) -> str:
    return (
        f"{len(model.constellation)} satellites from {model.constellation.epoch:%Y-%m-%d %H:%M:%S} UTC, "
        f"{len(model.stations)} stations, contacts from {model.min_elevation_deg:g}°"
    )


def _span(values: Span, unit: float, form: str) -> str:
    return "–" if values is None else "–".join(format(value / unit, form) for value in values)
