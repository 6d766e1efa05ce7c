"""What compression costs: accuracy and divergence against how small activations get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from satllm_env.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Measured(Protocol):
    """One method at one setting."""

    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def ratio(self) -> float: ...  # noqa: D102
    @property
    def loss(self) -> float: ...  # noqa: D102
    @property
    def loss_half_width(self) -> float: ...  # noqa: D102
    @property
    def kl_nat(self) -> float: ...  # noqa: D102
    @property
    def kl_half_width(self) -> float: ...  # noqa: D102


_COLOURS = (style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)
_MARKERS = "osD^vP"


@style.styled
def loss_against_ratio(rows: Sequence[Measured], *, title: str) -> Figure:
    """Two panels over the ratio: points of accuracy lost, and the KL divergence of the output.

    Whiskers are 95 % confidence intervals over the test inputs.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(9.6, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for place, method in enumerate(dict.fromkeys(row.method for row in rows)):
        mine = sorted((row for row in rows if row.method == method), key=lambda row: row.ratio)
        look = {
            "color": _COLOURS[place % len(_COLOURS)],
            "marker": _MARKERS[place % len(_MARKERS)],
            "markersize": 4.5, "linewidth": 1.3, "capsize": 2.5, "elinewidth": 0.9, "label": method,
        }  # fmt: skip
        ratios = [row.ratio for row in mine]
        left.errorbar(ratios, [row.loss for row in mine], [row.loss_half_width for row in mine], **look)
        right.errorbar(ratios, [row.kl_nat for row in mine], [row.kl_half_width for row in mine], **look)
    left.axhline(0, color=style.MUTED, linewidth=0.8)
    left.axhline(1, color=style.MUTED, linewidth=0.8, linestyle="--")
    left.set_ylabel("accuracy lost [percentage points]")
    left.set_yscale("symlog", linthresh=2, linscale=2)
    left.set_yticks([-1, 0, 1, 2, 5, 10, 20, 50], ["-1", "0", "1", "2", "5", "10", "20", "50"])
    left.set_ylim(
        min(-1, 1.1 * min(row.loss - row.loss_half_width for row in rows)),
        max(2.5, 1.5 * max(row.loss + row.loss_half_width for row in rows)),
    )
    right.set_ylabel("KL divergence of the output [nat]")
    right.set_yscale("log")
    right.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    for axes in (left, right):
        _ratio_axis(axes)
    right.legend(loc="lower right")
    figure.suptitle(title, x=0.01, ha="left", fontsize=style.TITLE_PT)
    return figure


def _ratio_axis(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}×"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("uncompressed bytes over sent bytes")
    axes.grid(True)
