"""Jobs: plans as processes."""

import pytest

from satllm_env.errors import InputError
from satllm_env.testbed.job import NetSource
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.run import Settings, make_job
from tests.unit.testbed.conftest import chain, plan_over


def test_visits_are_the_way_of_the_payload(measured: Measured) -> None:
    """One for each node on the way: stages, relays and the destination, with the plan's seconds."""
    plan = plan_over(chain(measured), ["a", "b", "c", "ground"], [2, 2, 4])
    job = make_job(plan, NetSource(net="small"), measured, {}, 3, Settings())
    assert [visit.title for visit in job.visits] == [
        "a (layers 0 to 1)", "b (relay)", "c (layers 2 to 3)", "ground (relay)",
    ]  # fmt: skip
    works = [visit.work for visit in job.visits if visit.work]
    assert [work.busy_s for work in works] == [stage.busy_s for stage in plan.stages]
    hops = [visit.hop for visit in job.visits if visit.hop]
    assert [hop.busy_s for hop in hops] == [transfer.busy_s for transfer in plan.transfers]


@pytest.mark.parametrize(("busy_s", "slow_down"), [(1e-6, 1e-3), (0.01, 10.0)])
def test_a_stage_may_take_what_this_machine_takes(
    measured: Measured, busy_s: float, slow_down: float
) -> None:
    """A plan faster than this machine does not make a healthy stage of the first pass a slow one."""
    plan = plan_over(chain(measured, busy_s), ["a", "b", "ground"], [2, 4])
    job = make_job(plan, NetSource(net="small"), measured, {"a": slow_down, "b": slow_down}, 3, Settings())
    work = job.visits[0].work
    assert work is not None
    here_s = work.compute_s / slow_down
    assert job.unshaped_s(work) >= max(work.busy_s, 2 * here_s)
    assert job.longest_s >= job.unshaped_s(work)


def test_passes_fit_the_header(measured: Measured) -> None:
    """A pass' number is one byte on the wire: more repeats are refused beforehand."""
    plan = plan_over(chain(measured), ["a", "b", "ground"], [2, 4])
    with pytest.raises(InputError, match=r"--repeats.*at most 255"):
        make_job(plan, NetSource(net="small"), measured, {}, 3, Settings(repeats=256))
