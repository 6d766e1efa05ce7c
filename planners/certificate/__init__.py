"""Check of a planner's result that shares neither tables nor search with the planner."""

from planners.certificate.check import check_result
from planners.certificate.verdict import Verdict

__all__ = ["Verdict", "check_result"]
