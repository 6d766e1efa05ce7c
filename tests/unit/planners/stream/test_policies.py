"""Tests of the policies that plan one request after the other."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planners import solve
from planners.stream import alone_bound_s, policy, policy_names, run_stream
from planners.stream.backlog import lengthened, plan_around
from planners.stream.report import Load, grid_of
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.errors import InputError
from satllm_env.problem import Instance
from satllm_env.stream import Servers
from tests.strategies import problems
from tests.unit.envs.cases import PROBLEMS
from tests.unit.stream.cases import drawn_jobs

RING = str(PROBLEMS / "tiny-ring.json")


@settings(max_examples=50, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**31))
def test_planning_around_is_never_later(problem, seed):
    """As things stand, the plan around the backlog is done no later than the snapshot's optimum."""
    instance, servers = Instance.from_problem(problem), Servers()
    jobs = drawn_jobs(problem, seed, 3)
    assume(jobs)
    for arrival_s, plan in jobs:
        servers.advance(arrival_s)
        around, optimum = plan_around(instance, servers), solve(instance).plan
        assert servers.try_out(around).delay_s <= servers.try_out(optimum).delay_s
        servers.admit(plan)
    left_s = servers.backlog_s(instance)
    aged = lengthened(instance, servers).tables
    grown_s = (aged.decode_s - instance.tables.decode_s)[:, 0, 0] * aged.micro_batches
    assert grown_s == pytest.approx(left_s[0], rel=1e-6, abs=1e-12)


def test_it_goes_around_what_is_busy():
    """With the optimum's servers busy for long, another way is taken and is done sooner."""
    env = SatLLMStreamEnv(
        problem=str(PROBLEMS / "tiny-full-ground.json"), arrivals="poisson", rate_per_min=1e5, num_requests=8
    )
    around, blind = (
        run_stream(env, policy(name), range(2)) for name in ("backlog-aware", "snapshot-optimal")
    )
    assert around.mean_delay_s < 0.95 * blind.mean_delay_s
    assert {len({o.admission.plan.steps for o in episode}) for episode in blind.episodes} == {1}
    assert all(len({o.admission.plan.steps for o in episode}) > 1 for episode in around.episodes)


@pytest.mark.parametrize("source", [{"scenario": "busy-ring"}, {"problem": RING}])
def test_runs_and_their_bound(source):
    """Every policy serves the same arrivals; none is quicker on average than each request alone."""
    env = SatLLMStreamEnv(**source, arrivals="poisson", rate_per_min=120.0, num_requests=5)
    bound_s = alone_bound_s(env, [0, 1])
    runs = [run_stream(env, policy(name), [0, 1]) for name in ("snapshot-optimal", "greedy", "random")]
    for run in runs:
        assert len(run.outcomes) == 10
        assert run.failures > 0 or run.mean_delay_s >= bound_s * (1 - 1e-9)
        assert sum(run.returns_s) == pytest.approx(-sum(o.cost_s for o in run.outcomes))
        assert [o.arrival_s for o in run.outcomes] == [o.arrival_s for o in runs[0].outcomes]
        assert run.as_data()["mean_cost_s"] == pytest.approx(-sum(run.returns_s) / 10)
    assert runs[0].mean_delay_s - runs[0].mean_wait_s == pytest.approx(bound_s, rel=0.2)
    assert runs[0].mean_delay_s < runs[2].mean_delay_s
    grid = grid_of([Load(120.0, tuple(runs), bound_s)])
    assert [row[0] for row in grid.rows] == ["snapshot-optimal", "greedy", "random", "bound: each alone"]
    assert {len(row) for row in grid.rows} == {len(grid.headings)}


def test_names():
    """Every planner is a policy too; an unknown name is refused with the known ones."""
    assert {"snapshot-optimal", "backlog-aware", "look-ahead", "greedy", "random"} <= set(policy_names())
    assert all(policy(name).name == name for name in policy_names())
    with pytest.raises(InputError, match="unknown policy 'magic'; known are snapshot-optimal"):
        policy("magic")
    with pytest.raises(InputError, match=r"power\.battery"):
        run_stream(SatLLMStreamEnv(num_requests=2), policy("look-ahead"), [0])
