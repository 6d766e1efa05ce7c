"""One episode of a stream: delays against arrival, batteries, and who works for whom when it is busiest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, drawable, new_figure, text_width_px, write
from satllm_env.figures.quantities import format_s
from satllm_env.stream.outcome import Outcome
from satllm_env.stream.servers import Server

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_ROWS = 18
"""Servers of the chart at most, those with the most work."""
MIN_WINDOW_S = 1e-9
"""[s] where nothing takes any time."""
_WINDOW_DELAYS = 8.0
"""Length of the chart's window, in median delays."""
_LEFT, _WIDTH = 190, 1090
_BAR = 0.7


class Window(NamedTuple):
    """A stretch of the stream's clock."""

    start_s: float
    end_s: float


@style.styled
def stream_figure(outcomes: Sequence[Outcome], now_s: float, *, subject: str = "") -> Figure:
    """Draw a stream so far.

    Above, over the whole of it: a bar for every request at its arrival, as high as its delay, what it would
    take on idle servers and what it waits told apart, its deadline as a tick; below that the least charge of
    the satellites' batteries. Beneath, while it is busiest: a row for every processor and link, a bar where
    it works, coloured and numbered by request.

    Args:
        outcomes: of the requests so far; failed ones are crosses.
        now_s: [s] of the stream's clock.
        subject: what the stream is of, before the summary.
    """
    window = busiest_window(outcomes)
    rows = busiest_servers(outcomes, window)
    chart = Box(_LEFT, 350, _WIDTH, 24 * max(3, len(rows)))
    figure = new_figure(1320, chart.top + chart.height + 56)
    write(
        figure,
        16,
        26,
        " · ".join(filter(None, (subject, _summary(outcomes)))),
        1288,
        size=style.TITLE_PT,
        weight="bold",
    )
    _draw_delays(figure, Box(_LEFT, 62, _WIDTH, 130), outcomes, now_s)
    _draw_charge(figure, Box(_LEFT, 214, _WIDTH, 48), outcomes, now_s)
    _draw_chart(figure, chart, outcomes, rows, window)
    return figure


def busiest_window(outcomes: Sequence[Outcome]) -> Window:
    """The stretch of some median delays in which requests wait the most, from an arrival on."""
    served = [outcome for outcome in outcomes if outcome.admission is not None]
    if not served:
        return Window(0.0, 1.0)
    length_s = max(MIN_WINDOW_S, _WINDOW_DELAYS * float(np.median([outcome.delay_s for outcome in served])))
    arrival_s = np.array([outcome.arrival_s for outcome in served])
    wait_s = np.array([outcome.delay_s - outcome.static_s for outcome in served])
    late = arrival_s[None, :] - arrival_s[:, None]  # (from, of)
    # a wait counts up to the window's length, or one outage would hide what backlog does
    within = (late >= 0) & (late < length_s)
    scores = (within * np.minimum(wait_s, length_s)[None, :]).sum(axis=1) + 1e-9 * within.sum(axis=1)
    start_s = float(arrival_s[int(scores.argmax())])
    return Window(start_s, start_s + length_s)


def busiest_servers(outcomes: Sequence[Outcome], window: Window) -> list[Server]:
    """Up to `MAX_ROWS` servers with the most work in a window: processors by name, then links."""
    work_s: dict[Server, float] = {}
    for outcome in outcomes:
        for taken in () if outcome.admission is None else outcome.admission.occupations:
            inside = sum(
                max(0.0, min(end, window.end_s) - max(start, window.start_s)) for start, end in taken.spans
            )
            if inside > 0:
                work_s[taken.server] = work_s.get(taken.server, 0.0) + inside
    most = sorted(work_s, key=lambda server: (-work_s[server], server))[:MAX_ROWS]
    return sorted(most, key=lambda server: (len(server), [_natural(name) for name in server]))


def server_name(server: Server) -> str:
    """``sat-3`` for a processor, ``sat-3 → sat-4`` for a link."""
    return " → ".join(server)


def _summary(outcomes: Sequence[Outcome]) -> str:
    served = [outcome for outcome in outcomes if outcome.served]
    text = f"{len(outcomes)} requests"
    if served:
        mean_s = float(np.mean([outcome.delay_s for outcome in served]))
        wait_s = float(np.mean([outcome.delay_s - outcome.static_s for outcome in served]))
        text += f" · mean delay {format_s(mean_s)}, of which {format_s(wait_s)} waiting"
    return f"{text} · {sum(outcome.missed for outcome in outcomes)} deadlines missed"


def _draw_delays(figure: Figure, box: Box, outcomes: Sequence[Outcome], now_s: float) -> None:
    axes = axes_in(figure, box)
    _clock(axes, outcomes, now_s)
    axes.tick_params(labelbottom=False)
    served = [outcome for outcome in outcomes if outcome.served]
    at = [outcome.arrival_s / 60 for outcome in served]
    static_s = np.array([outcome.static_s for outcome in served])
    wait_s = np.array([outcome.delay_s for outcome in served]) - static_s
    axes.vlines(at, 0, static_s, colors=style.BLUE, linewidth=2.2)
    axes.vlines(at, static_s, static_s + wait_s, colors=style.VERMILION, linewidth=2.2)
    due_s = [np.nan if outcome.deadline_s is None else outcome.deadline_s for outcome in served]
    axes.plot(at, due_s, "_", color=style.INK, markersize=6, markeredgewidth=1.0)
    failed = [outcome.arrival_s / 60 for outcome in outcomes if not outcome.served]
    axes.plot(failed, [0.0] * len(failed), "x", color=style.VERMILION, markersize=5, clip_on=False)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("delay [s]")
    axes.grid(axis="y")
    marks = (("on idle servers", style.BLUE), ("waiting", style.VERMILION), ("deadline", style.INK))
    _key(figure, box, [*marks, *([("failed", style.VERMILION)] if failed else [])])


def _draw_charge(figure: Figure, box: Box, outcomes: Sequence[Outcome], now_s: float) -> None:
    axes = axes_in(figure, box)
    _clock(axes, outcomes, now_s)
    axes.plot(
        [outcome.arrival_s / 60 for outcome in outcomes],
        [outcome.charge for outcome in outcomes],
        color=style.GREEN,
        marker=".",
        markersize=3,
        linewidth=1.0,
    )
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("least\ncharge")
    axes.grid(axis="y")
    write(figure, box.left + box.width / 2, box.top + box.height + 36, "arrival [min]", ha="center")


def _draw_chart(
    figure: Figure, box: Box, outcomes: Sequence[Outcome], rows: list[Server], window: Window
) -> None:
    note = f"the {len(rows)} busiest processors and links, a colour and number for each request"
    write(figure, box.left, box.top - 12, note, size=style.SMALL_PT, color=style.MUTED)
    axes = axes_in(figure, box)
    axes.set_xlim(window.start_s, window.end_s)
    axes.set_ylim(max(3, len(rows)) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [_row_name(server) for server in rows])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    row_of = {server: y for y, server in enumerate(rows)}
    for outcome in outcomes:
        _draw_request(axes, outcome, row_of, window, box.width / (window.end_s - window.start_s))
    axes.set_xlabel("stream's clock, when requests wait the most [s]")


def _draw_request(
    axes: Axes, outcome: Outcome, row_of: dict[Server, int], window: Window, px_per_s: float
) -> None:
    colour = style.stage_colour(outcome.number)
    for taken in () if outcome.admission is None else outcome.admission.occupations:
        y = row_of.get(taken.server)
        spans = [span for span in taken.spans if span[1] > window.start_s and span[0] < window.end_s]
        if y is None or not spans:
            continue
        bars = [(start, end - start) for start, end in spans]
        axes.broken_barh(bars, (y - _BAR / 2, _BAR), facecolors=colour, edgecolors="none")
        start, end = max(spans, key=lambda span: span[1] - span[0])
        label = str(outcome.number)
        if (end - start) * px_per_s > text_width_px(label, style.SMALL_PT) + 4:
            middle = (max(start, window.start_s) + min(end, window.end_s)) / 2
            axes.text(middle, y, label, size=style.SMALL_PT, ha="center", va="center_baseline", clip_on=True)
    if window.start_s <= outcome.arrival_s < window.end_s:
        axes.axvline(outcome.arrival_s, color=style.INK, linewidth=0.7, linestyle=":")


def _clock(axes: Axes, outcomes: Sequence[Outcome], now_s: float) -> None:
    """The whole stream's time axis [min]."""
    end_min = max([now_s, *(outcome.arrival_s for outcome in outcomes)]) / 60
    axes.set_xlim(-0.01 * end_min, 1.01 * end_min if end_min > 0 else 1.0)


def _key(figure: Figure, box: Box, marks: list[tuple[str, str]]) -> None:
    x: float = box.left
    for name, colour in marks:
        sign = {"deadline": "–", "failed": "×"}.get(name, "■")
        write(figure, x, box.top - 8, sign, color=colour)
        x += 33 + write(figure, x + 15, box.top - 8, name, size=style.SMALL_PT, color=style.MUTED)


def _natural(name: str) -> list[tuple[str, int]]:
    """A key that puts ``sat-2`` before ``sat-10``."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", name)]


def _row_name(server: Server) -> str:
    """A row's label, its names cut to fit."""
    most = 24 if len(server) == 1 else 11
    names = (name if len(name) <= most else f"{name[: most - 1]}…" for name in server)
    return drawable(server_name(tuple(names)))
