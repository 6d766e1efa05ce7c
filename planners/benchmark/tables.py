"""The report for terminals and as a section of a Markdown page."""

from __future__ import annotations

from rich.console import Console

from planners.benchmark.report import Report, about_lines, cold_grid, family_grid, notes, rival_grid
from satllm_env.tables import Grid, Section, markdown_table, rich_table

SECTION = Section("benchmark_planners")
"""Where pages hold the tables."""

WIDTH = 165


def print_report(report: Report, console: Console | None = None) -> None:
    """Print the tables, on stdout unless told otherwise."""
    out = console or Console(highlight=False)
    # a table cut to the width of a pipe or a narrow window says nothing
    out.width = max(out.width, WIDTH)
    for grid in _grids(report):
        out.print(rich_table(grid))
    for line in [*about_lines(report), "", *notes(report)]:
        out.print(line, style="dim", markup=False)


def markdown(report: Report, command: str) -> str:
    """The text of `SECTION` in a page.

    Args:
        report: what was measured.
        command: what was run, to repeat it.
    """
    parts = [f"`{command}`"]
    parts += [markdown_table(grid) for grid in _grids(report)]
    parts.append("\n".join(f"- {line}" for line in notes(report)))
    parts.append("\n".join(f"- `{name}`: {what}" for name, what in _about(report)))
    return "\n\n".join(parts) + "\n"


def _grids(report: Report) -> list[Grid]:
    return [grid for grid in (family_grid(report), cold_grid(report), rival_grid(report)) if grid.rows]


def _about(report: Report) -> list[tuple[str, str]]:
    return [(measured.family.name, measured.family.about) for measured in report.measured]
