"""What more of a resource saves: against every plan of problems changed by hand, and by its own laws."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planners import Result, solve
from planners.sensitivity import Resource, amount, candidates, enlarged, sensitivity
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Problem, parse_problem
from tests.strategies import problems, random_problem
from tests.unit.problem.cases import instance_of, line_data

SMALL = {"layers": 3, "satellites": 3}


def by_hand(problem: Problem, resource: Resource, factor: float) -> Problem:
    """The plain form with one number changed, read again: shares nothing with `enlarged`."""
    data: dict[str, Any] = problem.model_dump(mode="json", by_alias=True)
    if resource.kind == "accuracy budget":
        budget = data["accuracy_budget"]
        data["accuracy_budget"] = budget * factor if budget else factor - 1.0
    for link in data["links"]:
        if resource.kind == "link" and (link["from"], link["to"]) == (resource.node, resource.target):
            link["rate_bps"] *= factor
    for node in data["nodes"]:
        if resource.kind != "link" and node["id"] == resource.node:
            if resource.kind == "memory":
                node["memory_bytes"] *= factor
            elif resource.kind == "codec":
                node["codec_speed"] *= factor
            elif node["layer_s"] is not None:
                node["layer_s"] = [seconds / factor for seconds in node["layer_s"]]
            else:
                node["flops_per_s"] *= factor
    return parse_problem(data)


def all_resources(problem: Problem) -> list[Resource]:
    """Everything that a problem has an amount of."""
    found = [Resource("link", link.source, link.target) for link in problem.links]
    for node in problem.nodes:
        found += [Resource("codec", node.id)]
        found += [Resource("memory", node.id)] if node.memory_bytes else []
        computes = node.layer_s is not None or node.flops_per_s is not None
        found += [Resource("processor", node.id)] if computes else []
    return [*found, Resource("accuracy budget")]


@settings(max_examples=10)
@given(problems(**SMALL))
def test_savings_are_those_of_every_plan_of_the_changed_problem(problem: Problem) -> None:
    """Each trial's delay is the least of all walks, by another planner, of a form changed by hand."""
    found = sensitivity(problem, factors=(1.25, 2.0), deadline_s=None)
    assume(found.base.feasible)
    for entry in found.helps:
        for trial in entry.trials:
            assert trial is not None
            changed = solve(by_hand(problem, entry.resource, trial.factor), "exhaustive")
            assert trial.plan.delay_s == pytest.approx(changed.delay_s, rel=1e-9)
            saved_s = found.base.delay_s - changed.delay_s
            assert trial.saved_s == pytest.approx(saved_s, rel=1e-9, abs=1e-8 * found.base.delay_s)


@settings(max_examples=10)
@given(problems(**SMALL), st.lists(st.floats(1.0, 8.0), min_size=2, max_size=3))
def test_more_never_helps_less(problem: Problem, factors: list[float]) -> None:
    """Savings are at least 0 and do not fall from factor to factor; the helpful come first."""
    found = sensitivity(problem, factors=factors, deadline_s=None)
    assert found.factors == tuple(sorted(factors))
    for entry in found.helps:
        saved_s = [trial.saved_s for trial in entry.trials if trial]
        assert len(saved_s) == len(factors)
        assert saved_s[0] >= 0
        assert all(b >= a - 1e-9 * found.base.delay_s for a, b in pairwise(saved_s))
    most = [entry.most_saved_s for entry in found.helps]
    assert most == sorted(most, reverse=True)
    assert found.helpful == tuple(entry for entry in found.helps if entry.most_saved_s > 0)


@settings(max_examples=10)
@given(problems(("full",), **SMALL))
def test_what_is_left_out_changes_nothing(problem: Problem) -> None:
    """Where all nodes are linked, twice as much of what is no candidate leaves the optimum as it is."""
    base = solve(problem)
    assume(base.feasible)
    assert base.plan is not None
    asked = {*candidates(base.plan)[0], *candidates(base.plan)[1]}
    for resource in {*all_resources(problem)} - asked:
        changed = solve(by_hand(problem, resource, 2.0), "exhaustive")
        assert changed.delay_s == pytest.approx(base.delay_s, rel=1e-9), resource


def test_candidates_touch_the_path_or_stand_one_link_away() -> None:
    """On a chain a node two links off is not asked; the plan's own links and processors come first."""
    data = line_data()
    data["nodes"][1:1] = [{"id": f"far{i}", "kind": "satellite", "flops_per_s": 1e9} for i in (1, 2)]
    ends = [("a", "far1"), ("far1", "a"), ("far1", "far2"), ("far2", "far1")]
    data["links"] += [{"from": u, "to": v, "rate_bps": 1.0, "latency_s": 9.0} for u, v in ends]
    plan = solve(parse_problem(data)).plan
    assert plan is not None
    on_path, beside = candidates(plan)
    assert {r.node for r in on_path if r.kind == "processor"} == {
        data["nodes"][s.node]["id"] for s in plan.stages
    }
    assert len([r for r in on_path if r.kind == "link"]) == len(plan.transfers)
    assert Resource("processor", "far1") in beside
    assert Resource("link", "a", "far1") in beside
    assert not any("far2" in (r.node, r.target) for r in (*on_path, *beside))
    assert len({*on_path, *beside}) == len(on_path) + len(beside)


def test_a_heuristics_plan_is_measured_against_the_optimum() -> None:
    """Unproven results are planned again exactly before anything is improved."""
    problem = random_problem(np.random.default_rng(3), "ring", **SMALL)
    greedy = solve(problem, "greedy")
    assert greedy.status == "feasible"
    found = sensitivity(problem, greedy, deadline_s=None)
    assert found.base.planner == "astar"
    assert found.base.delay_s <= greedy.delay_s


def test_no_plan_no_help() -> None:
    """Where nothing is feasible nothing is measured."""
    data = line_data()
    for node in data["nodes"]:
        node["memory_bytes"] = 1.0
    found = sensitivity(parse_problem(data))
    assert (found.base.status, found.helps, found.unmeasured) == ("infeasible", (), ())


def test_time_up_is_said() -> None:
    """With no time at all every candidate is listed as not measured, and none as useless."""
    instance = instance_of(line_data())
    base = solve(instance)
    found = sensitivity(instance, base, deadline_s=0.0)
    assert found.helps == ()
    assert base.plan is not None
    on_path, beside = candidates(base.plan)
    assert found.unmeasured == (*on_path, *beside)


def test_unproven_runs_keep_the_plan_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search cut short that returns a poor plan never makes more of a resource look harmful."""
    problem = random_problem(np.random.default_rng(3), "ring", **SMALL)
    base = solve(problem)

    def poor(instance: Instance, deadline_s: float | None) -> Result:
        return replace(solve(instance, "random"), status="feasible", lower_bound_s=0.0)

    monkeypatch.setattr("planners.sensitivity.measure.solve", poor)
    found = sensitivity(problem, base, factors=(1.5, 3.0), deadline_s=None)
    assert base.plan is not None
    assert found.helps
    for entry in found.helps:
        low, high = entry.trials
        assert low is not None
        assert high is not None
        assert 0 <= low.saved_s <= high.saved_s + 1e-9 * base.delay_s
        assert high.status == "feasible"


def test_enlarged_changes_one_thing_alone() -> None:
    """Every other number stays; a budget of nothing becomes points."""
    problem = parse_problem(line_data())
    for resource in all_resources(problem):
        assert enlarged(problem, resource, 2.0) == by_hand(problem, resource, 2.0)
        assert enlarged(problem, resource, 1.0) == problem
    broke = problem.model_copy(update={"accuracy_budget": 0.0})
    assert enlarged(broke, Resource("accuracy budget"), 1.25).accuracy_budget == 0.25


def test_amounts() -> None:
    """As the problem gives them, None where it gives none."""
    problem = parse_problem(line_data())
    assert amount(problem, Resource("link", "a", "b")) == 8e6
    assert amount(problem, Resource("processor", "b")) == 2e9
    assert amount(problem, Resource("codec", "g")) == 4.0
    assert amount(problem, Resource("memory", "g")) is None
    assert amount(problem, Resource("accuracy budget")) == 0.3


@pytest.mark.parametrize(
    ("resource", "factor", "word"),
    [
        (Resource("link", "b", "nowhere"), 2.0, "b -> nowhere"),
        (Resource("memory", "nobody"), 2.0, "nobody"),
        (Resource("memory", "a"), 0.5, "factor"),
        (Resource("memory", "a"), math.nan, "factor"),
    ],
)
def test_what_cannot_be_enlarged(resource: Resource, factor: float, word: str) -> None:
    """Refused in one line that names it."""
    with pytest.raises(InputError, match=word):
        enlarged(parse_problem(line_data()), resource, factor)


@pytest.mark.parametrize("wrong", [{"factors": ()}, {"factors": (0.5,)}, {"deadline_s": -1.0}])
def test_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    """Refused before anything is planned for long."""
    with pytest.raises(InputError):
        sensitivity(parse_problem(line_data()), **wrong)
