"""Prepared jobs that torchrun starts, as on several hosts."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from satllm_env.nets.split_net import SplitNet
from satllm_env.testbed.job import NetSource
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.run import Settings, collect, make_job, stacked, write_job
from tests.integration.command import ROOT
from tests.unit.testbed.conftest import PROCESSES, chain, plan_over


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@PROCESSES
def test_two_torchruns_make_one_pipeline(
    tmp_path: Path, net_card: Path, net: SplitNet, measured: Measured, inputs: torch.Tensor
) -> None:
    """Two launchers, one for each host, start a stage each; results and times are collected after."""
    plan = plan_over(chain(measured, to="b"), ["a", "b"], [2])
    job = make_job(plan, NetSource(net=str(net_card)), measured, {}, len(inputs), Settings(repeats=1))
    write_job(tmp_path, job, inputs.numpy(), {})
    port = free_port()
    hosts = [
        subprocess.Popen(
            [
                sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--node-rank", str(rank),
                "--nproc-per-node", "1", "--master-addr", "127.0.0.1", "--master-port", str(port),
                "-m", "satllm_env.testbed.worker", str(tmp_path),
            ],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        assert [host.wait(timeout=240) for host in hosts] == [0, 0]
    finally:
        for host in hosts:
            host.kill()
            host.wait()
    run = collect(tmp_path, job, plan)
    whole = net.predict(inputs.flatten(0, 1), inputs.shape[1]).numpy()
    assert stacked(run.results) == pytest.approx(whole, abs=1e-5)
    assert run.measured_s >= plan.delay_s * (1 - 1e-6)
