"""The schedule that charts are drawn from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.figures import flow_shop, schedule
from satllm_env.problem import Plan, Walk
from satllm_env.problem.plan import Stage, Transfer, walk_resources
from tests.unit.figures.places import chain, forward_plan
from tests.unit.problem.cases import AB, BG, HALF, NONE, line_instance, walk_of
from tests.unit.problem.generator import finished_walks, legal_moves, make, random_instance


def loop(resources, micro_batches):
    """The recurrence, one micro-batch after the other."""
    end = np.zeros((len(resources), micro_batches))
    arrived = np.zeros(micro_batches)
    for m in range(micro_batches):
        ready = 0.0
        for r, resource in enumerate(resources):
            begin = max(ready, end[r, m - 1] if m else 0.0)
            end[r, m] = begin + resource.busy_s
            ready = end[r, m] + getattr(resource, "latency_s", 0.0)
        arrived[m] = ready
    return end, arrived


@pytest.mark.parametrize("walk", finished_walks(60, seed=3))
def test_makespan_is_the_delay(walk):
    """The flow shop's last arrival is the plan's delay."""
    plan = Plan.from_walk(walk)
    assert schedule(plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-9)


@pytest.mark.parametrize("walk", finished_walks(40, seed=4))
def test_schedule_is_the_recurrence(walk):
    """Starts and ends are those of the recurrence computed step by step."""
    plan = Plan.from_walk(walk)
    timetable = schedule(plan)
    end, arrived = loop(plan.resources, plan.instance.tables.micro_batches)
    busy = np.array([[resource.busy_s] for resource in plan.resources])
    np.testing.assert_allclose(timetable.end_s, end, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(timetable.start_s, end - busy, rtol=1e-12, atol=1e-12)
    assert timetable.makespan_s == pytest.approx(arrived[-1], rel=1e-12)


@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10), st.booleans()), min_size=1, max_size=8),
    st.integers(1, 40),
)
def test_nothing_is_served_twice_at_once(rows, micro_batches):
    """A resource's intervals do not overlap, and a micro-batch arrives before it is served."""
    resources = [
        Transfer(0, 0, 0, 0.0, busy, latency) if link else Stage(0, 0, 1, 0.0, busy, 0.0)
        for busy, latency, link in rows
    ]
    timetable = flow_shop(resources, micro_batches)
    slack = 1e-9
    assert (timetable.start_s[:, 1:] >= timetable.end_s[:, :-1] - slack).all()
    for r, resource in enumerate(resources[:-1]):
        lag = getattr(resource, "latency_s", 0.0)
        assert (timetable.start_s[r + 1] >= timetable.end_s[r] + lag - slack).all()


def test_numbers_of_a_small_case():
    """Layer 0 at a (1 s + 1 s to encode), half a cut over a–b (2 s + 0.25 s), layers 1–2 at b (3.5 s)."""
    plan = Plan.from_walk(walk_of(line_instance(), 1, (AB, HALF), 2, (BG, NONE)))
    timetable = schedule(plan)
    np.testing.assert_allclose(timetable.start_s[:, 0], [0.0, 2.0, 4.25, 7.75])
    np.testing.assert_allclose(timetable.end_s[:, 0], [2.0, 4.0, 7.75, 8.75])
    np.testing.assert_allclose(timetable.start_s[2], 4.25 + 3.5 * np.arange(4))
    assert timetable.makespan_s == pytest.approx(9.0 + 3 * 3.5)


@pytest.mark.parametrize("seed", range(12))
def test_unfinished_walks_keep_their_delay(seed):
    """At every moment of a walk the makespan of what it has used is its delay so far."""
    rng = np.random.default_rng(seed)
    walk = Walk(random_instance(seed))
    for _ in range(12):
        resources = tuple(walk_resources(walk))
        micro_batches = walk.instance.tables.micro_batches
        assert flow_shop(resources, micro_batches).makespan_s == pytest.approx(walk.delay_s, rel=1e-9)
        choices = legal_moves(walk)
        if not choices:
            break
        make(walk, choices[rng.integers(len(choices))])


def test_chosen_micro_batches_are_columns_of_all():
    """Asking for some micro-batches gives their columns and the same makespan."""
    plan = forward_plan(chain(micro_batches=50), 3)
    every, chosen = schedule(plan), np.array([0, 7, 49])
    some = flow_shop(plan.resources, 50, chosen)
    np.testing.assert_array_equal(some.start_s, every.start_s[:, chosen])
    np.testing.assert_array_equal(some.end_s, every.end_s[:, chosen])
    assert some.makespan_s == every.makespan_s


def test_nothing_takes_no_time():
    """A walk that has used nothing has an empty schedule."""
    timetable = flow_shop((), 5)
    assert timetable.start_s.shape == (0, 5) and timetable.makespan_s == 0.0
