"""What the search is worth: splits by rule, and by the sum alone, against the optimum."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from planners.paper.finding import Finding
from planners.paper.outcome import DASH, Point, Results, points
from planners.paper.reported import reported
from planners.paper.scheme import PLANNER, PROPORTIONAL, SUM_ALONE, UNIFORM, Scheme
from planners.paper.setting import Setting
from satllm_env.figures.dots import Dot, DotPanel, dot_panels
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHAIN_HOPS = 4
"""The way to the ground then holds all five satellites that compute."""
CHAIN = "chain of five: source at one end, ground at the other"
CASES: dict[str, Setting] = {
    "as drawn": Setting(),
    CHAIN: Setting(hops=CHAIN_HOPS),
    "chain of five, all 50 W": Setting(hops=CHAIN_HOPS, boards=("orin-64gb-50w",)),
    "chain of five, M = 1": Setting(hops=CHAIN_HOPS, micro_batches=1),
    "chain of five, M = 64": Setting(hops=CHAIN_HOPS, micro_batches=64),
    "chain of five, 240p": Setting(hops=CHAIN_HOPS, resolution="240p"),
    "chain of five, ViT-L": Setting(hops=CHAIN_HOPS, model="vit-l"),
    "chain of five, ViT-B": Setting(hops=CHAIN_HOPS, model="vit-b"),
}
RULES = (UNIFORM, PROPORTIONAL, SUM_ALONE)
SUM_CASES = ("as drawn", CHAIN, "chain of five, all 50 W", "chain of five, M = 1")
"""Those in which the shortest path on the sum is asked, too: it takes fifty times as long as the planner."""


def wanted() -> list[Point]:
    """Rules and planner in every case."""
    return [
        point for name, setting in CASES.items() for point in points((setting,), (PLANNER, *_rules(name)))
    ]


def finding(results: Results) -> Finding:
    """A table and a figure."""
    chain = CASES[CHAIN]
    said = "; ".join(
        f"{rule.label} {results.ratio(CASES['as drawn'], PLANNER, ours=rule).times_text} as drawn, "
        f"{results.ratio(chain, PLANNER, ours=rule).times_text} in a chain of five"
        for rule in (UNIFORM, PROPORTIONAL)
    )
    return Finding(
        tables={"splits": _grid(results)},
        figures={"splits": partial(_figure, results)},
        ours={"splits": said},
    )


def _grid(results: Results) -> Grid:
    headings = ("delay over the planner's, 1080p unless said", *(rule.label for rule in RULES), "no plan")
    return Grid(headings, [_row(results, name) for name in CASES])


def _row(results: Results, name: str) -> tuple[str, ...]:
    setting = CASES[name]
    asked = _rules(name)
    cells = [_times(results, setting, rule) if rule in asked else DASH for rule in RULES]
    without = ", ".join(
        f"{rule.label}: {missing}"
        for rule in asked
        if (missing := int((~results.of(setting, rule).feasible).sum()))
    )
    return (name, *cells, without or DASH)


def _rules(name: str) -> tuple[Scheme, ...]:
    """Asked in a case."""
    return tuple(rule for rule in RULES if rule != SUM_ALONE or name in SUM_CASES)


def _times(results: Results, setting: Setting, rule: Scheme) -> str:
    found = results.ratio(setting, PLANNER, ours=rule)
    interval = f" ({found.low:.2f} to {found.high:.2f})" if found.known else ""
    return found.times_text + interval


def _figure(results: Results) -> Figure:
    series = {rule.label: [_dot(results, name, rule) for name in CASES] for rule in RULES}
    times = reported("splits").values["times"]
    lines = {f"reported {times:g}×": times, "optimum": 1.0}
    panel = DotPanel("", "mean delay over that of the optimum", series, lines)
    return dot_panels(list(CASES), [panel], title="Splits by rule against the optimum")


def _dot(results: Results, name: str, rule: Scheme) -> Dot | None:
    if rule not in _rules(name):
        return None
    found = results.ratio(CASES[name], PLANNER, ours=rule)
    return found.as_times if found.known else None
