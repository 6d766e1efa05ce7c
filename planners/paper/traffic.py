"""Bytes over all links, under the readings of what the reported figure may count."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from planners.paper.finding import Finding, curve, megabytes
from planners.paper.outcome import Point, Results, points
from planners.paper.reported import reported
from planners.paper.scheme import GROUND_ONLY, PLANNER
from planners.paper.setting import RESOLUTIONS, Setting
from satllm_env.figures.curves import CurvePanel, curve_panels
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPUTES, RELAYS = "sensing satellite computes", "sensing satellite only passes on"
READINGS = {
    COMPUTES: Setting(),
    f"{COMPUTES}, plain cuts": Setting(accuracy_budget=0.0),
    f"{COMPUTES}, measured compression": Setting(profile="landcover-vit"),
    RELAYS: Setting(source_computes=False),
    f"{RELAYS}, plain cuts": Setting(source_computes=False, accuracy_budget=0.0),
    f"{RELAYS}, measured compression": Setting(source_computes=False, profile="landcover-vit"),
    f"{RELAYS}, 2 relay hops": Setting(source_computes=False, hops=2),
    f"{RELAYS}, 3 relay hops": Setting(source_computes=False, hops=3),
}
DRAWN = (COMPUTES, f"{COMPUTES}, plain cuts", RELAYS, f"{RELAYS}, plain cuts")
BOTH = (PLANNER, GROUND_ONLY)


def wanted() -> list[Point]:
    """All readings at 1080p, some at every resolution."""
    return points(_settings(), BOTH)


def finding(results: Results) -> Finding:
    """A table of readings and a figure over resolutions."""
    changes = {name: results.ratio(_at(name, "1080p"), quantity="total_bytes") for name in (COMPUTES, RELAYS)}
    said = "; ".join(f"{change.change_text} where the {name}" for name, change in changes.items())
    return Finding(
        tables={"bytes": _grid(results)},
        figures={"bytes": partial(_figure, results)},
        ours={"bytes": said},
    )


def _at(reading: str, resolution: str) -> Setting:
    return replace(READINGS[reading], resolution=resolution)


def _settings() -> list[Setting]:
    everywhere = [_at(reading, resolution) for reading in DRAWN for resolution in RESOLUTIONS]
    return [*(_at(reading, "1080p") for reading in READINGS), *everywhere]


def _grid(results: Results) -> Grid:
    headings = (
        "reading, 1080p", "ISL [MB]", "downlink [MB]", "ground-only, all links [MB]", "bytes", "delay",
    )  # fmt: skip
    return Grid(headings, [_row(results, reading) for reading in READINGS])


def _row(results: Results, reading: str) -> tuple[str, ...]:
    at = _at(reading, "1080p")
    ours = results.of(at)
    return (
        reading,
        megabytes(float(ours.isl_bytes[ours.feasible].mean())),
        megabytes(float(ours.downlink_bytes[ours.feasible].mean())),
        megabytes(results.of(at, GROUND_ONLY).mean("total_bytes")),
        results.ratio(at, quantity="total_bytes").change_text,
        results.ratio(at).change_text,
    )


def _figure(results: Results) -> Figure:
    ground = [results.of(_at(COMPUTES, name), GROUND_ONLY).found("total_bytes") for name in RESOLUTIONS]
    kept = 1 + reported("bytes").values["change_pct"] / 100
    curves = [
        curve(
            f"planner, {reading}",
            [results.of(_at(reading, name)).found("total_bytes") for name in RESOLUTIONS],
            1e-6,
        )
        for reading in DRAWN
    ]
    curves += [
        curve("ground-only", ground, 1e-6),
        curve(f"reported: {reported('bytes').text} of ground-only", ground, kept * 1e-6, like="ground-only"),
    ]
    panel = CurvePanel("", RESOLUTIONS, "resolution", "bytes over all links [MB]", tuple(curves))
    return curve_panels([panel], title="Bytes of a request: ViT-G, 64 images")
