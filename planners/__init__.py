"""Planners for the split problem behind one front door: `solve`."""

from planners.batch.task import Failure
from planners.limits import Limits
from planners.many import solve_many
from planners.registry import planner_kind, planner_names
from planners.result import Result
from planners.solve import solve

__all__ = ["Failure", "Limits", "Result", "planner_kind", "planner_names", "solve", "solve_many"]
