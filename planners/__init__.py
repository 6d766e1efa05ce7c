"""Planners for the split problem behind one front door: `solve`."""

from planners.limits import Limits
from planners.registry import planner_kind, planner_names
from planners.result import Result
from planners.solve import solve

__all__ = ["Limits", "Result", "planner_kind", "planner_names", "solve"]
