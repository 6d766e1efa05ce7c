"""Pipelines of real processes: right results, and faults that are named and leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from satllm_env.errors import InputError
from satllm_env.figures.schedule import schedule
from satllm_env.nets.split_net import SplitNet
from satllm_env.testbed.job import Fault, FaultKind, NetSource, load_job
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.run import Run, Settings, make_job, run_job, run_plan, stacked, write_job
from satllm_env.testbed.supervise import PipelineError, Supervisor
from satllm_env.testbed.trace import chrome_trace
from tests.unit.testbed.conftest import PROCESSES, chain, plan_over


def workers() -> list[int]:
    """Processes of pipelines that this one has started and that still run."""
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    ).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "testbed.worker" in line]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No process is left behind, whatever a test does."""
    yield
    assert workers() == []


@pytest.fixture(scope="module")
def run(net_card: Path, measured: Measured, inputs: torch.Tensor) -> Run:
    """Two stages with a relay between, and a relay at the end."""
    plan = plan_over(chain(measured), ["a", "b", "c", "ground"], [2, 2, 4])
    settings = Settings(repeats=2, patience_s=60.0)
    return run_plan(plan, NetSource(net=str(net_card)), measured, {}, inputs.numpy(), {}, settings)


def test_split_network_gives_what_the_whole_one_gives(run: Run, net: SplitNet, inputs: torch.Tensor) -> None:
    """Without compression outputs agree to 1e-5, in order, for every input."""
    whole = net.predict(inputs.flatten(0, 1), inputs.shape[1]).numpy()
    assert stacked(run.results) == pytest.approx(whole, abs=1e-5)


def test_a_run_is_never_faster_than_the_plan(run: Run) -> None:
    """Links and processors keep at least their promised times, so no pass beats the makespan."""
    assert len(run.delays_s) == 2
    assert min(run.delays_s) >= run.plan.delay_s * (1 - 1e-6)


def test_delay_model_holds_for_measured_busy_times(run: Run) -> None:
    """It gives no less than for the plan's times, as none was shorter, and about what was measured."""
    assert run.modelled_s >= run.plan.delay_s * (1 - 1e-6)
    assert run.modelled_s == pytest.approx(run.measured_s, rel=0.5)


def test_busy_times_follow_each_other(run: Run) -> None:
    """Each resource works on one micro-batch at a time, and after the resource before."""
    start_s, end_s = run.intervals(1)
    assert start_s.shape == (len(run.plan.resources), 3)
    assert (np.diff(start_s, axis=0) > 0).all()
    assert (end_s >= start_s).all()
    assert (np.diff(start_s, axis=1) > 0).all()


def test_bytes_are_the_payloads(run: Run, measured: Measured) -> None:
    """Each link carries its boundary's bytes for every micro-batch of a pass."""
    cut, result = measured.activation_bytes, measured.result_bytes
    assert run.sent == (3 * cut, 3 * cut, 3 * result)


def test_trace_holds_every_busy_time(run: Run) -> None:
    """Slices of measured and predicted busy times, and a pair of events for each latency."""
    promised = schedule(run.plan)
    events = json.loads(chrome_trace(run, (promised.start_s, promised.end_s)))["traceEvents"]
    phases = [event["ph"] for event in events]
    assert phases.count("X") == 2 * len(run.plan.resources) * 3
    assert phases.count("b") == phases.count("e") == len(run.plan.transfers) * 3
    assert all(event["ts"] >= 0 for event in events if event["ph"] != "M")


@PROCESSES
@pytest.mark.parametrize(
    ("kind", "words", "node", "link"),
    [
        ("kill", "stage 0 on a .*SIGKILL.* a to b", "a", None),
        ("corrupt", "link a to b .*checksum", None, ("a", "b")),
        ("cut", "link a to b .*lost micro-batch 2", None, ("a", "b")),
        ("slow", "stage 0 on a .*micro-batch 2.* a to b", "a", None),
    ],
)
@pytest.mark.parametrize("in_pass", [0, 1])
def test_faults_are_named(
    kind: FaultKind,
    in_pass: int,
    words: str,
    node: str | None,
    link: tuple[str, str] | None,
    net_card: Path,
    measured: Measured,
    inputs: torch.Tensor,
) -> None:
    """The run ends with an error that names stage or link, and hands over what was done before.

    So it does in the first pass and in a measured one, whose links are shaped.
    """
    plan = plan_over(chain(measured, to="b"), ["a", "b"], [4])
    fault = Fault(kind=kind, visit=0, run=in_pass, micro_batch=2, seconds=600.0)
    patience_s = 2.0 if kind in ("cut", "slow") else 60.0
    settings = Settings(repeats=1, patience_s=patience_s, faults=(fault,))
    with pytest.raises(PipelineError, match=words) as caught:
        run_plan(plan, NetSource(net=str(net_card)), measured, {}, inputs.numpy(), {}, settings)
    assert (caught.value.node, caught.value.link) == (node, link)
    assert set(caught.value.results) <= ({0, 1} if in_pass == 0 else set(range(len(inputs))))


@PROCESSES
def test_a_stage_that_falls_behind_bit_by_bit_is_named(
    net_card: Path, measured: Measured, inputs: torch.Tensor
) -> None:
    """No micro-batch of a measured pass is as late as the patience, but together they are later."""
    plan = plan_over(chain(measured, to="b"), ["a", "b"], [4])
    fault = Fault(kind="slow", visit=0, run=1, micro_batch=0, seconds=0.9)
    settings = Settings(repeats=1, patience_s=2.0, faults=(fault,))
    with pytest.raises(PipelineError, match=r"stage 0 on a .* behind the plan"):
        run_plan(plan, NetSource(net=str(net_card)), measured, {}, inputs.numpy(), {}, settings)


@PROCESSES
def test_a_process_killed_from_outside_is_named(
    tmp_path: Path, net_card: Path, measured: Measured, inputs: torch.Tensor
) -> None:
    """SIGKILL in the middle of a measured pass is told, as in the first."""
    plan = plan_over(chain(measured, busy_s=0.5, to="b"), ["a", "b"], [2])
    source, settings = NetSource(net=str(net_card)), Settings(repeats=50, patience_s=60.0)
    job = make_job(plan, source, measured, {}, len(inputs), settings)
    write_job(tmp_path, job, inputs.numpy(), {})
    assert load_job(tmp_path) == job
    supervisor = Supervisor(tmp_path, job)

    def strike() -> None:
        while supervisor.progress[1].run < 1:
            time.sleep(0.05)
        supervisor.processes[1].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=strike, daemon=True)
    killer.start()
    with pytest.raises(PipelineError, match=r"stage 1 on b .*SIGKILL"):
        supervisor.run()
    killer.join()


@PROCESSES
def test_workers_end_with_the_one_that_watches(
    tmp_path: Path, net_card: Path, measured: Measured, inputs: torch.Tensor
) -> None:
    """A supervisor that is killed itself leaves no process."""
    plan = plan_over(chain(measured, busy_s=5.0, to="b"), ["a", "b"], [2])
    job = make_job(plan, NetSource(net=str(net_card)), measured, {}, len(inputs), Settings(patience_s=60.0))
    write_job(tmp_path, job, inputs.numpy(), {})
    program = (
        "import sys; from pathlib import Path; from satllm_env.testbed.job import load_job; "
        "from satllm_env.testbed.supervise import Supervisor; folder = Path(sys.argv[1]); "
        "watch = Supervisor(folder, load_job(folder), lambda _: print('moving', flush=True)); watch.run()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"moving\n"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end_s = time.monotonic() + 20
    while _of_folder(tmp_path) and time.monotonic() < end_s:
        time.sleep(0.1)
    assert _of_folder(tmp_path) == []


def _of_folder(folder: Path) -> list[str]:
    listing = subprocess.run(["ps", "-eo", "stat=,args="], capture_output=True, text=True).stdout
    return [line for line in listing.splitlines() if str(folder) in line and not line.startswith("Z")]


@PROCESSES
def test_a_worker_that_cannot_start_is_told(
    tmp_path: Path, net_card: Path, measured: Measured, inputs: torch.Tensor
) -> None:
    """A network that is not there ends the run with the reason."""
    plan = plan_over(chain(measured, to="b"), ["a", "b"], [2])
    job = make_job(plan, NetSource(net="nowhere.json"), measured, {}, len(inputs), Settings())
    write_job(tmp_path, job, inputs.numpy(), {})
    with pytest.raises(PipelineError, match=r"nowhere\.json"):
        run_job(tmp_path, job, plan)


def test_another_networks_plan_is_refused(measured: Measured) -> None:
    """A plan of other layers than the network's blocks is one clear line."""
    plan = plan_over(chain(measured), ["a", "b", "ground"], [2, 4])
    other = Measured("other", (1.0,) * 7, (1,) * 7, measured.input, (2, 4, 16), (2, 3))
    with pytest.raises(InputError, match="are 4, the network 'other' has 7 blocks"):
        make_job(plan, NetSource(net="small"), other, {}, 6, Settings())


def test_too_few_items_are_refused(measured: Measured) -> None:
    """The first pass holds at least the measured micro-batches."""
    plan = plan_over(chain(measured), ["a", "b", "ground"], [2, 4])
    with pytest.raises(InputError, match="must fill 3 micro-batches"):
        make_job(plan, NetSource(net="small"), measured, {}, 2, Settings())
