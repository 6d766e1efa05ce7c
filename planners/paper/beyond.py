"""The same sweep where the paper did not look: the ground computes, measured compression, real shells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from planners.paper.finding import Finding, curve, megabytes, seconds
from planners.paper.outcome import DASH, Point, Quantity, Results, points
from planners.paper.scheme import GROUND_ONLY, PLANNER, Scheme
from planners.paper.setting import RESOLUTIONS, S2G_GBPS, Setting
from satllm_env.figures.curves import Curve, CurvePanel, curve_panels
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Case = tuple[Setting, Scheme]
Swept = Callable[[Setting], list[Setting]]
"""A setting at every resolution, or at every rate."""


class Sweep(NamedTuple):
    """Cases that one figure compares over the same resolutions and rates."""

    title: str
    cases: dict[str, Case]
    like: dict[str, str] = {}  # noqa: RUF012  never changed
    """Curves that are drawn as a broken line in another one's colour."""


STARLINK = Setting(over="starlink-shell1")
SWEEPS = {
    "ground": Sweep(
        "The ground may compute, too",
        {
            "planner, satellites only": (Setting(), PLANNER),
            "planner, satellites and ground": (Setting(ground_computes=True), PLANNER),
            "ground-only": (Setting(), GROUND_ONLY),
        },
    ),
    "measured": Sweep(
        "Measured compression in place of the fit; satellites and ground compute",
        {
            "fit to the paper": (Setting(ground_computes=True), PLANNER),
            "measured": (Setting(ground_computes=True, profile="landcover-vit"), PLANNER),
            "no compression": (Setting(ground_computes=True, accuracy_budget=0.0), PLANNER),
        },
    ),
    "shells": Sweep(
        "The ring of twelve, Starlink's first shell and Kuiper's",
        {
            "planner, ring": (Setting(), PLANNER),
            "planner, Starlink": (STARLINK, PLANNER),
            "planner, Kuiper": (Setting(over="kuiper-630"), PLANNER),
            "ground-only, ring": (Setting(), GROUND_ONLY),
            "ground-only, Starlink": (STARLINK, GROUND_ONLY),
            "ground-only, Kuiper": (Setting(over="kuiper-630"), GROUND_ONLY),
        },
        {f"ground-only, {shell}": f"planner, {shell}" for shell in ("ring", "Starlink", "Kuiper")},
    ),
    "outages": Sweep(
        "Starlink's first shell with outages and lost satellites",
        {
            "planner": (STARLINK, PLANNER),
            "planner, outages": (Setting(over="starlink-outages"), PLANNER),
            "ground-only": (STARLINK, GROUND_ONLY),
            "ground-only, outages": (Setting(over="starlink-outages"), GROUND_ONLY),
        },
        {"planner, outages": "planner", "ground-only, outages": "ground-only"},
    ),
    "eclipse": Sweep(
        "Starlink's first shell, power saved in the Earth's shadow",
        {
            "planner": (STARLINK, PLANNER),
            "planner, eclipse": (Setting(over="eclipse"), PLANNER),
            "ground-only": (STARLINK, GROUND_ONLY),
            "ground-only, eclipse": (Setting(over="eclipse"), GROUND_ONLY),
        },
        {"planner, eclipse": "planner", "ground-only, eclipse": "ground-only"},
    ),
}


def wanted() -> list[Point]:
    """Every case over resolutions and over rates."""
    return [
        point
        for sweep in SWEEPS.values()
        for setting, scheme in sweep.cases.values()
        for point in points(_swept(setting), (scheme,))
    ]


def finding(results: Results) -> Finding:
    """A table and a figure for each sweep."""
    return Finding(
        tables={name: _grid(results, sweep) for name, sweep in SWEEPS.items()},
        figures={name: partial(_figure, results, sweep) for name, sweep in SWEEPS.items()},
    )


def _by_resolution(setting: Setting) -> list[Setting]:
    return [replace(setting, resolution=name) for name in RESOLUTIONS]


def _by_rate(setting: Setting) -> list[Setting]:
    return [replace(setting, s2g_gbps=rate) for rate in S2G_GBPS]


def _swept(setting: Setting) -> Iterator[Setting]:
    yield from dict.fromkeys([*_by_resolution(setting), *_by_rate(setting)])


def _grid(results: Results, sweep: Sweep) -> Grid:
    headings = (
        "case",
        *(f"{name} [s]" for name in RESOLUTIONS),
        *(f"{rate:g} Gbit/s [s]" for rate in S2G_GBPS),
        "bytes, 1080p, 0.8 Gbit/s [MB]",
        "proven",
    )
    return Grid(headings, [_row(results, name, *case) for name, case in sweep.cases.items()])


def _row(results: Results, name: str, setting: Setting, scheme: Scheme) -> tuple[str, ...]:
    swept = [*_by_resolution(setting), *_by_rate(setting)]
    outcomes = [results.of(point, scheme) for point in swept]
    return (
        name,
        *(seconds(outcome.mean("delay_s")) for outcome in outcomes),
        megabytes(results.of(setting, scheme).mean("total_bytes")),
        _proven(results, setting, scheme),
    )


def _proven(results: Results, setting: Setting, scheme: Scheme) -> str:
    if scheme != PLANNER:
        return DASH
    outcomes = [results.of(point, scheme) for point in _swept(setting)]
    return f"{sum(o.proven for o in outcomes)} of {sum(len(o.delay_s) for o in outcomes)}"


def _figure(results: Results, sweep: Sweep) -> Figure:
    def curves(swept: Swept, quantity: Quantity, unit: float = 1.0) -> tuple[Curve, ...]:
        return tuple(
            curve(
                name,
                [results.of(s, scheme).found(quantity) for s in swept(setting)],
                unit,
                like=like.get(name),
            )
            for name, (setting, scheme) in sweep.cases.items()
        )

    rates, like = tuple(f"{rate:g}" for rate in S2G_GBPS), sweep.like
    delay = "delay [s]"
    panels = [
        CurvePanel("S2G 0.8 Gbit/s", RESOLUTIONS, "resolution", delay, curves(_by_resolution, "delay_s")),
        CurvePanel("1080p", rates, "S2G rate [Gbit/s]", delay, curves(_by_rate, "delay_s")),
        CurvePanel(
            "S2G 0.8 Gbit/s", RESOLUTIONS, "resolution", "bytes over all links [MB]",
            curves(_by_resolution, "total_bytes", 1e-6),
        ),
    ]  # fmt: skip
    return curve_panels(panels, title=f"{sweep.title}: ViT-G, 64 images")
