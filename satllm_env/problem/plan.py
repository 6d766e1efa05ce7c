"""Plans: finished walks, in the steps that files and people use, checked against the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from satllm_env.errors import InputError
from satllm_env.problem import moves
from satllm_env.problem.instance import Instance
from satllm_env.problem.schema import Form, Name, first_error
from satllm_env.problem.walk import IllegalMoveError, Walk

Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]


class ComputeStep(Form):
    """A stage: one run of layers on one node, both ends included, counted from 0."""

    action: Literal["compute"] = "compute"
    node: Name
    first_layer: Count
    last_layer: Count


class SendStep(Form):
    """The payload of a boundary on one link, at a level."""

    action: Literal["send"] = "send"
    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    boundary: Count
    level: Name


Step = ComputeStep | SendStep
_STEPS: TypeAdapter[tuple[Step, ...]] = TypeAdapter(
    tuple[Annotated[ComputeStep | SendStep, Field(discriminator="action")], ...]
)


@dataclass(frozen=True)
class Stage:
    """What a plan asks of one processor, per micro-batch."""

    node: int
    first_layer: int
    end_layer: int
    """One past the last layer."""
    decode_s: float
    compute_s: float
    encode_s: float

    @property
    def busy_s(self) -> float:
        """[s] the processor is busy."""
        return self.decode_s + self.compute_s + self.encode_s


@dataclass(frozen=True)
class Transfer:
    """What a plan asks of one directed link, per micro-batch."""

    link: int
    boundary: int
    level: int
    payload_bytes: float
    busy_s: float
    latency_s: float


@dataclass(frozen=True)
class Plan:
    """A finished walk that keeps every rule, with what it costs.

    `resources` lists processors and links in the order in which a micro-batch meets them.
    """

    instance: Instance
    resources: tuple[Stage | Transfer, ...]
    delay_s: float
    sum_s: float
    bottleneck_s: float
    accuracy_loss: float
    """[percentage points]"""

    @classmethod
    def from_walk(cls, walk: Walk) -> Plan:
        """The plan that a finished walk amounts to."""
        if not walk.finished:
            raise ValueError("the walk has not reached the destination")
        return cls(
            instance=walk.instance,
            resources=tuple(walk_resources(walk)),
            delay_s=walk.delay_s,
            sum_s=walk.sum_s,
            bottleneck_s=walk.bottleneck_s,
            accuracy_loss=walk.accuracy_loss,
        )

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """The sends, in order."""
        return tuple(r for r in self.resources if isinstance(r, Transfer))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, in order."""
        return tuple(r for r in self.resources if isinstance(r, Stage))

    @property
    def isl_bytes(self) -> float:
        """[bytes] of all micro-batches over inter-satellite links."""
        return self._bytes(downlink=False)

    @property
    def downlink_bytes(self) -> float:
        """[bytes] of all micro-batches over links with an end on the ground."""
        return self._bytes(downlink=True)

    def _bytes(self, downlink: bool) -> float:
        chosen = (t for t in self.transfers if self.instance.is_downlink[t.link] == downlink)
        return float(self.instance.tables.micro_batches * sum(t.payload_bytes for t in chosen))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The plan in the steps of files."""
        return tuple(self._step(resource) for resource in self.resources)

    def _step(self, resource: Stage | Transfer) -> Step:
        nodes = self.instance.problem.nodes
        if isinstance(resource, Stage):
            last = resource.end_layer - 1
            return ComputeStep(
                node=nodes[resource.node].id, first_layer=resource.first_layer, last_layer=last
            )
        tables = self.instance.tables
        return SendStep(
            source=nodes[tables.link_source[resource.link]].id,
            target=nodes[tables.link_target[resource.link]].id,
            boundary=resource.boundary,
            level=self.instance.problem.compression[resource.level].name,
        )

    def steps_as_data(self) -> list[dict[str, Any]]:
        """The steps as plain data, the form of ``plan.py --json`` and ``info["plan"]``."""
        return [step.model_dump(by_alias=True) for step in self.steps]


def walk_resources(walk: Walk) -> Iterable[Stage | Transfer]:
    """Processors and links that a walk has used so far, in the order in which a micro-batch meets them.

    A stage in progress stands last, as if it ended with the layers done, at level ``none``.
    """
    instance, tables = walk.instance, walk.instance.tables
    arrival_level = boundary = 0
    for first, boundary, link, level in walk.sends:
        if first != moves.NO_STAGE:
            node = int(tables.link_source[link])
            yield _stage(instance, node, first, boundary, arrival_level, level)
        yield Transfer(
            link=link,
            boundary=boundary,
            level=level,
            payload_bytes=float(instance.payload_bytes[level, boundary]),
            busy_s=float(tables.transfer_s[link, level, boundary]),
            latency_s=float(tables.latency_s[link]),
        )
        arrival_level = level
    if walk.finished and boundary < tables.num_layers:
        yield _stage(instance, tables.destination, boundary, tables.num_layers, arrival_level, 0)
    elif walk.stage_start != moves.NO_STAGE:
        yield _stage(instance, walk.node, walk.stage_start, walk.boundary, arrival_level, 0)


def _stage(instance: Instance, node: int, first: int, end: int, received: int, sent: int) -> Stage:
    tables = instance.tables
    return Stage(
        node=node,
        first_layer=first,
        end_layer=end,
        decode_s=float(tables.decode_s[node, received, first]),
        compute_s=float(tables.layer_s[node, first:end].sum()),
        encode_s=float(tables.encode_s[node, sent, end]),
    )


def parse_steps(data: Any, source: str = "plan") -> tuple[Step, ...]:
    """Check plain data against the form of steps.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    try:
        return _STEPS.validate_python(data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise first_error(error, source, root="steps") from None


def evaluate(instance: Instance, steps: Sequence[Step], source: str = "plan") -> Plan:
    """Walk a plan's steps by the rules and cost it.

    The layers that remain at the destination may be given as a last compute step or left out: rule 3
    computes them there in any case.

    Raises:
        InputError: the plan breaks a rule; names the step and the rule.
    """
    walk = Walk(instance)
    for number, step in enumerate(steps):
        try:
            if isinstance(step, ComputeStep):
                _walk_stage(walk, step, steps[number - 1] if number else None)
            else:
                _walk_send(walk, step)
        except (IllegalMoveError, _StepError) as error:
            raise InputError(source, f"steps[{number}]", str(error)) from None
    if not walk.finished:
        raise InputError(source, "steps", "the plan ends before the payload reaches the destination (rule 3)")
    return Plan.from_walk(walk)


class _StepError(ValueError):
    """A step that does not follow from the one before it."""


def _walk_stage(walk: Walk, step: ComputeStep, before: Step | None) -> None:
    if step.last_layer < step.first_layer:
        raise _StepError(f"last_layer {step.last_layer} is before first_layer {step.first_layer}")
    if _index(walk.instance.node_index, step.node, "node") != walk.node:
        raise _StepError(
            f"the payload is at {walk.instance.problem.nodes[walk.node].id!r}, not {step.node!r}"
        )
    if walk.finished:
        _check_last_stage(walk, step, before)
        return
    if step.first_layer != walk.boundary:
        raise _StepError(f"first_layer is {step.first_layer}, but the next layer is {walk.boundary}")
    for _ in range(step.first_layer, step.last_layer + 1):
        walk.compute()


def _check_last_stage(walk: Walk, step: ComputeStep, before: Step | None) -> None:
    """The destination has computed the rest already (rule 3); the step must say just that."""
    last = walk.instance.tables.num_layers - 1
    arrived = walk.sends[-1][1]
    if not isinstance(before, SendStep) or arrived > last:
        raise _StepError("all layers are done")
    if (step.first_layer, step.last_layer) != (arrived, last):
        raise _StepError(f"the destination computes all remaining layers, {arrived} to {last} (rule 3)")


def _walk_send(walk: Walk, step: SendStep) -> None:
    instance = walk.instance
    source = _index(instance.node_index, step.source, "node")
    target = _index(instance.node_index, step.target, "node")
    level = _index(instance.level_index, step.level, "level")
    if (source, target) not in instance.link_index:
        raise _StepError(f"there is no link from {step.source!r} to {step.target!r}")
    if step.boundary != walk.boundary and not walk.finished:
        raise _StepError(f"boundary is {step.boundary}, but {walk.boundary} layers are done")
    walk.send(instance.link_index[source, target], level)


def _index(table: dict[str, int], name: str, what: str) -> int:
    if name not in table:
        raise _StepError(f"unknown {what} {name!r}")
    return table[name]
