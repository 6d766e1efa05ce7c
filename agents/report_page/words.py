"""A plan's nodes, links and steps in words."""

from __future__ import annotations

from planners.sensitivity.binding import stage_bytes
from satllm_env.figures.quantities import format_bytes, format_s, rate_unit, three_digits
from satllm_env.figures.route import layers_text, level_name, node_name, payload_text
from satllm_env.problem import Instance, Plan
from satllm_env.problem.plan import Stage, Transfer

NAME = 40
"""Characters of a name at most; the middle of longer ones is cut out."""


def name_of(instance: Instance, node: int) -> str:
    """A node's id, fit to print."""
    return node_name(instance, node, NAME)


def format_bps(rate_bps: float) -> str:
    """[bit/s] as ``1.23 Gbit/s``."""
    size, unit = rate_unit(rate_bps)
    return f"{three_digits(rate_bps / size)} {unit}"


def node_tip(instance: Instance, node: int, plan: Plan | None) -> str:
    """Name, role, layers held and memory used of a node, a line each."""
    form, tables = instance.problem.nodes[node], instance.tables
    roles = {tables.source: "source", tables.destination: "destination"}
    role = f" ({roles[node]})" if node in roles else ""
    lines = [f"{name_of(instance, node)}{role}, {'ground' if form.kind == 'ground' else 'satellite'}"]
    stages = [stage for stage in plan.stages if stage.node == node] if plan else []
    for stage in stages:
        lines.append(f"holds {layers_text(stage.first_layer, stage.end_layer)}")
        lines.append(f"memory: {memory_text(instance, stage)}")
        lines.append(f"busy {busy_text(stage)} per micro-batch")
    if not stages:
        lines.append(_idle_text(instance, node, plan))
    return "\n".join(lines)


def memory_text(instance: Instance, stage: Stage) -> str:
    """``3.2 GB of 12 GB (27 %)``."""
    used = stage_bytes(instance, stage.first_layer, stage.end_layer)
    limit = instance.problem.nodes[stage.node].memory_bytes
    if limit is None:
        return f"{format_bytes(used)}, unlimited"
    share = f" ({three_digits(100 * used / limit)} %)" if limit else ""
    return f"{format_bytes(used)} of {format_bytes(limit)}{share}"


def busy_text(stage: Stage) -> str:
    """``12.3 ms: decode 1 ms, compute 10 ms, encode 1.3 ms``."""
    parts = (("decode", stage.decode_s), ("compute", stage.compute_s), ("encode", stage.encode_s))
    shown = [f"{name} {format_s(seconds)}" for name, seconds in parts if seconds > 0]
    return format_s(stage.busy_s) + (f": {', '.join(shown)}" if len(shown) > 1 else "")


def _idle_text(instance: Instance, node: int, plan: Plan | None) -> str:
    on_way = plan is not None and node in instance.tables.link_target[[t.link for t in plan.transfers]]
    if not instance.can_compute[node]:
        return "relays, cannot compute" if on_way else "cannot compute"
    limit = instance.problem.nodes[node].memory_bytes
    memory = "unlimited memory" if limit is None else f"{format_bytes(limit)} of memory"
    return f"{'relays' if on_way else 'idle'}, {memory}"


def link_tip(instance: Instance, link: int) -> str:
    """Ends, rate and latency of a link."""
    form = instance.problem.links[link]
    rate = f"{format_bps(form.rate_bps)}, latency {format_s(form.latency_s)}"
    return f"{ends_text(instance, link)}: {rate}"


def ends_text(instance: Instance, link: int) -> str:
    """``sat-3 → sat-4``."""
    tables = instance.tables
    source, target = int(tables.link_source[link]), int(tables.link_target[link])
    return f"{name_of(instance, source)} → {name_of(instance, target)}"


def load_text(instance: Instance, transfer: Transfer) -> str:
    """``boundary 22 at level mask-22, 1.2 MB``: what a link carries per micro-batch."""
    payload = payload_text(instance, transfer.boundary)
    if transfer.boundary in (0, instance.tables.num_layers):
        return f"the {payload}, {format_bytes(transfer.payload_bytes)}"
    level = level_name(instance, transfer.level, NAME)
    return f"{payload} at level {level}, {format_bytes(transfer.payload_bytes)}"


def step_text(instance: Instance, resource: Stage | Transfer) -> str:
    """One step as a sentence."""
    if isinstance(resource, Stage):
        return _stage_text(instance, resource)
    tables, link = instance.tables, instance.problem.links[resource.link]
    source, target = int(tables.link_source[resource.link]), int(tables.link_target[resource.link])
    sent = (
        f"{name_of(instance, source)} sends {load_text(instance, resource)}, to {name_of(instance, target)}"
    )
    way = f"{format_s(resource.busy_s)} at {format_bps(link.rate_bps)}, then {format_s(link.latency_s)}"
    return f"{sent}: {way} on the way."


def _stage_text(instance: Instance, stage: Stage) -> str:
    what = layers_text(stage.first_layer, stage.end_layer)
    parts = [f"computes {what} in {format_s(stage.compute_s)}"]
    if stage.decode_s > 0:
        parts.insert(0, f"decodes what arrives in {format_s(stage.decode_s)}")
    if stage.encode_s > 0:
        parts.append(f"encodes the result in {format_s(stage.encode_s)}")
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{name_of(instance, stage.node)} {listed}."
