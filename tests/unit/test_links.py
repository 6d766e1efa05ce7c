"""Links between the documentation's pages, into the README and out of it."""

from pathlib import Path

import nbformat
import pytest

from tests.pages import DOCS, PAGES, ROOT, anchors, links

NOTEBOOKS = sorted(DOCS.glob("notebooks/*.ipynb"))


def fault(page: Path, link: str) -> str:
    """What is wrong with a link, or nothing."""
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    if not target.exists():
        return f"{link}: no such file"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return f"{link}: no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Every link names a file that is there and, after #, a heading in it."""
    assert list(filter(None, (fault(page, link) for link in links(page)))) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_notebooks_lead_somewhere(path: Path, tmp_path: Path) -> None:
    """The same for the text of notebooks."""
    cells = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    page = tmp_path / "cells.md"
    page.write_text(text, encoding="utf-8")
    found = links(page)
    assert found
    assert list(filter(None, (fault(path, link) for link in found))) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    """A missing file and a missing heading are named; code is not taken for a link."""
    page = tmp_path / "page.md"
    page.write_text("# A, b\n\n[x](none.md) [y](#a-b) [z](#c) [w](https://a.org) `[v](none)`\n")
    assert [fault(page, link) for link in links(page)] == ["none.md: no such file", "", "#c: no such heading"]


def test_every_page_is_in_the_site() -> None:
    """A page that no table of contents names is not read by anybody."""
    listed = " ".join((DOCS / "index.md").read_text(encoding="utf-8").split())
    pages = [page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES if page.is_relative_to(DOCS)]
    pages += [f"notebooks/{path.stem}" for path in NOTEBOOKS]
    assert [name for name in pages if name != "index" and f" {name} " not in f"{listed} "] == []
