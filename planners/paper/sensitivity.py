"""How the headline figures move when what could not be known is assumed otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from planners.paper.finding import Finding, span
from planners.paper.outcome import DASH, Point, Ratio, Results, points, signed
from planners.paper.reported import reported
from planners.paper.scheme import GROUND_ONLY, PLANNER, SINGLE, UNIFORM
from planners.paper.setting import MODELS, RESOLUTIONS, S2G_GBPS, Setting
from satllm_env.figures.dots import Dot, DotPanel, dot_panels
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORINS = {f"all {watt} W": (f"orin-64gb-{watt}w",) for watt in (50, 30, 15)}
CASES: dict[str, dict[str, Setting]] = {
    "satellites' utilisation": {f"{u:g}": Setting(utilisation=u) for u in (0.15, 0.25, 0.33, 0.5)},
    "ground's utilisation": {f"{u:g}": Setting(ground_utilisation=u) for u in (0.15, 0.33, 0.5)},
    "precision": {name: Setting(precision=name) for name in ("fp16", "fp32")},
    "power modes": {
        "15, 30, 50 W drawn": Setting(),
        **{name: Setting(boards=boards) for name, boards in ORINS.items()},
    },
    "micro-batches": {
        "8, 16, 32 drawn": Setting(),
        **{f"{m}": Setting(micro_batches=m) for m in (1, 4, 8, 16, 32, 64)},
    },
    "relay hops": {"0 to 4 drawn": Setting(), **{f"{h}": Setting(hops=h) for h in range(5)}},
    "who computes": {
        "five, the sensing one too": Setting(),
        "five beside the sensing one": Setting(source_computes=False),
        "five and the ground": Setting(ground_computes=True),
    },
    "compression": {
        "fit to the paper": Setting(),
        "measured": Setting(profile="landcover-vit"),
        "none": Setting(accuracy_budget=0.0),
    },
    "resolution": {name: Setting(resolution=name) for name in RESOLUTIONS},
    "S2G rate [Gbit/s]": {f"{rate:g}": Setting(s2g_gbps=rate) for rate in S2G_GBPS},
    "model": {name: Setting(model=name) for name in MODELS},
}
"""Assumptions one by one; all else is as drawn: ViT-G, 1080p, S2G 0.8 Gbit/s."""
ASSUMED = tuple(name for name in CASES if name not in ("resolution", "S2G rate [Gbit/s]", "model"))
"""What could not be known; the others the paper sweeps itself."""


class Headline(NamedTuple):
    """A headline figure, and the reported one."""

    heading: str
    of: Callable[[Results, Setting], Ratio]
    result_id: str
    value: str
    """Name of the reported number: a change in per cent, or times."""
    logarithmic: bool = False
    """In the figure."""


HEADLINES = (
    Headline(
        "delay against ground-only",
        lambda results, at: results.ratio(at, GROUND_ONLY),
        "delay-ground-s2g",
        "change_pct",
        logarithmic=True,
    ),
    Headline(
        "delay against a single satellite, memory ignored",
        lambda results, at: results.ratio(at, SINGLE),
        "delay-single",
        "change_pct",
    ),
    Headline(
        "bytes against ground-only",
        lambda results, at: results.ratio(at, GROUND_ONLY, "total_bytes"),
        "bytes",
        "change_pct",
    ),
    Headline(
        "uniform split over planner",
        lambda results, at: results.ratio(at, PLANNER, ours=UNIFORM),
        "splits",
        "times",
    ),
)


def wanted() -> list[Point]:
    """What the headlines compare, under every assumption."""
    settings = (setting for cases in CASES.values() for setting in cases.values())
    return points(settings, (PLANNER, GROUND_ONLY, SINGLE, UNIFORM))


def finding(results: Results) -> Finding:
    """A table of every assumption, one of the ranges, and a figure."""
    return Finding(
        tables={"sensitivity": _grid(results), "ranges": _range_grid(results)},
        figures={"sensitivity": partial(_figure, results)},
    )


def _is_times(headline: Headline) -> bool:
    return headline.value == "times"


def _text(headline: Headline, found: Ratio) -> str:
    return found.times_text if _is_times(headline) else found.change_text


def _grid(results: Results) -> Grid:
    rows = [
        (f"{name}: {case}", *(_text(h, h.of(results, setting)) for h in HEADLINES))
        for name, cases in CASES.items()
        for case, setting in cases.items()
    ]
    return Grid(("assumption", *(h.heading for h in HEADLINES)), rows)


def _range_grid(results: Results) -> Grid:
    rows = [
        ("reported", *(reported(h.result_id).text for h in HEADLINES)),
        ("ours, as drawn", *(_text(h, h.of(results, Setting())) for h in HEADLINES)),
    ]
    for name, cases in CASES.items():
        rows.append((name, *(_range(h, [h.of(results, s) for s in cases.values()]) for h in HEADLINES)))
    return Grid(("assumption swept", *(h.heading for h in HEADLINES)), rows)


def _range(headline: Headline, found: list[Ratio]) -> str:
    values = [ratio.value for ratio in found if ratio.known]
    if not values:
        return DASH
    if _is_times(headline):
        return span(values, lambda value: f"{value:.2f}×")
    return f"{span([100 * (value - 1) for value in values], signed)} %"


def _figure(results: Results) -> Figure:
    rows: list[str] = []
    heads: list[int] = []
    settings: list[Setting | None] = []
    for name in ASSUMED:
        heads.append(len(rows))
        rows += [name, *CASES[name]]
        settings += [None, *CASES[name].values()]
    panels = [_panel(results, headline, settings) for headline in HEADLINES]
    title = "Headline figures under one assumption changed at a time: ViT-G, 1080p, S2G 0.8 Gbit/s"
    return dot_panels(rows, panels, title=title, strong=heads)


def _panel(results: Results, headline: Headline, settings: list[Setting | None]) -> DotPanel:
    """Times rather than changes, and logarithmic, where ours stretch from a fraction to a multiple."""
    found = [None if setting is None else headline.of(results, setting) for setting in settings]
    value = reported(headline.result_id).values[headline.value]
    as_times = _is_times(headline) or headline.logarithmic
    across = "times" if as_times else "change [%]"
    dots = [None if ratio is None else _dot(ratio, as_times) for ratio in found]
    return DotPanel(
        headline.heading.replace(", memory ignored", "").replace(
            "against", "over" if as_times else "against"
        ),
        f"{across}, logarithmic" if headline.logarithmic else across,
        {"ours": dots},
        {"reported": 1 + value / 100 if headline.logarithmic else value},
        headline.logarithmic,
    )


def _dot(found: Ratio, as_times: bool) -> Dot | None:
    if not found.known:
        return None
    return found.as_times if as_times else found.as_changes
