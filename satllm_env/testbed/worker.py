"""The process of one visit: `python -m satllm_env.testbed.worker FOLDER`.

On one machine the command that watches starts it; on several, torchrun does, with as many processes as the
job has visits and a folder that all of them see.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

import torch

from satllm_env.cli import write_bytes
from satllm_env.errors import InputError
from satllm_env.testbed import clock, records, transport
from satllm_env.testbed.job import Job, load_job
from satllm_env.testbed.messages import WATCHED, tell
from satllm_env.testbed.network import Array, StageNet, hop_codecs, load_network
from satllm_env.testbed.stage import VisitError, VisitRunner

_PR_SET_PDEATHSIG = 1


def main(folder: Path) -> int:
    """Run one visit; the environment says which.

    Returns:
        The exit code: 0, or 1 where something went wrong and has been told.
    """
    parent = os.environ.get(WATCHED)
    if parent:
        _die_with(int(parent))
    torch.set_num_threads(1)
    number = int(os.environ["RANK"])
    try:
        job = load_job(folder)
        size = int(os.environ["WORLD_SIZE"])
        if size != len(job.visits):
            raise InputError("torchrun", "processes", f"must be {len(job.visits)} for this job (got {size})")
        _run(folder, job, number, str(folder / "meeting") if parent else None)
    except VisitError as error:
        tell("fault", visit=number, kind=error.kind, upstream=error.upstream, problem=str(error))
        return 1
    except InputError as error:
        tell("fault", visit=number, kind="failed", upstream=False, problem=str(error))
        return 1
    except RuntimeError as error:  # gloo's way to say that somebody else has gone
        tell("fault", visit=number, kind="lost", upstream=False, problem=str(error).splitlines()[0])
        return 1
    return 0


def _run(folder: Path, job: Job, number: int, store: str | None) -> None:
    visit = job.visits[number]
    net = None
    if visit.work is not None:
        net = StageNet(load_network(job.network), visit.work.first_layer, visit.work.end_layer)
    inputs = records.load_inputs(folder) if number == 0 else None
    codecs = hop_codecs(folder, job, number) if visit.work is not None else {}

    def keep(micro_batch: int, values: Array) -> None:
        write_bytes(records.result_file(folder, micro_batch), records.pack_result(values))

    runner = VisitRunner(job, number, net, codecs, inputs, keep)
    transport.join(store, number, len(job.visits))
    runner.offset_s = clock.offset_to_first_s(number, len(job.visits))
    tell("ready", visit=number)
    for run in range(job.repeats + 1):
        transport.meet()
        runner.run_pass(run)
        tell("pass_done", visit=number, run=run)
    transport.meet()
    records.save_spans(folder, number, runner.spans, runner.offset_s, runner.bytes_sent)
    tell("done", visit=number)
    transport.leave()


def _die_with(parent: int) -> None:
    """Have the kernel end this process when the one that watches ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went before we could ask
            os._exit(1)


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(code)  # threads may still wait for a neighbour that will not come
