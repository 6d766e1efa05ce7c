"""Templates to a page."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from satllm_env.figures.style import stage_colour

_PACKAGE = "agents.report_page"


def render(template: str, **context: Any) -> str:
    """Fill a template of this package; every value is escaped, and a missing one is an error."""
    return _environment().get_template(template).render(context)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # the page's own style and script; all else on a page is escaped
    environment.globals["style"] = Markup(_text("page.css"))
    environment.globals["script"] = Markup(_text("page.js"))
    environment.filters |= {"n": short, "stage_colour": stage_colour}
    return environment


def short(value: float) -> str:
    """A coordinate with two decimals at most, without what need not stand there."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _text(name: str) -> str:
    return (resources.files(_PACKAGE) / "templates" / name).read_text(encoding="utf-8")
