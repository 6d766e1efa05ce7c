"""One-line descriptions of a request, its budget, its payload and its delay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from satllm_env.figures.quantities import format_bytes, format_s
from satllm_env.figures.route import Route, level_name, node_name, payload_text, shorten
from satllm_env.problem.plan import Stage


def request_text(route: Route, limit: int = 14) -> str:
    """The request in one line: model, layers, micro-batches and ends, their names cut to `limit`."""
    problem, tables = route.instance.problem, route.instance.tables
    batches = f"{tables.micro_batches:,} micro-batch" + ("es" if tables.micro_batches > 1 else "")
    source, target = (node_name(route.instance, end, limit) for end in (tables.source, tables.destination))
    layers = f"{tables.num_layers} layer" + ("s" if tables.num_layers > 1 else "")
    return f"{shorten(problem.model.name, 20)} · {layers} · {batches} · {source} → {target}"


def budget_text(route: Route) -> str:
    """What the cuts have cost of the accuracy budget."""
    budget = route.instance.problem.accuracy_budget
    left = max(0.0, budget - route.accuracy_loss)
    return f"{left:.3g} of {budget:.3g} accuracy points left"


def payload_place(route: Route) -> str:
    """Where the payload is, and as what."""
    instance = route.instance
    where = node_name(instance, route.node)
    if route.finished:
        return f"delivered to {where}"
    layers = instance.tables.num_layers
    done = f"at {where} · {route.layers_done} of {layers} layers done"
    if route.resources and isinstance(route.resources[-1], Stage):
        return f"{done} · computing"
    if route.layers_done in (0, layers):
        return f"{done} · holding the {payload_text(instance, route.layers_done)}"
    return f"{done} · received at level {level_name(instance, route.transfers[-1].level)}"


def last_move_text(route: Route) -> str:
    """The last move, and how long it keeps its processor or link busy per micro-batch."""
    instance = route.instance
    if not route.resources:
        return "no move yet"
    last = route.resources[-1]
    if isinstance(last, Stage) and not route.finished:
        layer = last.end_layer - 1
        busy_s = float(instance.tables.layer_s[last.node, layer])
        return f"computed layer {layer} at {node_name(instance, last.node)} in {format_s(busy_s)}"
    sent = route.transfers[-1]
    name = payload_text(instance, sent.boundary)
    what = name if name.startswith("boundary") else f"the {name}"
    if sent.boundary not in (0, instance.tables.num_layers):
        what += f" at level {level_name(instance, sent.level)}"
    target = node_name(instance, int(instance.tables.link_target[sent.link]))
    return f"sent {what} to {target}: {format_bytes(sent.payload_bytes)} in {format_s(sent.busy_s)}"


def failure_text(info: Mapping[str, Any]) -> str | None:
    """Why an episode ended before the destination, by what the environment says at its end; else None."""
    if info.get("illegal_move"):
        why = f"illegal move: {info['illegal_move']}"
    elif info.get("dead_end"):
        why = "dead end: no move is left after which the walk could be finished"
    else:
        return None
    return f"{why} · charged {format_s(info['fallback_s'])} in all"


def delay_text(route: Route) -> str:
    """``53.4 ms + 7 × 12.3 ms = 139 ms``: sum, bottleneck and delay."""
    waits = route.instance.tables.micro_batches - 1
    parts = f"{format_s(route.sum_s)} + {waits:,} × {format_s(route.bottleneck_s)}"
    return f"{parts} = {format_s(route.delay_s)}" if waits else format_s(route.delay_s)
