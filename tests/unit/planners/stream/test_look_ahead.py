"""Tests of the planner that knows all arrivals: exact, and below every other policy."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planners import solve
from planners.exhaustive import search_exhaustively
from planners.stream import policy, run_stream
from planners.stream.look_ahead import all_plans, look_ahead
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.errors import InputError
from satllm_env.problem import Instance
from satllm_env.stream import FixedWorld, Poisson, Servers, Stream
from tests.strategies import problems, random_problem
from tests.unit.envs.cases import PROBLEMS

TINY = problems(shapes=("line", "ring", "one-way"), layers=2, satellites=2, levels=1)
SEEDS = st.integers(0, 2**31)
RIVALS = ("snapshot-optimal", "backlog-aware", "greedy", "random")


def dense(problem):
    """[1/min] a rate at which requests of a problem meet."""
    return 60.0 * 3 / max(solve(problem).delay_s, 1e-6)


@settings(max_examples=40, deadline=None)
@given(problem=TINY)
def test_all_plans(problem):
    """Every plan is found once, the quickest first, which is the exhaustive planner's."""
    plans = all_plans(Instance.from_problem(problem))
    best = search_exhaustively(Instance.from_problem(problem))
    assert bool(plans) == (best.plan is not None)
    if plans:
        assert plans[0].delay_s == pytest.approx(best.delay_s, rel=1e-9)
        assert [plan.delay_s for plan in plans] == sorted(plan.delay_s for plan in plans)
        assert len({plan.steps for plan in plans}) == len(plans)


@settings(max_examples=25, deadline=None)
@given(problem=TINY, seed=SEEDS, late=st.booleans())
def test_it_is_the_least_of_all_combinations(problem, seed, late):
    """The sum of costs is that of the best of all combinations of plans, tried one by one."""
    plans = all_plans(Instance.from_problem(problem))
    assume(1 <= len(plans) <= 60)
    stream = Stream(FixedWorld(problem), Poisson(dense(problem)), seed, num_requests=2)
    requests = list(stream.foreseen())
    due_s = 1.5 * plans[0].delay_s

    def cost(_, delay_s):
        return delay_s + (due_s if late and delay_s > due_s else 0.0)

    found = look_ahead(requests, cost)
    least_s = np.inf
    for chosen in itertools.product(plans, repeat=2):
        servers, total_s = Servers(), 0.0
        for request, plan in zip(requests, chosen, strict=True):
            servers.advance(request.arrival_s)
            total_s += cost(request, servers.admit(plan).delay_s)
        least_s = min(least_s, total_s)
    assert found.cost_s == pytest.approx(least_s, rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(problem=TINY, seed=SEEDS)
def test_it_bounds_every_policy(problem, seed):
    """No policy that serves every request costs less, in the environment's own rewards."""
    assume(solve(problem).plan is not None)
    env = SatLLMStreamEnv(
        problem=problem, arrivals="poisson", rate_per_min=dense(problem), num_requests=3, span_s=None
    )
    exact = run_stream(env, policy("look-ahead"), [seed])
    references_s = [outcome.reference_s for outcome in exact.outcomes]
    env.reset(seed=seed)
    found = look_ahead(
        list(env.stream.foreseen()),
        lambda request, delay_s: delay_s + env.pricing.penalty_s(delay_s, references_s[request.number]),
    )
    assert -exact.returns_s[0] == pytest.approx(found.cost_s, rel=1e-9)
    for name in RIVALS:
        rival = run_stream(env, policy(name), [seed])
        if rival.failures == 0:
            assert rival.returns_s[0] <= exact.returns_s[0] + 1e-9 * found.cost_s


def test_foresight_is_worth_something():
    """Knowing what will come beats planning around what is there, which beats not looking at it."""
    problem = random_problem(np.random.default_rng(17), shape="full", layers=2, satellites=2, levels=1)
    env = SatLLMStreamEnv(
        problem=problem, arrivals="poisson", rate_per_min=dense(problem), num_requests=3, deadline_factor=None
    )
    exact, around, blind = (
        run_stream(env, policy(name), range(3)).mean_cost_s
        for name in ("look-ahead", "backlog-aware", "snapshot-optimal")
    )
    assert exact < 0.97 * around < 0.97 * blind


def test_large_cases_are_refused():
    """A problem with too many plans is named as too large, one without any as having none."""
    ring = SatLLMStreamEnv(problem=str(PROBLEMS / "ring-12x5.json"), num_requests=2)
    ring.reset(seed=0)
    with pytest.raises(InputError, match="too large for the look-ahead"):
        policy("look-ahead").begin(ring)
