"""Links that the kernel shapes, where the machine and the user's rights allow it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from satllm_env.errors import InputError
from satllm_env.nets.split_net import SplitNet
from satllm_env.testbed import namespaces
from satllm_env.testbed.job import Fault, Hop, Job, Links, NetSource
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.run import Run, Settings, make_job, run_plan, stacked
from satllm_env.testbed.supervise import PipelineError
from tests.unit.testbed.conftest import PROCESSES, chain, plan_over


def kernel_links() -> Links | None:
    """How links can be shaped by the kernel here; None where they cannot."""
    try:
        return "tc" if namespaces.has_netem() else "tbf"
    except InputError:
        return None


LINKS = kernel_links()
needs_tc = pytest.mark.skipif(LINKS is None, reason="needs root and tc")


def left() -> list[str]:
    """Namespaces of this process."""
    found = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    return [line for line in found.splitlines() if line.startswith(namespaces._name(""))]


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No namespace is left behind."""
    yield
    assert left() == []


def hop(rate_bps: float = 1e7, byte_scale: float = 1.0) -> Hop:
    """A link of 25 ms."""
    return Hop(
        target="b", rate_bps=rate_bps, latency_s=0.025, boundary=1, level=0, level_name="none", busy_s=0.1,
        byte_scale=byte_scale,
    )  # fmt: skip


def words_after(words: list[str], key: str) -> str:
    """The word behind another one."""
    return words[words.index(key) + 1]


def test_kernel_is_told_the_plans_rate_and_latency() -> None:
    """The rate is in bit/s, the latency in microseconds."""
    assert words_after(namespaces.rate_words(hop()), "rate") == "10000000bit"
    assert words_after(namespaces.latency_words(hop()), "delay") == "25000us"


def test_payloads_that_weigh_more_in_the_problem_make_the_link_slower() -> None:
    """The kernel counts real bytes: a problem that says four times as many means a fourth of the rate."""
    assert words_after(namespaces.rate_words(hop(byte_scale=4.0)), "rate") == "2500000bit"


def test_missing_tools_are_said_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without iproute2 the message names the flag and the command."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"--links.*'ip'"):
        namespaces.has_netem()


@pytest.fixture(scope="module")
def job(net_card: Path, measured: Measured) -> Job:
    """Three visits."""
    plan = plan_over(chain(measured), ["a", "b", "ground"], [2, 4])
    settings = Settings(repeats=1, links=LINKS or "tbf")
    return make_job(plan, NetSource(net=str(net_card)), measured, {}, 3, settings)


@needs_tc
@pytest.mark.usefixtures("nothing_left")
def test_every_visit_has_a_namespace_that_ends_with_the_context(job: Job) -> None:
    """One for each visit and one for the bridge, shaped where something is sent; none is left."""
    with namespaces.Namespaces(job) as places:
        assert len(left()) == len(job.visits) + 1
        shown = [
            subprocess.run([*places.command(n), "tc", "qdisc", "show"], capture_output=True, text=True).stdout
            for n in range(len(job.visits))
        ]
        assert ["tbf" in text for text in shown] == [True, True, False]


@needs_tc
@pytest.mark.usefixtures("nothing_left")
def test_nothing_is_left_of_namespaces_that_cannot_be_built(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that refuses a rate is an error, and what had been built by then goes."""
    monkeypatch.setattr(namespaces, "rate_words", lambda _: ["tbf", "rate", "nonsense"])
    with pytest.raises(InputError, match=r"--links.*tc cannot be used here"), namespaces.Namespaces(job):
        pass


@needs_tc
def test_namespaces_of_processes_that_are_gone_are_removed() -> None:
    """What a killed run left is taken down by the next."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    name = f"{namespaces.PREFIX}-{ended.pid}-hub"
    subprocess.run(["ip", "netns", "add", name], check=True)
    namespaces.remove_stale()
    assert name not in subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def run(net_card: Path, measured: Measured, inputs: torch.Tensor) -> Run:
    """Two stages with a relay between, over links that the kernel shapes."""
    plan = plan_over(chain(measured), ["a", "b", "c", "ground"], [2, 2, 4])
    settings = Settings(repeats=1, patience_s=60.0, links=LINKS or "tbf")
    return run_plan(plan, NetSource(net=str(net_card)), measured, {}, inputs.numpy(), {}, settings)


@PROCESSES
@needs_tc
@pytest.mark.usefixtures("nothing_left")
def test_results_are_those_of_the_whole_network(run: Run, net: SplitNet, inputs: torch.Tensor) -> None:
    """Who shapes links makes no difference to what arrives."""
    whole = net.predict(inputs.flatten(0, 1), inputs.shape[1]).numpy()
    assert stacked(run.results) == pytest.approx(whole, abs=1e-5)


@PROCESSES
@needs_tc
def test_measured_delay_holds_processors_and_latencies(run: Run) -> None:
    """The links' times are the kernel's, but all else that a plan promises has passed."""
    plan = run.plan
    links_s = sum(transfer.busy_s for transfer in plan.transfers)
    assert run.measured_s > plan.sum_s - links_s
    assert len(run.busy_s()) == len(plan.resources)


@PROCESSES
@needs_tc
@pytest.mark.usefixtures("nothing_left")
def test_killed_stage_is_named_and_leaves_no_namespace(
    net_card: Path, measured: Measured, inputs: torch.Tensor
) -> None:
    """Faults end a run over shaped links as any other."""
    plan = plan_over(chain(measured), ["a", "b", "ground"], [2, 4])
    faults = (Fault(kind="kill", visit=1, micro_batch=1),)
    settings = Settings(repeats=1, patience_s=60.0, links=LINKS or "tbf", faults=faults)
    with pytest.raises(PipelineError, match=r"b .*SIGKILL"):
        run_plan(plan, NetSource(net=str(net_card)), measured, {}, inputs.numpy(), {}, settings)
