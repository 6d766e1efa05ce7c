"""Tests of the delay arithmetic, against a discrete-event simulation of the pipeline."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.problem import Plan, delay
from satllm_env.problem.plan import Stage, Transfer
from tests.unit.problem.cases import AB, AG, BG, HALF, NONE, line_instance, walk_of
from tests.unit.problem.generator import finished_walks


def name_of(resource):
    """A processor or a directed link."""
    return ("link", resource.link) if isinstance(resource, Transfer) else ("node", resource.node)


def simulated_delay_s(plan: Plan, setup_s: Mapping[int, float] = MappingProxyType({})) -> float:
    """[s] until the last micro-batch has arrived, one resource per processor and directed link.

    Latency delays a micro-batch after its transfer and leaves the link free for the next one. A node's
    set-up keeps its processor from serving its first micro-batch, from that one's arrival on.
    """
    waiting = dict(setup_s)
    clock = simpy.Environment()
    stations = {name_of(r): simpy.Resource(clock, capacity=1) for r in plan.resources}

    def micro_batch():
        for resource in plan.resources:
            with stations[name_of(resource)].request() as turn:
                yield turn
                if isinstance(resource, Stage):
                    yield clock.timeout(waiting.pop(resource.node, 0.0))
                yield clock.timeout(resource.busy_s)
            if isinstance(resource, Transfer):
                yield clock.timeout(resource.latency_s)

    for _ in range(plan.instance.tables.micro_batches):
        clock.process(micro_batch())
    clock.run()
    return float(clock.now)


def test_makespan_is_that_of_the_simulated_pipeline():
    """The delay of 400 random plans is the makespan of their discrete-event simulation."""
    plans = [Plan.from_walk(walk) for walk in finished_walks(400, seed=1)]
    for plan in plans:
        assert plan.delay_s == pytest.approx(simulated_delay_s(plan), rel=1e-9, abs=1e-15)
    assert {plan.instance.tables.micro_batches for plan in plans} >= {1, 2, 3, 8, 64}
    assert max(len(plan.stages) for plan in plans) >= 3


def slow(field, index, factor):
    """The hand-made instance with one node or link made slower."""
    problem = line_instance().problem.model_dump(by_alias=True)
    problem[field][index]["flops_per_s" if field == "nodes" else "rate_bps"] /= factor
    return line_instance(**{field: problem[field]})


@pytest.mark.parametrize(
    ("field", "index", "position"),
    [("nodes", 0, 0), ("links", AB, 1), ("nodes", 1, 2), ("links", BG, 3), ("nodes", 2, 4)],
    ids=["first satellite", "inter-satellite link", "second satellite", "downlink", "ground"],
)
def test_bottleneck_anywhere(field, index, position):
    """Wherever the bottleneck lies, each further micro-batch costs one of its periods."""
    plan = Plan.from_walk(walk_of(slow(field, index, 50), 1, (AB, HALF), 1, (BG, HALF)))
    busiest = plan.resources[position].busy_s
    assert plan.bottleneck_s == pytest.approx(busiest) == max(r.busy_s for r in plan.resources)
    assert plan.delay_s == pytest.approx(plan.sum_s + 3 * busiest, rel=1e-14)
    assert plan.delay_s == pytest.approx(simulated_delay_s(plan), rel=1e-12)


def test_one_micro_batch():
    """A single micro-batch takes the sum, whatever the bottleneck."""
    plan = Plan.from_walk(walk_of(line_instance(micro_batches=1), 3, (AG, NONE)))
    assert plan.delay_s == plan.sum_s == pytest.approx(7 + 1.25)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(1, 10**6))
def test_makespan(sum_s, bottleneck_s, micro_batches):
    """The makespan is the sum plus a bottleneck period for each micro-batch after the first."""
    expected = sum_s + (micro_batches - 1) * bottleneck_s
    assert delay.makespan_s(sum_s, bottleneck_s, micro_batches) == expected


def test_arithmetic_takes_scalars_and_arrays():
    """Each formula gives the same for numbers as for arrays of them."""
    ones = np.ones(3)
    assert delay.compute_s(6.0, 2.0) == 3
    assert delay.compute_s(6.0 * ones, 2.0 * ones).tolist() == [3] * 3
    assert delay.codec_s(8.0, 0.5, 2.0) == 2
    assert delay.codec_s(8.0 * ones, 0.5 * ones, 2.0 * ones).tolist() == [2] * 3
    assert delay.sent_bytes(9.0, 3.0) == 3
    assert delay.transfer_s(3.0, 12.0) == 2
    assert delay.transfer_s(3.0 * ones, 12.0 * ones).tolist() == [2] * 3
