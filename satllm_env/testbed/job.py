"""A plan as processes: one per visit of a node on the plan's way, written to a folder that all can read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationError

from satllm_env.cli import write_text
from satllm_env.problem import Plan
from satllm_env.problem.plan import Stage, Transfer
from satllm_env.problem.schema import Count, Finite, Form, Name, NonNegative, Positive, first_error, load_json
from satllm_env.testbed import wire

Index = Annotated[int, Field(ge=0, strict=True)]
FaultKind = Literal["kill", "cut", "slow", "corrupt"]
Links = Literal["sender", "tc", "tbf"]
"""Who shapes links: the sender (token bucket and delay line), the kernel (`tc`: tbf and netem), or the kernel
and, for the latency, the receiver (`tbf`)."""
JOB_FILE = "job.json"
DTYPE_NAMES = Literal["uint8", "int64", "float32"]


class Work(Form):
    """What a stage does: a run of layers, and what the plan promises of it."""

    first_layer: Index
    end_layer: Count
    decode_s: NonNegative
    compute_s: NonNegative
    encode_s: NonNegative
    slow_down: Positive
    """[1] seconds of this processor over seconds of this machine."""

    @property
    def busy_s(self) -> float:
        """[s] per micro-batch."""
        return self.decode_s + self.compute_s + self.encode_s


class Hop(Form):
    """The directed link to the next visit, and what travels on it."""

    target: Name
    rate_bps: Positive
    latency_s: NonNegative
    boundary: Index
    level: Index
    level_name: Name
    busy_s: NonNegative
    """[s] that the plan promises per micro-batch."""
    byte_scale: Positive = 1.0
    """[1] bytes that the plan's problem says of a payload over those of the real one."""


class Visit(Form):
    """One process: a node that receives, may compute, and sends on unless it is the last."""

    node: Name
    work: Work | None = None
    hop: Hop | None = None

    @property
    def title(self) -> str:
        """The visit in messages."""
        if self.work is None:
            return f"{self.node} (relay)"
        first, last = self.work.first_layer, self.work.end_layer - 1
        return f"{self.node} (layer {first})" if first == last else f"{self.node} (layers {first} to {last})"


class Fault(Form):
    """Something that goes wrong on purpose, in one pass.

    `slow` has every micro-batch from `micro_batch` on take `seconds` longer.
    """

    kind: FaultKind
    visit: Index
    run: Index = 0
    """Number of the pass: 0 is the first, which computes the results, the others are measured."""
    micro_batch: Index = 0
    seconds: NonNegative = 0.0


class NetSource(Form):
    """Where every process gets the network from."""

    net: Name
    """A shipped network's name, a card, or a Hugging Face folder."""
    random_init: Annotated[bool, Field(strict=True)] = False
    """Weights drawn from `seed` for the folder's configuration, for timing."""
    seed: Index = 0


class Job(Form):
    """All that the processes of a run must know; `inputs.safetensors` and the codecs lie beside it."""

    format: Literal["satllm-testbed-job/1"] = "satllm-testbed-job/1"
    network: NetSource
    visits: Annotated[tuple[Visit, ...], Field(min_length=2)]
    layers: Count
    micro_batches: Count
    """M of the measured passes."""
    items: Count
    """Micro-batches of the first pass, which computes the results."""
    repeats: Index
    """Measured passes."""
    compute: Literal["timed", "real"]
    links: Links = "sender"
    patience_s: Annotated[Finite, Field(gt=0)]
    input_shape: tuple[Count, ...]
    input_dtype: DTYPE_NAMES
    activation_shape: tuple[Count, ...]
    result_shape: tuple[Count, ...]
    faults: tuple[Fault, ...] = ()

    def form_at(self, boundary: int, level: int) -> wire.Form:
        """What the payloads of a boundary look like."""
        if boundary == 0:
            return wire.Form(0, level, np.dtype(self.input_dtype), self.input_shape)
        shape = self.result_shape if boundary == self.layers else self.activation_shape
        return wire.Form(boundary, level, np.dtype(np.float32), shape)

    def unshaped_s(self, work: Work) -> float:
        """[s] that a stage may take for a micro-batch of the first pass; all stages may share a core."""
        stages = sum(visit.work is not None for visit in self.visits)
        return max(work.busy_s, stages * work.compute_s / work.slow_down)

    @property
    def longest_s(self) -> float:
        """[s] that a micro-batch may at most be at one place."""
        works = [self.unshaped_s(visit.work) for visit in self.visits if visit.work]
        hops = [visit.hop.busy_s + visit.hop.latency_s for visit in self.visits if visit.hop]
        return max([*works, *hops])


def visits_of(plan: Plan, slow_down: Mapping[str, float], byte_scales: Sequence[float]) -> tuple[Visit, ...]:
    """The visits of a plan, in order.

    Args:
        plan: the plan.
        slow_down: [1] of each computing node against this machine, by its id; others are 1.
        byte_scales: [1] by boundary, what the problem says of a payload's bytes over the real ones.
    """
    problem, tables = plan.instance.problem, plan.instance.tables
    node, work, visits = tables.source, None, []
    for resource in plan.resources:
        if isinstance(resource, Stage):
            work = _work(resource, slow_down.get(problem.nodes[resource.node].id, 1.0))
            continue
        target = int(tables.link_target[resource.link])
        hop = _hop(plan, resource, problem.nodes[target].id, byte_scales[resource.boundary])
        visits.append(Visit(node=problem.nodes[node].id, work=work, hop=hop))
        node, work = target, None
    return (*visits, Visit(node=problem.nodes[node].id, work=work))


def _work(stage: Stage, slow_down: float) -> Work:
    return Work(
        first_layer=stage.first_layer, end_layer=stage.end_layer, decode_s=stage.decode_s,
        compute_s=stage.compute_s, encode_s=stage.encode_s, slow_down=slow_down,
    )  # fmt: skip


def _hop(plan: Plan, transfer: Transfer, target: str, byte_scale: float) -> Hop:
    problem = plan.instance.problem
    return Hop(
        target=target, rate_bps=problem.links[transfer.link].rate_bps, latency_s=transfer.latency_s,
        boundary=transfer.boundary, level=transfer.level,
        level_name=problem.compression[transfer.level].name, busy_s=transfer.busy_s, byte_scale=byte_scale,
    )  # fmt: skip


def save_job(folder: Path, job: Job) -> None:
    """Write a job's file."""
    write_text(folder / JOB_FILE, json.dumps(job.model_dump(mode="json"), indent=1) + "\n")


def load_job(folder: Path) -> Job:
    """Read a job's file.

    Raises:
        InputError: it cannot be read, or breaks the form.
    """
    path = folder / JOB_FILE
    try:
        return Job.model_validate(load_json(path))
    except ValidationError as error:
        raise first_error(error, str(path)) from None
