"""Tests of the discrete-event core, against the static delay and a simulation event by event."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planners import solve
from satllm_env.problem import Instance, load_problem
from satllm_env.scenarios import load_scenario
from satllm_env.stream.servers import Servers
from tests.strategies import problems
from tests.unit.envs.cases import PROBLEMS
from tests.unit.stream.cases import admitted_s, drawn_jobs, simulated_s

SEEDS = st.integers(0, 2**31)


@pytest.fixture
def tiny_ring():
    """A problem of a few layers on a ring."""
    return Instance.from_problem(load_problem(PROBLEMS / "tiny-ring.json"))


@given(problem=problems(), seed=SEEDS, at_s=st.floats(0, 1e5))
def test_alone_it_takes_the_static_delay(problem, seed, at_s):
    """On idle servers a plan takes its own delay, to the last digit, whenever it arrives."""
    for planner in ("astar", "random"):
        plan = solve(problem, planner, seed=seed).plan
        if plan is None:
            continue
        servers = Servers()
        servers.advance(at_s)
        admission = servers.admit(plan)
        assert admission.delay_s == plan.delay_s
        assert admission.wait_s == 0.0


@pytest.mark.parametrize("name", ["paper", "paper-ground", "walker-dense", "busy-ring"])
def test_the_recurrence_adds_up_to_the_static_delay(name):
    """What the servers' spans say of a scenario's optimum ends when the closed form says."""
    for seed in range(2):
        instance = load_scenario(name).sample(seed).instance
        for planner in ("greedy", "random", "astar"):
            plan = solve(instance, planner, seed=seed).plan
            assert plan is not None
            last = Servers().admit(plan).occupations[-1]
            end_s = last.spans[-1][1] + getattr(last.resource, "latency_s", 0.0)
            assert end_s == pytest.approx(plan.delay_s, rel=1e-12)


@settings(max_examples=60)
@given(problem=problems(), seed=SEEDS)
def test_backlog_agrees_with_a_simulation(problem, seed):
    """Delays of requests that meet are those of servers which earlier requests take from later ones."""
    jobs = drawn_jobs(problem, seed, 4)
    assert admitted_s(jobs) == pytest.approx(simulated_s(jobs), rel=1e-9)


@settings(max_examples=60)
@given(problem=problems(), seed=SEEDS)
def test_later_requests_change_nothing_for_earlier_ones(problem, seed):
    """The event simulation gives the first requests the same delays whatever comes after them."""
    jobs = drawn_jobs(problem, seed, 4)
    whole = simulated_s(jobs)
    for count in range(len(jobs)):
        assert simulated_s(jobs[:count]) == pytest.approx(whole[:count], rel=1e-9)
        assert admitted_s(jobs[:count]) == admitted_s(jobs)[:count]


@settings(max_examples=60)
@given(problem=problems(), seed=SEEDS)
def test_backlog_never_helps(problem, seed):
    """A request is no earlier with more requests before it, and never earlier than on idle servers."""
    jobs = drawn_jobs(problem, seed, 4)
    if not jobs:
        return
    servers, arrival_s, plan = Servers(), *jobs[-1]
    least_s = plan.delay_s
    for t_s, other in jobs[:-1]:
        servers.advance(t_s)
        servers.admit(other)
        now = servers.copy()
        now.advance(arrival_s)
        delay_s = now.try_out(plan).delay_s
        assert delay_s >= least_s * (1 - 1e-12)
        least_s = delay_s


@given(problem=problems(), seed=SEEDS)
def test_servers_do_one_thing_at_a_time(problem, seed):
    """No server works on two requests at once, and each gets as much time as its micro-batches take."""
    servers, spans = Servers(), {}
    for t_s, plan in drawn_jobs(problem, seed, 3):
        servers.advance(t_s)
        for taken in servers.admit(plan).occupations:
            asked_s = plan.instance.tables.micro_batches * taken.resource.busy_s
            given_s = math.fsum(end - start for start, end in taken.spans)
            assert given_s == pytest.approx(asked_s, rel=1e-6, abs=1e-9)
            spans.setdefault(taken.server, []).extend(taken.spans)
    for rows in spans.values():
        rows.sort()
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(rows))


@given(problem=problems(), seed=SEEDS)
def test_trying_out_books_nothing(problem, seed):
    """A plan that is tried out and then admitted goes the same way; copies go their own."""
    jobs, servers = drawn_jobs(problem, seed, 3), Servers()
    for t_s, plan in jobs:
        servers.advance(t_s)
        tried, twin = servers.try_out(plan), servers.copy()
        assert servers.try_out(plan) == tried
        assert twin.admit(plan) == tried
        assert servers.admit(plan) == tried


def test_work_left_is_what_is_booked(tiny_ring):
    """Right after an admission M times the busy time is left at each server; at its end nothing is."""
    servers, plan = Servers(), solve(tiny_ring).plan
    admission = servers.admit(plan)
    nodes_s, links_s = servers.backlog_s(tiny_ring)
    busy_s = sum(resource.busy_s for resource in plan.resources)
    assert nodes_s.sum() + links_s.sum() == pytest.approx(tiny_ring.tables.micro_batches * busy_s)
    assert list(servers.load_s.values()) == sorted(servers.load_s.values(), reverse=True)
    servers.advance(admission.end_s)
    assert servers.load_s == {}


def test_time_does_not_go_back():
    """A moment in the past cannot be planned for."""
    servers = Servers()
    servers.advance(5.0)
    with pytest.raises(ValueError, match="before"):
        servers.advance(4.0)


def test_failed_links_keep_their_payload(tiny_ring):
    """A link that is down for a while serves nothing then, and the request is later by no more than that."""
    plan = solve(tiny_ring).plan
    idle = Servers().admit(plan)
    link = next(taken for taken in idle.occupations if len(taken.server) == 2)
    start_s, end_s = link.spans[0]
    middle_s, pause_s = (start_s + end_s) / 2, 10.0

    def outages_of(server):
        down_s = np.array([[middle_s, middle_s + pause_s]] if server == link.server else []).reshape(-1, 2)
        return lambda first_s, last_s: down_s[(down_s[:, 0] <= last_s) & (down_s[:, 1] > first_s)]

    servers = Servers(outages_of)
    failed = servers.admit(plan)
    taken = next(one for one in failed.occupations if one.server == link.server)
    assert all(end <= middle_s or start >= middle_s + pause_s for start, end in taken.spans)
    assert 0 < failed.wait_s <= pause_s * (1 + 1e-12)
    again = servers.as_known()
    assert again.unfinished_s(link.server) == servers.unfinished_s(link.server)
    assert again.try_out(plan).delay_s <= servers.try_out(plan).delay_s
