"""What binds: against sums over the problem's form."""

import pytest
from hypothesis import given, settings

from planners import solve
from planners.sensitivity import binding
from satllm_env.problem import Plan, Problem
from tests.strategies import problems
from tests.unit.problem.cases import AB, AG, BG, HALF, NONE, instance_of, line_data, walk_of


def needed_bytes(problem: Problem, first: int, end: int) -> float:
    """[bytes] of a stage, from the form."""
    layers = problem.model.layers[first:end]
    return sum(k.weight_bytes + k.state_bytes for k in layers) + max(k.workspace_bytes for k in layers)


@settings(max_examples=60)
@given(problems())
def test_memory_and_bottleneck(problem: Problem) -> None:
    """Used memory, whether a layer more fits, and the share of waiting, summed up again."""
    plan = solve(problem).plan
    if plan is None:
        return
    found = binding(plan)
    layers = len(problem.model.layers)
    for stage in found.memory:
        first, end = stage.first_layer, stage.end_layer
        limit = problem.nodes[stage.node].memory_bytes
        assert stage.used_bytes == pytest.approx(needed_bytes(problem, first, end))
        assert stage.limit_bytes == limit
        longer = [(first - 1, end)] * (first > 0) + [(first, end + 1)] * (end < layers)
        full = [limit is not None and needed_bytes(problem, *span) > limit for span in longer]
        assert stage.binds == any(full)
    assert found.bottleneck.busy_s == plan.bottleneck_s
    waiting_s = (problem.micro_batches - 1) * plan.bottleneck_s
    assert found.bottleneck_share == pytest.approx(waiting_s / plan.delay_s)
    assert found.loss == plan.accuracy_loss


@pytest.mark.parametrize(("budget", "binds"), [(0.0, True), (0.05, True), (0.1, False), (0.3, False)])
def test_budget_binds_where_no_cut_can_be_smaller(budget: float, binds: bool) -> None:
    """A plain cut after the first layer could be halved for 0.1 points."""
    instance = instance_of({**line_data(), "accuracy_budget": budget})
    plan = Plan.from_walk(walk_of(instance, 1, (AB, NONE), 2, (BG, NONE)))
    assert binding(plan).budget_binds == binds


def test_budget_does_not_bind_where_nothing_can_be_smaller() -> None:
    """Neither where every cut is at its smallest nor where there is none."""
    instance = instance_of({**line_data(), "accuracy_budget": 0.1})
    halved = Plan.from_walk(walk_of(instance, 1, (AB, HALF), 2, (BG, NONE)))
    assert not binding(halved).budget_binds
    whole = Plan.from_walk(walk_of(instance, 3, (AG, NONE)))
    assert not binding(whole).budget_binds
