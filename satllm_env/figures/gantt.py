"""The pipeline's Gantt chart: which processor and link works on which micro-batch, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, drawable, new_figure, text_width_px, write
from satllm_env.figures.captions import delay_text, request_text
from satllm_env.figures.quantities import format_s, time_unit
from satllm_env.figures.route import Route, resource_text, route_of
from satllm_env.figures.schedule import flow_shop
from satllm_env.problem.instance import Floats, Instance, Ints
from satllm_env.problem.plan import Plan, Stage, Transfer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS = 32
"""Bars in a row; more micro-batches than that are drawn in blocks."""
MAX_ROWS = 48
_BLOCKS = 16
_BAR = 0.66
_FEWEST_ROWS = 3
_TOP_PX, _BOTTOM_PX, _BUSY_PX = 24, 46, 80
_ROW_PX = 16
"""Height of a row at least, so that its label can be read."""


@style.styled
def pipeline_gantt(plan: Plan, *, title: str | None = None) -> Figure:
    """Draw a plan's pipeline: a row per processor and link, a bar per micro-batch.

    Args:
        plan: the plan.
        title: replaces the request's description.
    """
    route = route_of(plan)
    rows = min(len(route.resources), MAX_ROWS)
    width, height = 1320, 78 + _TOP_PX + 26 * max(_FEWEST_ROWS, rows) + _BOTTOM_PX
    figure = new_figure(width, height)
    heading = title or request_text(route, 28)
    write(figure, 16, 26, heading, width - 32, size=style.TITLE_PT, weight="bold")
    note = f"delay {delay_text(route)}"
    if route.instance.tables.micro_batches > 1:
        note += "   (sum of busy times and latencies + (M − 1) × bottleneck)"
    write(figure, 16, 48, note, color=style.MUTED)
    draw_gantt(figure, Box(16, 62, width - 32, height - 74), route)
    return figure


def draw_gantt(
    figure: Figure, box: Box, route: Route, *, fewest_rows: int = _FEWEST_ROWS, stages: bool = False
) -> None:
    """Draw a route's chart into a box: row labels, bars, busy times and the time axis.

    Args:
        figure: where to draw.
        box: the part of the figure.
        route: a plan's or a walk's; rows that do not fit, those of the shortest busy times, are left out.
        fewest_rows: rows that there is room for even if the route has fewer.
        stages: mark the rows of stages in their colours, where a map or a list shows those.
    """
    if not route.resources:
        empty = "nothing computed or sent yet"
        write(
            figure, box.left + box.width / 2, box.top + box.height / 2, empty, color=style.MUTED, ha="center"
        )
        return
    plot_px = box.height - _TOP_PX - _BOTTOM_PX
    rows = longest_rows(route.resources, min(MAX_ROWS, max(1, int(plot_px // _ROW_PX))))
    labels = _row_labels(route, rows, 0.44 * box.width)
    label_px = max(text_width_px(text, style.SMALL_PT, "bold") for text in labels) + 12
    inner = Box(box.left + label_px, box.top + _TOP_PX, box.width - label_px - _BUSY_PX, plot_px)
    axes, shown = axes_in(figure, inner), max(len(rows), fewest_rows)
    axes.set_ylim(shown - 0.5, -0.5)
    chart = _Chart(axes, route, rows, inner.width, plot_px / shown)
    chart.draw_bars()
    _label_rows(axes, route, rows, labels)
    if stages:
        _mark_stages(axes, route, rows)
    _time_axis(axes, route)
    _caption(figure, box, inner, route, len(rows), chart.note)
    _key(figure, inner, [route.resources[r] for r in rows], route)


def longest_rows(resources: Sequence[Stage | Transfer], limit: int) -> list[int]:
    """Indices, in order, of the `limit` resources with the longest busy times."""
    by_length = sorted(range(len(resources)), key=lambda r: -resources[r].busy_s)
    return sorted(by_length[:limit])


def batch_blocks(micro_batches: int) -> tuple[Ints, Ints]:
    """(K,) first and (K,) last micro-batch of each bar: one each, or blocks where they are many."""
    size = 1 if micro_batches <= MAX_BARS else -(-micro_batches // _BLOCKS)
    first = np.arange(0, micro_batches, size)
    return first, np.minimum(first + size, micro_batches) - 1


class _Chart:
    """The bars of one chart.

    Args:
        axes: where to draw.
        route: what to draw.
        rows: indices of the resources shown.
        width_px: width of the axes.
        row_px: height of a row.
    """

    def __init__(self, axes: Axes, route: Route, rows: list[int], width_px: float, row_px: float) -> None:
        self.axes, self.route, self.rows = axes, route, rows
        self.end_s = route.delay_s if route.delay_s > 0 else 1.0
        self.px_per_s, self.row_px = width_px / self.end_s, row_px
        self.micro_batches = route.instance.tables.micro_batches
        self.note = ""

    def draw_bars(self) -> None:
        """Draw every row, one bar per micro-batch or per block of them."""
        if self.micro_batches <= MAX_BARS:
            start_s = flow_shop(self.route.resources, self.micro_batches).start_s
            for y, r in enumerate(self.rows):
                self._row_of_bars(y, self.route.resources[r], start_s[r])
            return
        first, last = batch_blocks(self.micro_batches)
        plan = flow_shop(self.route.resources, self.micro_batches, np.concatenate((first, last)))
        for y, r in enumerate(self.rows):
            start_s, end_s = plan.start_s[r, : len(first)], plan.end_s[r, len(first) :]
            self._row_of_blocks(y, self.route.resources[r], start_s, end_s - start_s, last - first + 1)
        self.note = f"blocks of {last[0] - first[0] + 1:,} micro-batches, filled by the share of time busy"

    def _row_of_bars(self, y: int, resource: Stage | Transfer, start_s: Floats) -> None:
        offset_s = 0.0
        bar_px = resource.busy_s * self.px_per_s
        edge = 0.6 if bar_px > 5 else 0.0
        sliver = bar_px < 1.2  # would vanish: its outline keeps it in sight
        for colour, length_s in _parts(self.route.instance, resource):
            bars = [(start + offset_s, length_s) for start in start_s.tolist()]
            outline = colour if sliver else style.PAPER
            self.axes.broken_barh(
                bars,
                (y - _BAR / 2, _BAR),
                facecolors=colour,
                edgecolors=outline,
                linewidth=0.7 if sliver else edge,
            )
            if length_s * self.px_per_s > 17 and length_s > 0.5 * resource.busy_s:
                self._number_bars(y, start_s + offset_s + length_s / 2)
            offset_s += length_s
        if isinstance(resource, Transfer):
            self._latency(y, resource, start_s)

    def _number_bars(self, y: int, centre_s: Floats) -> None:
        for number, x in enumerate(centre_s.tolist(), start=1):
            self.axes.text(x, y, str(number), size=6.5, color=style.PAPER, ha="center", va="center_baseline")

    def _latency(self, y: int, link: Transfer, start_s: Floats) -> None:
        """A thin line from a link's last bar to the arrival of what it carried."""
        sent_s = float(start_s[-1]) + link.busy_s
        self.axes.hlines(y, sent_s, sent_s + link.latency_s, colors=style.ISL, linewidth=1.0, linestyles=":")

    def _row_of_blocks(
        self, y: int, resource: Stage | Transfer, start_s: Floats, span_s: Floats, sizes: Ints
    ) -> None:
        gap_s = 1.0 / self.px_per_s  # a pixel of paper between blocks
        length_s = np.clip(span_s - gap_s, 0, None)
        bottom = np.full(len(sizes), y + _BAR / 2)  # the axis points down
        self._boxes(start_s, length_s, bottom, np.full(len(sizes), _BAR), style.IDLE)
        for colour, part_s in _parts(self.route.instance, resource):
            share = np.divide(sizes * part_s, span_s, out=np.zeros(len(sizes)), where=span_s > 0)
            height = np.minimum(np.maximum(_BAR * share, 1.5 / self.row_px), bottom - (y - _BAR / 2))
            self._boxes(start_s, length_s, bottom, height, colour)
            bottom = bottom - height

    def _boxes(self, left: Floats, width: Floats, bottom: Floats, height: Floats, colour: str) -> None:
        from matplotlib.collections import PolyCollection

        x = np.stack((left, left + width, left + width, left), axis=1)
        y = np.stack((bottom, bottom, bottom - height, bottom - height), axis=1)
        boxes = PolyCollection(list(np.stack((x, y), axis=2)), facecolors=colour, edgecolors="none")
        self.axes.add_collection(boxes, autolim=False)


def _parts(instance: Instance, resource: Stage | Transfer) -> list[tuple[str, float]]:
    """Colour and seconds of what a resource does with a micro-batch, in order."""
    if isinstance(resource, Transfer):
        return [(style.DOWNLINK if instance.is_downlink[resource.link] else style.ISL, resource.busy_s)]
    parts = (
        (style.DECODE, resource.decode_s),
        (style.COMPUTE, resource.compute_s),
        (style.ENCODE, resource.encode_s),
    )
    return [part for part in parts if part[1] > 0]


def _row_labels(route: Route, rows: list[int], room_px: float) -> list[str]:
    """Labels of the rows, names cut until all fit the room."""
    for limit in (24, 20, 16, 13, 10, 8, 7, 6):
        labels = [drawable(resource_text(route.instance, route.resources[r], limit)) for r in rows]
        if all(text_width_px(text, style.SMALL_PT, "bold") <= room_px for text in labels):
            break
    return labels


def _label_rows(axes: Axes, route: Route, rows: list[int], labels: list[str]) -> None:
    """Names of the rows and their busy times; texts, which cost a fraction of what ticks do."""
    axes.set_yticks([])
    for y, (r, label) in enumerate(zip(rows, labels, strict=True)):
        looks: dict[str, Any] = {"size": style.SMALL_PT, "va": "center_baseline", "ha": "right"}
        if r == route.bottleneck:
            axes.axhspan(y - 0.5, y + 0.5, color=style.BOTTLENECK_BAND, zorder=0, linewidth=0)
            looks |= {"color": style.BOTTLENECK, "weight": "bold"}
        _beside(axes, 0, y, -8, label, looks)
        _beside(axes, 1, y, _BUSY_PX - 3, format_s(route.resources[r].busy_s), looks)


def _beside(axes: Axes, side: int, y: int, right_px: float, text: str, looks: dict[str, Any]) -> None:
    """Write to the left (0) or right (1) end of a row, up to `right_px` from there."""
    offset = (right_px * 72 / style.DPI, 0)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    axes.annotate(text, (side, y), xytext=offset, **place, **looks)


def _mark_stages(axes: Axes, route: Route, rows: list[int]) -> None:
    """A strip in the stage's colour between a row's name and its bars."""
    stages = [r for r, resource in enumerate(route.resources) if isinstance(resource, Stage)]
    for y, r in enumerate(rows):
        if r in stages:
            colour = style.stage_colour(stages.index(r))
            at, strip = ([0, 0], [y - _BAR / 2, y + _BAR / 2]), axes.get_yaxis_transform()
            axes.plot(*at, color=colour, linewidth=3.5, transform=strip, clip_on=False, solid_capstyle="butt")


def _time_axis(axes: Axes, route: Route) -> None:
    """Ticks in a fitting unit, and the makespan as a line."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    end_s = route.delay_s if route.delay_s > 0 else 1.0
    unit_s, _ = time_unit(end_s)
    axes.set_xlim(0, end_s)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / unit_s:,.6g}"))
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    axes.axvline(end_s, color=style.INK, linewidth=1.2, linestyle="--", clip_on=False)


def _caption(figure: Figure, box: Box, inner: Box, route: Route, num_rows: int, note: str) -> None:
    """The time axis' label, with what the reader must know of rows and bars."""
    hidden = len(route.resources) - num_rows
    rows = f"the {num_rows} longest of {len(route.resources)} rows" if hidden else ""
    notes = "; ".join(part for part in (rows, note) if part)
    _, unit = time_unit(route.delay_s)
    text = f"time [{unit}]" + (f"   ({notes})" if notes else "")
    middle = inner.left + inner.width / 2 + text_width_px(text, style.TEXT_PT) / 2
    right = min(middle, box.left + box.width)
    write(figure, right, box.top + box.height - 3, text, box.width, ha="right")


def _key(figure: Figure, inner: Box, resources: list[Stage | Transfer], route: Route) -> None:
    """Names of the colours in use, of the makespan and of the column, on the line above the chart."""
    names = {
        style.DECODE: "decode",
        style.COMPUTE: "compute",
        style.ENCODE: "encode",
        style.ISL: "inter-satellite link",
        style.DOWNLINK: "ground link",
    }
    used = {colour for resource in resources for colour, _ in _parts(route.instance, resource)}
    right = inner.left + inner.width
    write(
        figure,
        right + _BUSY_PX - 2,
        inner.top - 8,
        "busy each",
        size=style.SMALL_PT,
        color=style.MUTED,
        ha="right",
    )
    end = f"delay {format_s(route.delay_s)}"
    room = inner.width - write(
        figure, right + 4, inner.top - 8, end, size=style.SMALL_PT, weight="bold", ha="right"
    )
    x = inner.left
    entries = [(colour, name, style.MUTED) for colour, name in names.items() if colour in used]
    for colour, name, ink in (*entries, (style.BOTTLENECK_BAND, "bottleneck", style.BOTTLENECK)):
        if x + 15 + text_width_px(name, style.SMALL_PT) > inner.left + room:
            return
        write(figure, x, inner.top - 8, "■", color=colour)
        x += 31 + write(figure, x + 15, inner.top - 8, name, size=style.SMALL_PT, color=ink)
