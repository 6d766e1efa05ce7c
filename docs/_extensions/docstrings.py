"""The project's docstrings and signatures as autodoc wants them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pydantic import BaseModel
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_BEFORE_NAPOLEON, _AFTER_NAPOLEON = 100, 900  # it listens at 500
_COLON = "\ue000"
_ARRAY = re.compile(r"~?(?:numpy\.)?ndarray\[tuple\[[^]]*\], ~?(?:numpy\.)?dtype\[~?(?:numpy\.)?(\w+)\]\]")


def _docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep whole pages to their page, turn tables into reStructuredText, hide colons of attributes."""
    if any(line.startswith("## ") for line in lines):
        lines[:] = [*lines[: lines.index("")], "", "More in the :doc:`reference </environment-reference>`."]
    lines[:] = list(_with_tables(lines))
    if what in ("attribute", "property", "data") and lines:
        lines[0] = lines[0].replace(":", _COLON)  # napoleon would take what stands before it for a type


def _colons(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = [line.replace(_COLON, ":") for line in lines]


def _with_tables(lines: list[str]) -> Iterator[str]:
    """Lines with Markdown tables as list tables."""
    inside = False
    for line in lines:
        if not line.lstrip().startswith("|"):
            inside = False
            yield line
        elif not inside:
            inside = True
            yield from (".. list-table::", "   :header-rows: 1", "", *_row(line))
        elif not set(line) <= set("|-: "):
            yield from _row(line)


def _row(line: str) -> Iterator[str]:
    for number, cell in enumerate(line.strip().strip("|").split("|")):
        yield f"   {' ' if number else '*'} - {cell.strip()}"


def _signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """Fields of file forms by name alone, arrays as they are written."""
    if what == "class" and issubclass(obj, BaseModel):
        return f"(*, {', '.join(obj.model_fields)})", None
    return _plain(signature), _plain(returns)


def _plain(text: str | None) -> str | None:
    return _ARRAY.sub(r"NDArray[\1]", text).replace("<factory>", "...") if text else text


def _attribute_types(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in doctree.findall(addnodes.desc_annotation):
        written = _plain(node.astext())
        if written != node.astext():
            node[:] = [nodes.Text(written or "")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to autodoc."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _docstring, priority=_BEFORE_NAPOLEON)
    app.connect("autodoc-process-docstring", _colons, priority=_AFTER_NAPOLEON)
    app.connect("autodoc-process-signature", _signature)
    app.connect("doctree-resolved", _attribute_types)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
