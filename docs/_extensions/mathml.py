"""Formulas as MathML: Docutils' own converter, so pages need neither a script nor the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

if TYPE_CHECKING:
    from docutils.nodes import math, math_block
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

_log = logging.getLogger(__name__)


def _inline(translator: HTML5Translator, node: math) -> None:
    translator.body.append(_mathml(node))
    raise SkipNode


def _block(translator: HTML5Translator, node: math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(f"{_mathml(node, as_block=True)}</div>\n")
    raise SkipNode


def _mathml(node: math | math_block, as_block: bool = False) -> str:
    """A formula's MathML; one that is not understood is a warning, which fails a strict build."""
    try:
        return str(tex2mathml(node.astext(), as_block=as_block))
    except MathError as error:
        _log.warning("formula: %s: %s", error, node.astext(), location=node)
        raise SkipNode from error


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer; `html_math_renderer = "mathml"` chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
