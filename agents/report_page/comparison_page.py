"""The page of a comparison: scenario by scenario the table, the gaps, and one request's best plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.comparison import Comparison, Showcase
from agents.evaluation import Score
from agents.report_page.origin import Origin
from agents.report_page.plan_section import Planned, PlanSection, plan_section
from agents.report_page.render import render
from agents.report_page.strips import Strips, delay_strips, gap_strips
from agents.table import HEADINGS, cells, notes_of
from planners.sensitivity import Sensitivity


@dataclass(frozen=True)
class TableRow:
    """One policy."""

    policy: str
    kind: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class ScenarioSection:
    """What the page tells of one scenario."""

    name: str
    rows: tuple[TableRow, ...]
    gaps: Strips
    delays: Strips
    example: PlanSection | None
    """A request of it with its best plan, None where no request has one."""
    example_seed: int


def comparison_page(comparison: Comparison, sensitivities: Mapping[str, Sensitivity], origin: Origin) -> str:
    """A page of a comparison, as HTML that needs nothing else.

    Args:
        comparison: what came out.
        sensitivities: of the showcases, by scenario; those left out are not told of.
        origin: what made the page.
    """
    sections = [_section(comparison, name, sensitivities) for name in comparison.scenarios]
    return render(
        "comparison.html.j2",
        title="Planners and policies compared",
        headings=HEADINGS,
        sections=sections,
        notes=notes_of(comparison),
        episodes=comparison.episodes,
        origin=origin,
    )


def _section(
    comparison: Comparison, scenario: str, sensitivities: Mapping[str, Sensitivity]
) -> ScenarioSection:
    shown = next((entry for entry in comparison.showcases if entry.scenario == scenario), None)
    scores = [entry for entry in comparison.scores if entry.scenario == scenario]
    return ScenarioSection(
        name=scenario,
        rows=_rows(scores),
        gaps=gap_strips(scores, comparison.seed),
        delays=delay_strips(scores, comparison.seed),
        example=_example(shown, sensitivities.get(scenario)) if shown else None,
        example_seed=shown.seed if shown else 0,
    )


def _rows(scores: Sequence[Score]) -> tuple[TableRow, ...]:
    return tuple(TableRow(entry.policy, entry.kind, tuple(cells(entry))) for entry in scores)


def _example(shown: Showcase, found: Sensitivity | None) -> PlanSection:
    planned = Planned(shown.sample.instance, shown.result, shown.sample.map_layout(), found)
    return plan_section(planned)
