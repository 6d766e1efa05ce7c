"""The page of one plan."""

from __future__ import annotations

from agents.report_page.origin import Origin
from agents.report_page.plan_section import Planned, plan_section
from agents.report_page.render import render

__all__ = ["Planned", "plan_page"]


def plan_page(planned: Planned, origin: Origin) -> str:
    """A page of one request and its plan, as HTML that needs nothing else.

    Args:
        planned: the request, and what a planner found.
        origin: what made the page.
    """
    return render("plan.html.j2", title="Split plan", section=plan_section(planned), origin=origin)
