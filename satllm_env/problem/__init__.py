"""The split problem: its file form, its arrays, its moves, its delay and its plans."""

from satllm_env.problem.instance import Instance
from satllm_env.problem.plan import Plan, evaluate, parse_steps
from satllm_env.problem.schema import Problem, dump_problem, load_problem, parse_problem
from satllm_env.problem.walk import IllegalMoveError, Walk

__all__ = [
    "IllegalMoveError",
    "Instance",
    "Plan",
    "Problem",
    "Walk",
    "dump_problem",
    "evaluate",
    "load_problem",
    "parse_problem",
    "parse_steps",
]
