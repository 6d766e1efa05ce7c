"""Planners for the split problem behind one front door: `solve`."""

from planners.batch.task import Failure
from planners.limits import Limits
from planners.many import solve_many
from planners.registry import planner_kind, planner_names
from planners.replan import replan
from planners.replan_result import Replan
from planners.result import Result
from planners.solve import solve

__all__ = [
    "Failure",
    "Limits",
    "Replan",
    "Result",
    "planner_kind",
    "planner_names",
    "replan",
    "solve",
    "solve_many",
]
