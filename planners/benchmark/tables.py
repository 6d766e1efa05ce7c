"""The report for terminals and as a section of a Markdown page."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from planners.benchmark.report import Grid, Report, about_lines, cold_grid, family_grid, notes, rival_grid
from satllm_env.errors import InputError

BEGIN, END = "<!-- benchmark_planners:begin -->", "<!-- benchmark_planners:end -->"
"""What the section stands between."""

WIDTH = 165


def print_report(report: Report, console: Console | None = None) -> None:
    """Print the tables, on stdout unless told otherwise."""
    out = console or Console(highlight=False)
    # a table cut to the width of a pipe or a narrow window says nothing
    out.width = max(out.width, WIDTH)
    for grid in _grids(report):
        out.print(_rich(grid))
    for line in [*about_lines(report), "", *notes(report)]:
        out.print(line, style="dim", markup=False)


def markdown(report: Report, command: str) -> str:
    """The section that `page_with` puts into a page.

    Args:
        report: what was measured.
        command: what was run, to repeat it.
    """
    parts = [f"`{command}`"]
    parts += [_markdown_table(grid) for grid in _grids(report)]
    parts.append("\n".join(f"- {line}" for line in notes(report)))
    parts.append("\n".join(f"- `{name}`: {what}" for name, what in _about(report)))
    return "\n\n".join(parts) + "\n"


def page_with(path: Path, section: str) -> str:
    """A page's text with the section between its markers; the section alone where it has none.

    Raises:
        InputError: the page exists and cannot be read.
    """
    framed = f"{BEGIN}\n\n{section}\n{END}"
    if not path.exists():
        return framed + "\n"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError(str(path), "", f"cannot be read: {reason}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return before + framed + after if begin and end else framed + "\n"


def _grids(report: Report) -> list[Grid]:
    return [grid for grid in (family_grid(report), cold_grid(report), rival_grid(report)) if grid.rows]


def _about(report: Report) -> list[tuple[str, str]]:
    return [(measured.family.name, measured.family.about) for measured in report.measured]


def _rich(grid: Grid) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for number, heading in enumerate(grid.headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=bool(number == 0))
    for row in grid.rows:
        styled = ["[red]NO[/red]" if cell == "NO" else cell for cell in row]
        table.add_row(*styled)
    return table


def _markdown_table(grid: Grid) -> str:
    lines = [grid.headings, ("---", *("---:" for _ in grid.headings[1:])), *grid.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
