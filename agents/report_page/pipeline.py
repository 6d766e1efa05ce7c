"""A plan's pipeline as rows of bars: which processor and link works on which micro-batch, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.report_page.axis import Axis, time_axis
from agents.report_page.render import short
from agents.report_page.words import busy_text, ends_text, load_text, name_of
from satllm_env.figures.gantt import MAX_BARS, MAX_ROWS, batch_blocks, longest_rows
from satllm_env.figures.quantities import format_s, three_digits
from satllm_env.figures.route import layers_text
from satllm_env.figures.schedule import Schedule, flow_shop
from satllm_env.problem import Instance, Plan
from satllm_env.problem.plan import Stage, Transfer

TOP, HEIGHT = 3.0, 14.0
"""Of a bar, in a row 20 units high."""
_WIDE = 6.0
"""From this width on bars are set apart by an edge."""


@dataclass(frozen=True)
class Bar:
    """A micro-batch, or a block of them, at one resource."""

    x: float
    width: float
    tip: str


@dataclass(frozen=True)
class Paint:
    """What a resource does with its micro-batches, all bars in one path."""

    kind: str
    """``decode``, ``compute``, ``encode``, ``isl``, ``downlink`` or ``latency``."""
    path: str


@dataclass(frozen=True)
class Row:
    """One processor or link."""

    step: int
    name: str
    what: str
    busy: str
    bottleneck: bool
    colour: int | None
    """Of the stage, None for a link."""
    paints: tuple[Paint, ...]
    bars: tuple[Bar, ...]
    edged: bool


@dataclass(frozen=True)
class Pipeline:
    """The chart."""

    rows: tuple[Row, ...]
    axis: Axis
    note: str
    kinds: tuple[str, ...]
    """Kinds of paint in use, for the key."""


def pipeline(plan: Plan) -> Pipeline:
    """The rows of a plan, the longest where there are too many, micro-batches in blocks where these are."""
    resources, batches = plan.resources, plan.instance.tables.micro_batches
    axis = time_axis(plan.delay_s)
    first, last = batch_blocks(batches)
    kept = flow_shop(resources, batches, np.concatenate((first, last)))
    numbers = longest_rows(resources, MAX_ROWS)
    rows = tuple(_row(plan, number, kept, first.tolist(), last.tolist(), axis) for number in numbers)
    notes = [f"the {len(rows)} longest of {len(resources)} rows"] if len(rows) < len(resources) else []
    if batches > MAX_BARS:
        notes.append(f"blocks of {last[0] - first[0] + 1:,} micro-batches, filled by the share of time busy")
    kinds = dict.fromkeys(paint.kind for row in rows for paint in row.paints)
    return Pipeline(rows, axis, "; ".join(notes), tuple(kinds))


def _row(plan: Plan, number: int, kept: Schedule, first: list[int], last: list[int], axis: Axis) -> Row:
    instance, resource = plan.instance, plan.resources[number]
    start_s = kept.start_s[number, : len(first)].tolist()
    end_s = kept.end_s[number, len(first) :].tolist()
    spans = list(zip(start_s, end_s, first, last, strict=True))
    bars = tuple(_bar(resource, span, axis) for span in spans)
    stages = plan.stages
    is_stage = isinstance(resource, Stage)
    return Row(
        step=number + 1,
        name=name_of(instance, resource.node)
        if isinstance(resource, Stage)
        else ends_text(instance, resource.link),
        what=_what(instance, resource),
        busy=format_s(resource.busy_s),
        bottleneck=resource.busy_s == plan.bottleneck_s,
        colour=stages.index(resource) if is_stage else None,
        paints=tuple(_paints(instance, resource, spans, axis)),
        bars=bars,
        edged=all(bar.width > _WIDE for bar in bars),
    )


def _what(instance: Instance, resource: Stage | Transfer) -> str:
    if isinstance(resource, Stage):
        return layers_text(resource.first_layer, resource.end_layer)
    return load_text(instance, resource)


def _bar(resource: Stage | Transfer, span: tuple[float, float, int, int], axis: Axis) -> Bar:
    start_s, end_s, first, last = span
    if first == last:
        text = f"micro-batch {first + 1}: {format_s(start_s)} to {format_s(end_s)}"
    else:
        share = (last - first + 1) * resource.busy_s / (end_s - start_s) if end_s > start_s else 1.0
        text = (
            f"micro-batches {first + 1}–{last + 1}: {format_s(start_s)} to {format_s(end_s)}, "
            f"busy {three_digits(100 * share)} % of it"
        )
    if isinstance(resource, Stage):
        text += f"\neach {busy_text(resource)}"
    else:
        text += f"\neach busy {format_s(resource.busy_s)}, then {format_s(resource.latency_s)} on the way"
    x = axis.place(start_s)
    return Bar(x, axis.place(end_s) - x, text)


def _paints(
    instance: Instance, resource: Stage | Transfer, spans: list[tuple[float, float, int, int]], axis: Axis
) -> list[Paint]:
    """One path per kind of work: side by side in single bars, stacked by their share in blocks."""
    parts = _parts(instance, resource)
    paths = {kind: "" for kind, _ in parts}
    for start_s, end_s, first, last in spans:
        at_s, bottom = start_s, TOP + HEIGHT
        for kind, length_s in parts:
            if first == last:
                paths[kind] += _box(axis.place(at_s), axis.place(length_s) - axis.place(0.0), TOP, HEIGHT)
                at_s += length_s
                continue
            share = min(1.0, (last - first + 1) * length_s / (end_s - start_s)) if end_s > start_s else 1.0
            x, bottom = axis.place(start_s), bottom - HEIGHT * share
            paths[kind] += _box(x, axis.place(end_s) - x, bottom, HEIGHT * share)
    paints = [Paint(kind, path) for kind, path in paths.items()]
    if isinstance(resource, Transfer) and resource.latency_s > 0:
        ways = [(axis.place(end_s), axis.place(end_s + resource.latency_s)) for _, end_s, _, _ in spans]
        paints.append(Paint("latency", "".join(f"M{short(a)} 10H{short(b)}" for a, b in ways)))
    return paints


def _parts(instance: Instance, resource: Stage | Transfer) -> list[tuple[str, float]]:
    if isinstance(resource, Transfer):
        return [("downlink" if instance.is_downlink[resource.link] else "isl", resource.busy_s)]
    parts = (("decode", resource.decode_s), ("compute", resource.compute_s), ("encode", resource.encode_s))
    return [part for part in parts if part[1] > 0]


def _box(x: float, width: float, top: float, height: float) -> str:
    return f"M{short(x)} {short(top)}h{short(width)}v{short(height)}h{short(-width)}z"
