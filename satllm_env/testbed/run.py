"""Run a plan: write its job, start its processes, compare what they did with what the plan promises."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from satllm_env.compression.codec import Codec, save_codecs
from satllm_env.errors import InputError
from satllm_env.problem import Plan
from satllm_env.problem.instance import Floats
from satllm_env.testbed import records
from satllm_env.testbed.job import DTYPE_NAMES, Fault, Job, Links, NetSource, save_job, visits_of
from satllm_env.testbed.link_times import with_link_times
from satllm_env.testbed.measure import Measured
from satllm_env.testbed.network import Array, codec_file
from satllm_env.testbed.stage import Span
from satllm_env.testbed.supervise import PipelineError, Supervisor
from satllm_env.testbed.wire import MAX_RUN

PATIENCE_S = 10.0
_DTYPES: Mapping[torch.dtype, DTYPE_NAMES] = {
    torch.uint8: "uint8", torch.int64: "int64", torch.float32: "float32",
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """How a plan is run.

    Args:
        repeats: measured passes, of which the median counts.
        compute: `timed` waits for as long as the plan says, with the results of the first pass; `real`
            computes in every pass, slowed down.
        patience_s: [s] behind the plan before a stage or link is given up.
        faults: what is to go wrong.
        links: who shapes them.
    """

    repeats: int = 5
    compute: Literal["timed", "real"] = "timed"
    patience_s: float = PATIENCE_S
    faults: tuple[Fault, ...] = ()
    links: Links = "sender"


@dataclass(frozen=True)
class Run:
    """What came of a run."""

    job: Job
    plan: Plan
    results: dict[int, Array]
    """By micro-batch, of the first pass."""
    delays_s: tuple[float, ...]
    """[s] of the measured passes."""
    spans: list[list[Span]]
    """By visit, in the first process's time."""
    sent: tuple[int, ...]
    """[bytes] of a measured pass over each hop."""

    @property
    def measured_s(self) -> float:
        """[s] the median delay."""
        return statistics.median(self.delays_s)

    @property
    def error_pct(self) -> float:
        """[percent] that the measured delay is above the predicted one."""
        return 100 * (self.measured_s / self.plan.delay_s - 1)

    @property
    def median_pass(self) -> int:
        """Number of the measured pass whose delay is nearest to the median."""
        return 1 + min(range(len(self.delays_s)), key=lambda n: abs(self.delays_s[n] - self.measured_s))

    def intervals(self, run: int) -> tuple[Floats, Floats]:
        """(R, M) [s] starts and ends of a pass' busy times, from its first one, by the plan's resources."""
        rows: list[list[Span]] = []
        for visit, spans in zip(self.job.visits, self.spans, strict=True):
            parts = (["busy"] if visit.work else []) + (["link"] if visit.hop else [])
            rows += [[span for span in spans if span.run == run and span.part == part] for part in parts]
        start_s = np.array([[span.start_s for span in row] for row in rows])
        end_s = np.array([[span.end_s for span in row] for row in rows])
        return start_s - start_s.min(), end_s - start_s.min()

    @property
    def modelled_s(self) -> float:
        """[s] the delay model's delay for the busy times that passes had in fact, the median over passes.

        It tells errors of the model from those of the busy times that it was given: where real computation
        takes another time than when it was measured alone, only the plan's delay is off.
        """
        latency_s = sum(visit.hop.latency_s for visit in self.job.visits if visit.hop)
        delays_s = []
        for run in range(1, 1 + len(self.delays_s)):
            start_s, end_s = self.intervals(run)
            busy_s = (end_s - start_s).mean(axis=1)
            delays_s.append(busy_s.sum() + latency_s + (self.job.micro_batches - 1) * busy_s.max())
        return float(statistics.median(delays_s))

    def busy_s(self) -> list[float]:
        """[s] the median of each resource's measured busy times, by the plan's resources."""
        passes = [self.intervals(run) for run in range(1, 1 + len(self.delays_s))]
        lengths = np.concatenate([end_s - start_s for start_s, end_s in passes], axis=1)
        return [float(value) for value in np.median(lengths, axis=1)]


def make_job(
    plan: Plan,
    network: NetSource,
    measured: Measured,
    slow_down: Mapping[str, float],
    items: int,
    settings: Settings,
) -> Job:
    """A plan's job.

    Args:
        plan: the plan.
        network: where processes get it from.
        measured: sizes of its payloads.
        slow_down: [1] of each computing node, by its id.
        items: micro-batches of the first pass.
        settings: how to run.

    Raises:
        InputError: fewer items than micro-batches, or the plan's model is another one.
    """
    problem = plan.instance.problem
    if len(problem.model.layers) != len(measured.layer_s):
        words = f"are {len(problem.model.layers)}, the network {measured.name!r} has {len(measured.layer_s)}"
        raise InputError("problem", "model.layers", f"{words} blocks")
    if settings.repeats > MAX_RUN:
        raise InputError("--repeats", "", f"must be at most {MAX_RUN} (got {settings.repeats})")
    if items < problem.micro_batches:
        raise InputError("--items", "", f"must fill {problem.micro_batches} micro-batches (got {items})")
    return Job(
        network=network,
        visits=visits_of(plan, slow_down, _byte_scales(plan, measured)),
        layers=len(measured.layer_s),
        micro_batches=problem.micro_batches,
        items=items,
        repeats=settings.repeats,
        compute=settings.compute,
        links=settings.links,
        patience_s=settings.patience_s,
        input_shape=tuple(measured.input.shape),
        input_dtype=_DTYPES[measured.input.dtype],
        activation_shape=measured.activation_shape,
        result_shape=measured.result_shape,
        faults=settings.faults,
    )


def _byte_scales(plan: Plan, measured: Measured) -> list[float]:
    """[1] bytes that the plan's problem says of each boundary over those of the real network."""
    last = len(measured.layer_s)
    real = [measured.input_bytes, *[measured.activation_bytes] * (last - 1), measured.result_bytes]
    return [float(said) / is_ for said, is_ in zip(plan.instance.payload_bytes[0], real, strict=True)]


def write_job(folder: Path, job: Job, inputs: Array, codecs: Mapping[tuple[int, int], Codec]) -> None:
    """Write all that processes need into a folder."""
    records.save_inputs(folder, inputs)
    for key, codec in codecs.items():
        save_codecs(codec_file(folder, *key), [codec])
    save_job(folder, job)


def run_job(folder: Path, job: Job, plan: Plan, tick: Callable[[int], None] | None = None) -> Run:
    """Run a job whose files are written, on this machine.

    Raises:
        PipelineError: it did not end well; it holds the results that were reached.
    """
    try:
        Supervisor(folder, job, tick).run()
    except PipelineError as error:
        error.results = records.load_results(folder, job.items)
        raise
    return collect(folder, job, plan)


def collect(folder: Path, job: Job, plan: Plan) -> Run:
    """What the processes of a job that is done have left.

    Raises:
        InputError: something is missing.
    """
    results = records.load_results(folder, job.items)
    if len(results) < job.items:
        raise InputError(str(folder), "results", f"{job.items - len(results)} are missing")
    spans, sent = records.load_spans(folder, len(job.visits))
    if job.links != "sender":
        spans = with_link_times(spans)
    delays = tuple(_delay_s(spans, run) for run in range(1, job.repeats + 1))
    return Run(job, plan, results, delays, spans, tuple(counts[0] if counts else 0 for counts in sent[:-1]))


def _delay_s(spans: list[list[Span]], run: int) -> float:
    """[s] from the first thing done in a pass to the last."""
    of_run = [span for visit in spans for span in visit if span.run == run]
    return max(span.end_s for span in of_run) - min(span.start_s for span in of_run)


def run_plan(
    plan: Plan,
    network: NetSource,
    measured: Measured,
    slow_down: Mapping[str, float],
    inputs: Array,
    codecs: Mapping[tuple[int, int], Codec],
    settings: Settings,
    tick: Callable[[int], None] | None = None,
) -> Run:
    """Run a plan in a temporary folder.

    Args:
        plan: the plan.
        network: where processes get the network from.
        measured: sizes of its payloads.
        slow_down: [1] of each computing node, by its id.
        inputs: (items, B, …) micro-batches of the first pass.
        codecs: of the plan's cuts, by level and boundary.
        settings: how to run.
        tick: told of every micro-batch that has reached the destination.

    Raises:
        InputError: the plan is of another model.
        PipelineError: the run did not end well.
    """
    with tempfile.TemporaryDirectory(prefix="satllm-testbed-") as name:
        folder = Path(name)
        job = make_job(plan, network, measured, slow_down, len(inputs), settings)
        write_job(folder, job, inputs, codecs)
        return run_job(folder, job, plan, tick)


def stacked(results: Mapping[int, Array]) -> Array:
    """(inputs, …) all results in order."""
    return np.concatenate([results[number] for number in sorted(results)])
