"""Problems of a network over another problem's satellites."""

import pytest

from satllm_env.errors import InputError
from satllm_env.problem import load_problem
from satllm_env.problem.schema import Level
from satllm_env.testbed.cases import MICRO_BATCHES, STAGES, random_plans
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.problem_of import PLAIN, Scale, problem_over, relative_slow_downs
from tests.integration.command import ROOT
from tests.unit.testbed.conftest import chain

RING = ROOT / "tests" / "data" / "problems" / "tiny-ring.json"
HALF = Level(name="half", ratio=2.0, loss=0.1)


def test_speeds_stay_in_proportion(measured: Measured) -> None:
    """The fastest node takes the measured seconds times the scale, the others as much longer as they were."""
    given = load_problem(RING)
    slow_downs = relative_slow_downs(given)
    made = problem_over(given, measured, [PLAIN], Scale(4.0, 0.5, 2.0))
    assert min(slow for slow in slow_downs if slow is not None) == 1.0
    for node, slow in zip(made.nodes, slow_downs, strict=True):
        if slow is None:
            assert node.layer_s is None
        else:
            assert node.layer_s == pytest.approx([4.0 * slow * seconds for seconds in measured.layer_s])
            assert node.codec_speed == pytest.approx(1 / (4.0 * slow))
    for link, before in zip(made.links, given.links, strict=True):
        assert link.rate_bps == 0.5 * before.rate_bps
        assert link.latency_s == 2.0 * before.latency_s
    assert made.micro_batches == given.micro_batches


def test_bytes_are_the_networks(measured: Measured) -> None:
    """Boundaries weigh what the real tensors do."""
    made = problem_over(load_problem(RING), measured, [PLAIN], Scale())
    assert made.model.input_bytes == 2 * 16 * 16 * 3
    assert {layer.activation_bytes for layer in made.model.layers} == {2 * 4 * 16 * 4}
    assert made.model.result_bytes == 2 * 3 * 4


@pytest.mark.parametrize("scale", [Scale(0.0), Scale(rate=-1.0), Scale(latency=-1.0), Scale(float("nan"))])
def test_senseless_scales_are_refused(scale: Scale) -> None:
    """A scale must be above 0; latency may be 0."""
    with pytest.raises(InputError, match="must be above 0"):
        scale.check()
    Scale(latency=0.0).check()


def test_nobody_to_compute_is_refused(measured: Measured) -> None:
    """A problem of relays alone cannot be run."""
    problem = chain(measured)
    nodes = tuple(node.model_copy(update={"layer_s": None}) for node in problem.nodes)
    with pytest.raises(InputError, match="nothing to run"):
        relative_slow_downs(problem.model_copy(update={"nodes": nodes}))


def test_random_plans_go_through_all_sizes(measured: Measured) -> None:
    """Every number of stages and of micro-batches occurs; equal seeds give equal plans."""
    few = Measured("wide", (0.01,) * 8, (1,) * 8, measured.input, (2, 4, 16), (2, 3))
    plans = list(random_plans(few, [PLAIN, HALF], 24, 1))
    assert {len(plan.stages) for plan in plans} == set(STAGES)
    assert {plan.instance.tables.micro_batches for plan in plans} == set(MICRO_BATCHES)
    again = list(random_plans(few, [PLAIN, HALF], 24, 1))
    assert [plan.steps for plan in plans] == [plan.steps for plan in again]
    assert {transfer.level for plan in plans for transfer in plan.transfers} == {0, 1}
    some = list(random_plans(few, [PLAIN], 12, 1, [2]))
    assert {len(plan.stages) for plan in some} == {2}
    assert {plan.instance.tables.micro_batches for plan in some} == set(MICRO_BATCHES)
