"""Damage to every scenario: without any link or satellite of a plan there is a new one, or provably none."""

import math
from collections.abc import Iterator

import networkx as nx
import pytest

from planners import replan, solve
from satllm_env.problem import Instance, Plan, Problem, evaluate
from satllm_env.problem.damage import without_link, without_node
from satllm_env.problem.plan import SendStep
from satllm_env.scenarios import load_scenario, scenario_names
from tests.unit.problem.reference import Reference


def damages(problem: Problem, plan: Plan) -> Iterator[tuple[str, Problem]]:
    """The problem without each link and each satellite of a plan, one at a time."""
    sends = [step for step in plan.steps if isinstance(step, SendStep)]
    for send in sends:
        name = f"from {send.source!r} to {send.target!r}"
        yield name, without_link(problem, send.source, send.target)
    for node in {send.source for send in sends} - {problem.source}:
        yield repr(node), without_node(problem, node)


def out_of_reach(problem: Problem) -> bool:
    """Whether no plan exists even if processors and links could serve again and again."""
    rules = Reference(problem)
    graph: nx.DiGraph[tuple[str, int]] = nx.DiGraph()
    for link in problem.links:
        for first in range(rules.last + 1):
            if link.source == problem.destination:
                continue
            graph.add_edge((link.source, first), (link.target, first))
            for end in range(first + 1, rules.last + 1):
                if rules.computes(link.source) and rules.fits(rules.nodes[link.source], first, end):
                    graph.add_edge((link.source, first), (link.target, end))
    ends = [(problem.destination, done) for done in range(rules.last + 1)]
    reached = nx.descendants(graph, (problem.source, 0)) if (problem.source, 0) in graph else set()
    return not any(end in reached and rules.finishes(*end) for end in ends)


@pytest.mark.parametrize("name", scenario_names())
def test_any_link_or_satellite_may_go(name: str) -> None:
    """Without any link or satellite of the plan in force there is a new legal plan, or provably none."""
    problem = load_scenario(name).sample(0).problem
    current = solve(problem, deadline_s=1.0).plan
    assert current is not None
    for lost, damaged in damages(problem, current):
        found = replan(damaged, current, load_rate_bps=1e9, deadline_s=0.5)
        assert found.kept is None
        assert lost in found.kept_fault
        if found.plan is None:
            assert found.status == "infeasible"
            assert found.reason
            assert out_of_reach(damaged)
            continue
        again = evaluate(Instance.from_problem(damaged), found.plan.steps)
        assert again.delay_s == pytest.approx(found.delay_s, rel=1e-12)
        assert found.switch
        assert found.lower_bound_s <= found.cost_s < math.inf
