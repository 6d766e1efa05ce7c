"""Tables of text for terminals and Markdown pages, and sections of pages that commands rewrite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table

from satllm_env.errors import InputError


class Grid(NamedTuple):
    """A table: headings and rows of text; the first columns are to the left, the others to the right."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left: int = 1
    """Columns to the left."""


class Section(NamedTuple):
    """A part of a Markdown page that a command rewrites, between two comments that readers do not see."""

    name: str
    """Of the command."""

    @property
    def begin(self) -> str:
        """The line before it."""
        return f"<!-- {self.name}:begin -->"

    @property
    def end(self) -> str:
        """The line after it."""
        return f"<!-- {self.name}:end -->"

    def in_page(self, path: Path, text: str) -> str:
        """A page's text with the section replaced; the section alone where the page has none.

        Raises:
            InputError: the page exists and cannot be read.
        """
        framed = f"{self.begin}\n\n{text}\n{self.end}"
        if not path.exists():
            return framed + "\n"
        try:
            page = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise InputError(str(path), "", f"cannot be read: {reason}") from None
        before, begin, rest = page.partition(self.begin)
        _, end, after = rest.partition(self.end)
        return before + framed + after if begin and end else framed + "\n"


def rich_table(grid: Grid) -> Table:
    """The table for a terminal; a cell "NO" is red."""
    table = Table(box=SIMPLE_HEAD)
    for number, heading in enumerate(grid.headings):
        table.add_column(heading, justify="left" if number < grid.left else "right", no_wrap=number == 0)
    for row in grid.rows:
        table.add_row(*("[red]NO[/red]" if cell == "NO" else cell for cell in row))
    return table


def markdown_table(grid: Grid) -> str:
    """The table in Markdown, without a newline at its end."""
    rules = ("---" if number < grid.left else "---:" for number in range(len(grid.headings)))
    lines = [grid.headings, tuple(rules), *grid.rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
