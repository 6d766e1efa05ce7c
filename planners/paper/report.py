"""Where a reproduction is written to: figures, tables and data in a folder, sections of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from planners.paper.reproduction import SUMMARY, Reproduction
from satllm_env.cli import write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.figures.canvas import to_png
from satllm_env.provenance import command_line, git_revision
from satllm_env.tables import Section, markdown_table
from satllm_env.text import read_text

RUN = "run"
"""Section that says how much was planned."""


def write_folder(made: Reproduction, folder: Path) -> list[Path]:
    """Write figures, ``tables.md`` and ``results.json``.

    Returns:
        The files.

    Raises:
        InputError: a file cannot be written.
    """
    written = []
    for name, draw in made.figures():
        written.append(folder / f"{name}.png")
        write_bytes(written[-1], to_png(draw()))
    data = {"command": command_line(), "git_revision": git_revision(), **made.as_data()}
    parts = [f"## {name}\n\n{markdown_table(grid)}\n" for name, grid in made.tables()]
    write_text(folder / "tables.md", "\n".join([f"{made.note}\n", *parts]))
    write_text(folder / "results.json", json.dumps(data, indent=1, allow_nan=False) + "\n")
    return [*written, folder / "tables.md", folder / "results.json"]


def write_page(made: Reproduction, page: Path) -> None:
    """Write tables between the markers of a page, and its figures to ``figures/paper-NAME.png`` beside it.

    Where some reported results have no answer, the summary stays as it is.

    Raises:
        InputError: the page is not there or lacks a marker, or a file cannot be written.
    """
    texts = _texts(made)
    check_page(texts, page)
    for name, draw in made.figures():
        write_bytes(page.parent / "figures" / f"paper-{name}.png", to_png(draw()))
    for name, text in texts.items():
        write_text(page, section(name).in_page(page, text))


def check_page(names: Iterable[str], page: Path) -> None:
    """Check that a page has the markers of some sections.

    Raises:
        InputError: it has not.
    """
    text = read_text(page)
    for name in names:
        if section(name).begin not in text:
            raise InputError(str(page), "", f"has no {section(name).begin}")


def _texts(made: Reproduction) -> dict[str, str]:
    """Of the page's sections, by name."""
    texts = {name: markdown_table(grid) for name, grid in made.tables()}
    if made.complete:
        return {RUN: f"{made.note}\n", **texts}
    texts.pop(SUMMARY, None)
    return texts


def section(name: str) -> Section:
    """The part of a page that holds a table."""
    return Section(f"reproduce_paper {name}")
