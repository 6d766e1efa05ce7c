"""Tests that the instances with certified optima load; their optima are the planners' tests."""

import numpy as np

from satllm_env.problem import Instance, dump_problem, load_problem, parse_problem
from satllm_env.problem.reachability import finishable
from satllm_env.problem.schema import load_json


def test_certified_instances_load(certified_dir, tmp_path):
    """Every certified instance loads, turns into arrays and survives being written again."""
    optima = load_json(certified_dir / "optima.json")
    for name in optima:
        problem = load_problem(certified_dir / name)
        tables = Instance.from_problem(problem).tables
        assert tables.num_layers == len(problem.model.layers)
        copy = tmp_path / name
        copy.write_text(dump_problem(problem), encoding="utf-8")
        assert load_problem(copy) == problem == parse_problem(load_json(certified_dir / name))
    assert len(optima) >= 7


def test_instances_with_a_plan_are_not_ruled_out(certified_dir):
    """Reachability never rules out an instance that has a certified plan."""
    for name, optimum in load_json(certified_dir / "optima.json").items():
        tables = Instance.from_problem(load_problem(certified_dir / name)).tables
        unused = np.zeros(tables.num_nodes, np.bool_), np.zeros(len(tables.link_source), np.bool_)
        can = finishable(tables, *unused, -1)
        assert can[tables.source, 0] or optimum is None
