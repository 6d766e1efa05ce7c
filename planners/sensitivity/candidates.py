"""Which resources can matter to a plan: those on its path first, then those one link away."""

from __future__ import annotations

import numpy as np

from planners.sensitivity.resource import Resource
from satllm_env.problem import Instance, Plan
from satllm_env.problem.plan import Stage


def candidates(plan: Plan) -> tuple[tuple[Resource, ...], tuple[Resource, ...]]:
    """Resources worth measuring, most promising first.

    A plan that becomes better with more of one resource uses that resource, so only what a detour of one
    link can reach is taken. Left out is what provably changes nothing: memory of nodes that hold every
    stage there is already, codecs where no level takes time, a budget where none costs accuracy.

    Args:
        plan: the plan to improve.

    Returns:
        Resources that the plan touches, those of the longest busy times first; and those of nodes that a
        link joins to its path, with the links between the path and them.
    """
    instance, tables = plan.instance, plan.instance.tables
    sends = [(int(tables.link_source[t.link]), int(tables.link_target[t.link])) for t in plan.transfers]
    path = list(dict.fromkeys((tables.source, *(target for _, target in sends))))
    on_path = [*_busy(plan), *_rooms(instance, path, plan), *_budget(instance)]
    near = _neighbours(instance, path)
    links = [
        ends
        for ends in instance.link_index
        if ends not in sends and (ends[0] in path or ends[1] in path) and {*ends} <= {*path, *near}
    ]
    idle = [node for node in path if node not in {stage.node for stage in plan.stages}]
    beside = [
        *(
            Resource("processor", _id(instance, node))
            for node in (*idle, *near)
            if instance.can_compute[node]
        ),
        *_rooms(instance, near, plan),
        *(codec for codec in _codecs(instance, [*path, *near]) if codec not in on_path),
        *(Resource("link", _id(instance, a), _id(instance, b)) for a, b in sorted(links)),
    ]
    return tuple(on_path), tuple(beside)


def _busy(plan: Plan) -> list[Resource]:
    """What the plan keeps busy, the longest first."""
    instance, tables = plan.instance, plan.instance.tables
    timed: list[tuple[float, Resource]] = []
    for used in plan.resources:
        if isinstance(used, Stage):
            node = _id(instance, used.node)
            timed.append((used.compute_s, Resource("processor", node)))
            if used.decode_s + used.encode_s > 0:
                timed.append((used.decode_s + used.encode_s, Resource("codec", node)))
            continue
        ends = (
            _id(instance, int(tables.link_source[used.link])),
            _id(instance, int(tables.link_target[used.link])),
        )
        timed.append((used.busy_s, Resource("link", *ends)))
    return [resource for _, resource in sorted(timed, key=lambda entry: -entry[0])]


def _rooms(instance: Instance, nodes: list[int], plan: Plan) -> list[Resource]:
    """Memories that limit what a node may compute; those of the plan's stages first."""
    tables, layers = instance.tables, instance.tables.num_layers
    stages = [stage.node for stage in plan.stages]
    limited = [
        node
        for node in nodes
        if instance.can_compute[node]
        and (tables.stage_reach[node] < layers).any()
        and instance.problem.nodes[node].memory_bytes
    ]
    return [
        Resource("memory", _id(instance, node)) for node in sorted(limited, key=lambda n: n not in stages)
    ]


def _codecs(instance: Instance, nodes: list[int]) -> list[Resource]:
    """Codecs of nodes that compute, where some level takes time to encode or decode."""
    tables = instance.tables
    busy = np.any((tables.encode_s > 0) | (tables.decode_s > 0), axis=(1, 2))
    return [Resource("codec", _id(instance, n)) for n in nodes if busy[n] and instance.can_compute[n]]


def _budget(instance: Instance) -> list[Resource]:
    """The accuracy budget, where some level costs accuracy."""
    return [Resource("accuracy budget")] if np.any(instance.tables.loss_units > 0) else []


def _neighbours(instance: Instance, path: list[int]) -> list[int]:
    tables = instance.tables
    met = [other for a, b in instance.link_index for other, here in ((b, a), (a, b)) if here in path]
    return sorted({*met} - {*path, tables.destination})


def _id(instance: Instance, node: int) -> str:
    return instance.problem.nodes[node].id
