"""What a plan runs up against: memory, the accuracy budget, and its bottleneck."""

from __future__ import annotations

from dataclasses import dataclass

from satllm_env.problem import Instance, Plan
from satllm_env.problem.instance import to_points
from satllm_env.problem.plan import Stage, Transfer


@dataclass(frozen=True)
class StageMemory:
    """What a stage takes of its node's memory."""

    node: int
    first_layer: int
    end_layer: int
    used_bytes: float
    """[bytes] weights and state of its layers, and the largest workspace."""
    limit_bytes: float | None
    """[bytes] None is unlimited."""
    binds: bool
    """Whether a layer more, at one end or the other, would not fit."""


@dataclass(frozen=True)
class Binding:
    """Where a plan has no room left."""

    memory: tuple[StageMemory, ...]
    """One per stage."""
    loss: float
    """[percentage points] lost by the plan's cuts."""
    budget: float
    """[percentage points]"""
    budget_binds: bool
    """Whether the rest of it pays for no smaller payload at any cut, though levels make one."""
    bottleneck: Stage | Transfer
    bottleneck_share: float
    """[1] of the delay that is spent waiting for it: `(M − 1) · bottleneck / delay`."""


def binding(plan: Plan) -> Binding:
    """What limits a plan."""
    tables = plan.instance.tables
    bottleneck = max(plan.resources, key=lambda resource: resource.busy_s)
    waiting_s = (tables.micro_batches - 1) * plan.bottleneck_s
    return Binding(
        memory=tuple(_memory(plan.instance, stage) for stage in plan.stages),
        loss=plan.accuracy_loss,
        budget=to_points(tables.budget_units),
        budget_binds=_budget_binds(plan),
        bottleneck=bottleneck,
        bottleneck_share=waiting_s / plan.delay_s if plan.delay_s > 0 else 0.0,
    )


def stage_bytes(instance: Instance, first_layer: int, end_layer: int) -> float:
    """[bytes] that a stage needs: weights and state of its layers, and their largest workspace."""
    layers = instance.problem.model.layers[first_layer:end_layer]
    held = sum(layer.weight_bytes + layer.state_bytes for layer in layers)
    return held + max((layer.workspace_bytes for layer in layers), default=0.0)


def _memory(instance: Instance, stage: Stage) -> StageMemory:
    reach = instance.tables.stage_reach[stage.node]
    first, end = stage.first_layer, stage.end_layer
    full_behind = end < instance.tables.num_layers and reach[first] == end
    full_before = first > 0 and reach[first - 1] < end
    used_bytes = stage_bytes(instance, first, end)
    limit_bytes = instance.problem.nodes[stage.node].memory_bytes
    return StageMemory(stage.node, first, end, used_bytes, limit_bytes, bool(full_behind or full_before))


def _budget_binds(plan: Plan) -> bool:
    tables, instance = plan.instance.tables, plan.instance
    cuts = {t.boundary: t.level for t in plan.transfers if 0 < t.boundary < tables.num_layers}
    spent = sum(int(tables.loss_units[level, boundary]) for boundary, level in cuts.items())
    left = tables.budget_units - spent
    affordable = []
    for boundary, level in cuts.items():
        smaller = instance.payload_bytes[:, boundary] < instance.payload_bytes[level, boundary]
        more = tables.loss_units[:, boundary] - tables.loss_units[level, boundary]
        affordable += (more[smaller] <= left).tolist()
    return bool(affordable) and not any(affordable)
