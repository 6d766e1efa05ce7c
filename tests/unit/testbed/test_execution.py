"""Plans executed from request to judged results, around what breaks."""

import re
from pathlib import Path

import pytest
import torch

from agents.execution import TOLERANCE, Execution, accuracy_drop, damaged
from agents.execution_network import Batch, Network, batch_of
from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from satllm_env.problem import Problem
from satllm_env.testbed.codecs import CodecMaker, pattern_for
from satllm_env.testbed.job import NetSource
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.run import Settings
from satllm_env.testbed.supervise import PipelineError
from tests.unit.testbed.conftest import PROCESSES, chain, plan_over


@pytest.fixture
def problem(measured: Measured) -> Problem:
    """Three satellites in a row and the ground."""
    return chain(measured)


@pytest.mark.parametrize(
    ("fault", "words", "patience_s"),
    [
        ("kill:b@5", "SIGKILL", 60.0),
        pytest.param("cut:a>b@1:1", "link a to b .*lost micro-batch 1", 5.0, marks=PROCESSES),
    ],
)
def test_a_batch_is_finished_around_a_late_fault(
    fault: str, words: str, patience_s: float,
    problem: Problem, net_card: Path, net: SplitNet, measured: Measured, inputs: torch.Tensor,
) -> None:  # fmt: skip
    """A satellite dies when fewer micro-batches are left than a measured pass has, or a link in such a pass.

    All results are right.
    """
    codecs = CodecMaker(net, inputs.flatten(0, 1).clone, pattern_for("images"), own=False)
    network = Network(NetSource(net=str(net_card)), net, measured, codecs)
    notes: list[str] = []
    execution = Execution(
        network, Batch(inputs, None), Settings(repeats=1, patience_s=patience_s), (fault,), True,
        note=notes.append,
    )  # fmt: skip
    executed = execution.execute(plan_over(problem, ["a", "b", "ground"], [2, 4]))
    assert re.search(words, next(note for note in notes if "planning again" in note))
    assert len(executed.replans) == 1
    assert "b" not in {visit.node for visit in executed.run.job.visits}
    assert executed.run.job.items >= problem.micro_batches
    assert sorted(executed.results) == list(range(len(inputs)))
    assert executed.output_max_abs_diff is not None
    assert executed.output_max_abs_diff <= TOLERANCE


def test_what_broke_is_left_out(problem: Problem) -> None:
    """A link goes alone, a dead node with its links, and of a slow node only the processor."""
    ends = {(link.source, link.target) for link in damaged(problem, _error(link=("a", "b"))).links}
    assert ends == {(link.source, link.target) for link in problem.links} - {("a", "b")}
    assert [node.id for node in damaged(problem, _error(node="b")).nodes] == ["a", "c", "ground"]
    slow = damaged(problem, PipelineError("slow", "is slow", node="b"))
    assert slow.links == problem.links
    assert [node.id for node in slow.nodes if node.layer_s] == ["a", "c"]


@pytest.mark.parametrize("node", ["a", "ground", None])
def test_some_things_cannot_be_spared(problem: Problem, node: str | None) -> None:
    """Without source or destination, or where nobody knows what broke, the error stands."""
    with pytest.raises(PipelineError, match="broke"):
        damaged(problem, _error(node=node))


def _error(node: str | None = None, link: tuple[str, str] | None = None) -> PipelineError:
    return PipelineError("killed", "something broke", node, link)


def test_drop_is_of_pairs() -> None:
    """Right answers lost are counted in points, with the interval of paired differences."""
    targets = torch.zeros(4, dtype=torch.int64)
    right, wrong = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    unsplit = torch.stack([right] * 4)
    drop, half_width = accuracy_drop(unsplit, torch.stack([right, right, right, wrong]), targets)
    assert drop == pytest.approx(25.0)
    assert half_width == pytest.approx(100 * 1.96 * (3 / 16) ** 0.5 / 2)
    assert accuracy_drop(unsplit, unsplit, targets) == (0.0, 0.0)
    assert accuracy_drop(unsplit, unsplit, None) == (None, None)


def test_inputs_fill_micro_batches() -> None:
    """What does not fill a last micro-batch is left out; too few are refused."""
    batch = batch_of(torch.arange(7), torch.arange(7), 3, 2)
    assert batch.inputs.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert batch.targets is not None
    assert batch.targets.tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(InputError, match="do not fill 3 micro-batches"):
        batch_of(torch.arange(7), None, 3, 3)
