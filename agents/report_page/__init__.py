"""One self-contained page of a plan or of a comparison; nothing comes from the network.

`agents.report_page.comparison_page` is imported by itself, since comparisons take learning libraries along.
"""

from agents.report_page.origin import Origin, origin
from agents.report_page.plan_page import Planned, plan_page

__all__ = ["Origin", "Planned", "origin", "plan_page"]
