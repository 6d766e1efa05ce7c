"""Two independent exact solvers on the rules, each in a process of its own: they check the planner.

They need the extra: ``pip install 'satllm[references]'``. They are slow next to the planner: CP-SAT and
HiGHS know nothing of pipelines. The graph that they choose from is built from the file form alone.
"""

from planners.references.run import NoAnswerError, solve_all_by_reference, solve_by_reference

__all__ = ["NoAnswerError", "solve_all_by_reference", "solve_by_reference"]
