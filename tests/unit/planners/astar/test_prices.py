"""Bounds from prices: whatever is charged, no plan costs less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners import solve
from planners.astar.ascent import ascend
from planners.astar.network import base_net
from planners.astar.passes import backward
from planners.astar.prices import Multipliers, no_multipliers, prices_of
from planners.astar.scaled import INFINITE, Scale, Scaled, scale_instance
from satllm_env.problem import Instance, Plan, Problem
from satllm_env.problem.instance import Bools
from tests.strategies import problems, random_problem


def scaled_to(instance: Instance, plan: Plan) -> tuple[Scaled, Scale, Bools]:
    """The instance in ticks, and all its states."""
    problem, scale = scale_instance(instance, 2.0 * plan.delay_s)
    alive = np.repeat(problem.allowed[:, :, None], len(problem.prefix), axis=2)
    return problem, scale, alive


def rounding(plan: Plan) -> int:
    """[ticks] by which rounding may lift a plan's sum: of each layer, and of each part of a busy time."""
    return len(plan.instance.problem.model.layers) + 3 * len(plan.resources)


@settings(max_examples=80)
@given(problem=problems(), seed=st.integers(0, 2**32 - 1), size=st.floats(0.0, 20.0))
def test_any_prices_bound_the_optimum(problem: Problem, seed: int, size: float) -> None:
    """With prices drawn at random a pass stays below the sum of the best plan of its threshold."""
    instance = Instance.from_problem(problem)
    plan = solve(instance).plan
    if plan is None:
        return
    ticks, scale, alive = scaled_to(instance, plan)
    rng = np.random.default_rng(seed)
    most = size * plan.sum_s * scale.ticks_per_s
    drawn = [rng.uniform(0.0, most, len(values)) for values in no_multipliers(ticks)]
    threshold = int(plan.bottleneck_s * scale.ticks_per_s) + rounding(plan)
    prices = prices_of(ticks, Multipliers(*drawn))
    net = base_net(ticks)
    bound = backward(ticks, net, alive, threshold, prices).arrival[0, 0, net.source] - prices.credit
    assert bound <= plan.sum_s * scale.ticks_per_s + rounding(plan)


@settings(max_examples=80)
@given(
    problem=problems(["ring", "line", "full"]), share=st.floats(0.3, 1.5), enough=st.sampled_from([4, None])
)
def test_an_ascent_never_passes_the_optimum(problem: Problem, share: float, enough: int | None) -> None:
    """At any threshold the dual and the least bottleneck above it bound the optimum's delay."""
    instance = Instance.from_problem(problem)
    plan = solve(instance).plan
    if plan is None:
        return
    ticks, scale, alive = scaled_to(instance, plan)
    threshold = int(share * plan.bottleneck_s * scale.ticks_per_s) + rounding(plan)
    delay = plan.delay_s * scale.ticks_per_s
    aim = INFINITE if enough is None else int(enough * delay)
    found = ascend(ticks, base_net(ticks), alive, threshold, no_multipliers(ticks), aim, 30, 30)
    if share >= 1.0:
        assert found.value <= plan.sum_s * scale.ticks_per_s + rounding(plan)
    if len(found.plan):
        assert found.delay >= delay - problem.micro_batches * rounding(plan)


@settings(max_examples=40)
@given(problem=problems(["ring", "line"], satellites=4, layers=6))
def test_an_ascent_only_helps(problem: Problem) -> None:
    """More passes never lower the bound."""
    instance = Instance.from_problem(problem)
    plan = solve(instance).plan
    if plan is None:
        return
    ticks, scale, alive = scaled_to(instance, plan)
    threshold = int(plan.bottleneck_s * scale.ticks_per_s) + rounding(plan)
    aim = int(4 * plan.delay_s * scale.ticks_per_s)
    values = [
        ascend(ticks, base_net(ticks), alive, threshold, no_multipliers(ticks), aim, n, n).value
        for n in (1, 5, 20)
    ]
    assert values == sorted(values)


@pytest.mark.parametrize("seed", range(5))
def test_prices_are_what_they_were(seed: int) -> None:
    """An ascent leaves the multipliers that it begins with alone."""
    ticks, _ = scale_instance(Instance.from_problem(random_problem(np.random.default_rng(seed))), 100.0)
    begin = no_multipliers(ticks)
    alive = np.repeat(ticks.allowed[:, :, None], len(ticks.prefix), axis=2)
    ascend(ticks, base_net(ticks), alive, INFINITE - 1, begin, INFINITE, 10, 10)
    assert all(not values.any() for values in begin)
