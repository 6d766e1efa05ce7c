"""A walk as plain text: what ``render_mode="ansi"`` shows."""

from __future__ import annotations

from satllm_env.figures.captions import (
    budget_text,
    delay_text,
    last_move_text,
    payload_place,
    request_text,
)
from satllm_env.figures.quantities import format_bytes, format_s
from satllm_env.figures.route import (
    Route,
    layers_text,
    level_name,
    node_name,
    payload_text,
    resource_text,
    route_of,
)
from satllm_env.problem.plan import Plan
from satllm_env.problem.walk import Walk

WIDTH = 100
"""Columns."""
_NAME, _BAR = 20, 40
_SENDS = 24
"""Sends that are listed, the last ones."""


def walk_text(walk: Walk | Plan, *, failure: str | None = None) -> str:
    """The request, the last move, who holds which layers, the path, the delay; at most `WIDTH` columns.

    Args:
        walk: a walk, finished or not, or a plan.
        failure: why the walk has ended before the destination, if it has.
    """
    route = route_of(walk)
    blocks = (_request(route, failure), _holders(route), _path(route), _delay(route))
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks) + "\n"


def _request(route: Route, failure: str | None) -> list[str]:
    lines = [
        f"Request   {request_text(route)}",
        f"Payload   {payload_place(route)}",
        f"Last      {last_move_text(route)}",
        f"Budget    {budget_text(route)}",
    ]
    return [*lines, f"Failed    {failure}"] if failure else lines


def _holders(route: Route) -> list[str]:
    tables = route.instance.tables
    lines = [f"{'Layers':<{_NAME}}  {_scale(tables.num_layers)}  {'':<16} {'busy':>10}"]
    for stage in route.stages:
        name = f"{node_name(route.instance, stage.node, _NAME):<{_NAME}}"
        bar = _bar(stage.first_layer, stage.end_layer, tables.num_layers)
        layers = layers_text(stage.first_layer, stage.end_layer)
        lines.append(f"{name}  {bar}  {layers:<16} {format_s(stage.busy_s):>10}")
    if route.layers_done < tables.num_layers:
        layers = layers_text(route.layers_done, tables.num_layers)
        bar = _bar(route.layers_done, tables.num_layers, tables.num_layers, "▒")
        lines.append(f"{'(nobody yet)':<{_NAME}}  {bar}  {layers}")
    return lines


def _scale(num_layers: int) -> str:
    last = str(num_layers - 1) if num_layers > 1 else ""
    return f"0{last:>{_BAR - 1}}"


def _bar(first: int, end: int, num_layers: int, fill: str = "█") -> str:
    """A bar over the layers; a stage however short shows in one cell at least."""
    begin = min(_BAR - 1, first * _BAR // num_layers)
    stop = max(begin + 1, end * _BAR // num_layers)
    return "░" * begin + fill * (stop - begin) + "░" * (_BAR - stop)


def _path(route: Route) -> list[str]:
    instance = route.instance
    header = f"{'Path':<43} {'payload':<13} {'level':<12} {'sent':>8} {'busy':>9} {'latency':>9}"
    lines = [header]
    for transfer, (source, target) in zip(route.transfers, route.hops, strict=True):
        hop = f"{node_name(instance, source, _NAME)} → {node_name(instance, target, _NAME)}"
        payload = payload_text(instance, transfer.boundary)
        level = level_name(instance, transfer.level, 12)
        sent = format_bytes(transfer.payload_bytes)
        times = f"{format_s(transfer.busy_s):>9} {format_s(transfer.latency_s):>9}"
        lines.append(f"{hop:<43} {payload:<13} {level:<12} {sent:>8} {times}")
    if len(lines) == 1:
        lines.append("(nothing sent yet)")
    hidden = len(lines) - 1 - _SENDS
    if hidden > 0:
        lines[1 : 1 + hidden] = [f"({hidden} earlier sends)"]
    return lines


def _delay(route: Route) -> list[str]:
    name = "Delay" if route.finished else "So far"
    formula = "   (sum + (M − 1) × bottleneck)" if route.instance.tables.micro_batches > 1 else ""
    lines = [f"{name:<8}  {delay_text(route)}{formula}"]
    if route.resources:
        slowest = route.resources[route.bottleneck]
        where = resource_text(route.instance, slowest, 16)
        lines.append(f"Slowest   {where} · {format_s(slowest.busy_s)} per micro-batch")
    return lines
