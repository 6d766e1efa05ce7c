"""The exact planner: a modified A* on sum + (M − 1)·max with an accuracy budget and once-only resources."""

from planners.astar.run import plan_exactly

__all__ = ["plan_exactly"]
