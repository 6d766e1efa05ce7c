"""Small multiples: a panel per scenario, a row per policy, the kind of policy by colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satllm_env.errors import InputError
from satllm_env.figures import style
from satllm_env.figures.canvas import Box, axes_in, drawable, new_figure, text_width_px, write
from satllm_env.figures.policy_result import PolicyResult
from satllm_env.figures.route import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_PX, _ROW_PX, _HEAD_PX, _FOOT_PX = 380.0, 26.0, 44.0, 52.0
_TOP_PX, _MARGIN_PX, _VALUE_PX, _COLUMNS = 62.0, 16.0, 78.0, 3

Row = PolicyResult | None
"""A policy's place in a panel; a policy may be missing from a scenario."""


def panels(
    results: Sequence[PolicyResult], title: str, value: str, note: str
) -> tuple[Figure, list[tuple[Axes, list[Row]]]]:
    """A figure with one panel per scenario, policies in the same rows everywhere.

    Args:
        results: one per scenario and policy.
        title: of the figure.
        value: what the numbers right of each row are.
        note: how to read the marks.

    Returns:
        The figure, and the axes of each panel with its rows.

    Raises:
        InputError: there is nothing to show, or a policy stands twice in a scenario.
    """
    cells = _cells(results)
    scenarios = list(dict.fromkeys(scenario for scenario, _ in cells))
    kinds = _kinds_in_order(results)
    names = [drawable(shorten(policy, 28)) for policy in kinds]
    label_px = max(text_width_px(name, style.TEXT_PT) for name in names) + 14
    columns = min(_COLUMNS, len(scenarios))
    height = _HEAD_PX + _ROW_PX * len(names) + _FOOT_PX
    width = max(640, 2 * _MARGIN_PX + label_px + columns * _PANEL_PX)
    figure = new_figure(width, _TOP_PX + -(-len(scenarios) // columns) * height)
    write(figure, _MARGIN_PX, 26, title, width - 2 * _MARGIN_PX, size=style.TITLE_PT, weight="bold")
    _kind_key(figure, [kind for kind in style.KIND_COLOURS if kind in kinds.values()], note)
    drawn = []
    for k, scenario in enumerate(scenarios):
        row, column = divmod(k, columns)
        left, top = _MARGIN_PX + label_px + column * _PANEL_PX, _TOP_PX + row * height
        write(figure, left, top + 16, scenario, _PANEL_PX - 24, weight="bold")
        box = Box(left, top + _HEAD_PX, _PANEL_PX - _VALUE_PX - 20, _ROW_PX * len(names))
        header = left + box.width + 10
        write(figure, header, top + _HEAD_PX - 6, value, size=style.SMALL_PT, color=style.MUTED)
        axes = axes_in(figure, box)
        _policy_rows(axes, names if column == 0 else [""] * len(names), list(kinds.values()))
        drawn.append((axes, [cells.get((scenario, policy)) for policy in kinds]))
    return figure, drawn


def _cells(results: Sequence[PolicyResult]) -> dict[tuple[str, str], PolicyResult]:
    if not results:
        raise InputError("results", "", "there is nothing to show")
    cells = {(result.scenario, result.policy): result for result in results}
    if len(cells) < len(results):
        raise InputError("results", "policy", "stands twice in one scenario")
    return cells


def _kinds_in_order(results: Sequence[PolicyResult]) -> dict[str, str]:
    """Kind of each policy; planners first, then baselines, then learned policies."""
    kinds = {result.policy: result.kind for result in results}
    order = list(style.KIND_COLOURS)
    return dict(sorted(kinds.items(), key=lambda item: order.index(item[1])))


def _kind_key(figure: Figure, kinds: list[str], note: str) -> None:
    """The kinds of policy in their colours, which is all the legend there is."""
    x = _MARGIN_PX
    marks = {"o": "●", "s": "■", "D": "◆"}
    for kind in kinds:
        text = f"{marks[style.KIND_MARKERS[kind]]} {kind}"
        x += write(figure, x, 48, text, color=style.KIND_COLOURS[kind], weight="bold") + 18
    write(figure, x + 10, 48, note, size=style.SMALL_PT, color=style.MUTED)


def _policy_rows(axes: Axes, names: list[str], kinds: list[str]) -> None:
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    for label, kind in zip(axes.get_yticklabels(), kinds, strict=True):
        label.set_color(style.KIND_COLOURS[kind])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def write_value(axes: Axes, y: int, text: str) -> None:
    """Write a number right of a row."""
    axes.annotate(
        text,
        (1.0, y),
        xytext=(6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        size=style.SMALL_PT,
        va="center_baseline",
    )


def write_absent(axes: Axes, rows: list[Row], shown: set[int], reason: str) -> None:
    """Say why a row is empty."""
    for y, row in enumerate(rows):
        if y in shown:
            continue
        axes.text(
            0.5,
            y,
            reason if row else "not run",
            transform=axes.get_yaxis_transform(),
            size=style.SMALL_PT,
            color=style.MUTED,
            ha="center",
            va="center_baseline",
        )
