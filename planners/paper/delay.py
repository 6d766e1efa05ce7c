"""Delay against resolution and S2G rate, for every scheme that the paper compares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from planners.paper.finding import Finding, seconds, span
from planners.paper.outcome import Point, Results, points, signed
from planners.paper.reported import reported
from planners.paper.scheme import REPORTED_SCHEMES, SENSING_ALONE, SINGLE
from planners.paper.setting import RESOLUTIONS, S2G_GBPS, Setting
from satllm_env.figures.curves import Curve, CurvePanel, curve_panels
from satllm_env.figures.dots import DotPanel, dot_panels
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE, RESOLUTION = 0.8, "1080p"
"""What is held while the other is swept."""
SWEPT = tuple(rate for rate in S2G_GBPS if rate <= 0.8)
"""[Gbit/s] of the reported sweep."""


def wanted() -> list[Point]:
    """Every scheme at every resolution and rate."""
    everywhere = points((_at(name, rate) for name in RESOLUTIONS for rate in S2G_GBPS), REPORTED_SCHEMES)
    return [*everywhere, Point(_at(RESOLUTION, RATE), SENSING_ALONE)]


def finding(results: Results) -> Finding:
    """Tables by resolution and by rate, the gain over the whole grid, two figures."""
    by_resolution = {name: _at(name, RATE) for name in RESOLUTIONS}
    by_rate = {f"{rate:g}": _at(RESOLUTION, rate) for rate in S2G_GBPS}
    return Finding(
        tables={
            "delay by resolution": _grid(results, f"resolution, S2G {RATE:g} Gbit/s", by_resolution),
            "delay by S2G rate": _grid(results, f"S2G [Gbit/s], {RESOLUTION}", by_rate),
            "gain": _gain_grid(results),
        },
        figures={
            "delay": partial(_delay_figure, results, by_resolution, by_rate),
            "gain": partial(_gain_figure, results),
        },
        ours=_ours(results),
    )


def _at(resolution: str, rate: float) -> Setting:
    return Setting(resolution=resolution, s2g_gbps=rate)


def _grid(results: Results, heading: str, settings: dict[str, Setting]) -> Grid:
    headings = (heading, *(f"{scheme.label} [s]" for scheme in REPORTED_SCHEMES))
    rows = [
        (name, *(seconds(results.of(setting, scheme).mean("delay_s")) for scheme in REPORTED_SCHEMES))
        for name, setting in settings.items()
    ]
    return Grid(headings, rows)


def _gain_grid(results: Results) -> Grid:
    headings = ("against ground-only", *(f"S2G {rate:g} Gbit/s" for rate in S2G_GBPS))
    rows = [
        (name, *(results.ratio(_at(name, rate)).change_text for rate in S2G_GBPS)) for name in RESOLUTIONS
    ]
    return Grid(headings, rows)


def _delay_figure(results: Results, by_resolution: dict[str, Setting], by_rate: dict[str, Setting]) -> Figure:
    panels = [
        CurvePanel(heading, tuple(settings), across, "delay [s]", _curves(results, settings))
        for heading, across, settings in (
            (f"S2G {RATE:g} Gbit/s", "resolution", by_resolution),
            (RESOLUTION, "S2G rate [Gbit/s]", by_rate),
        )
    ]
    return curve_panels(panels, title="ViT-G, 64 images, five of twelve satellites: delay of every scheme")


def _curves(results: Results, settings: dict[str, Setting]) -> tuple[Curve, ...]:
    return tuple(
        Curve(scheme.label, [results.of(setting, scheme).found("delay_s") for setting in settings.values()])
        for scheme in REPORTED_SCHEMES
    )


def _gain_figure(results: Results) -> Figure:
    rows, dots = [], []
    for name in RESOLUTIONS:
        for rate in S2G_GBPS:
            rows.append(f"{name}, {rate:g} Gbit/s")
            dots.append(results.ratio(_at(name, rate)).as_changes)
    lines = {
        f"reported {signed(result.values['change_pct'])} %, {result.what.split(', ')[-1]}": result.values[
            "change_pct"
        ]
        for result in (reported("delay-ground-s2g"), reported("delay-ground-1080p"))
    }
    panel = DotPanel("", "change of delay against ground-only [%]", {"ours": dots}, lines)
    heads = range(0, len(rows), len(S2G_GBPS))
    return dot_panels(rows, [panel], title="The planner against ground-only", strong=list(heads))


def _ours(results: Results) -> dict[str, str]:
    over_rates = [results.ratio(_at(RESOLUTION, rate)) for rate in SWEPT]
    fastest = results.ratio(_at(RESOLUTION, RATE))
    by_resolution = [results.ratio(_at(name, RATE)).as_changes[0] for name in RESOLUTIONS]
    return {
        "delay-ground-s2g": f"{fastest.change_text} at 1080p; {span(by_resolution, signed)} % "
        "over 240p to 1080p",
        "delay-ground-1080p": f"{span([r.as_changes[0] for r in over_rates], signed)} % "
        f"over S2G {SWEPT[0]:g} to {SWEPT[-1]:g} Gbit/s",
        "delay-single": f"memory ignored: {results.ratio(_at(RESOLUTION, RATE), SINGLE).change_text} against "
        f"the best satellite, {results.ratio(_at(RESOLUTION, RATE), SENSING_ALONE).change_text} against the "
        "sensing one",
        "speed-up": span([1 / r.value for r in over_rates], lambda value: f"{value:.2f}×"),
    }
