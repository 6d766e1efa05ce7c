"""Plans one problem file and nothing else: ``python -m planners.benchmark.first_solve FILE``.

Prints the planning time [s]; in a fresh process it is that of a cold start.
"""

from __future__ import annotations

import sys

from planners.solve import solve
from satllm_env.problem import load_problem

if __name__ == "__main__":
    print(solve(load_problem(sys.argv[1])).plan_time_s)
