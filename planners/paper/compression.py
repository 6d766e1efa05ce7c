"""Compression: by stages, accuracy by method, random sets of cuts; measured on the project's networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from planners.paper.finding import Finding
from planners.paper.outcome import DASH
from planners.paper.reported import Reported, reported
from satllm_env.compression.profile import FittedProfile, load_profile
from satllm_env.compression.profile_form import SOURCE_BITS
from satllm_env.figures.dots import Dot, DotPanel, dot_panels
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from satllm_env.compression.probing.rows import MethodRow, SetRow

NET = "landcover-vit"
"""The network that stages and sets of cuts are measured on."""
MASK_NETS = {"accuracy-eurosat": NET, "accuracy-resisc45": "landcover-hard-vit"}
"""The network, and with it the images, that stand beside a reported data set: the easier and the harder."""
NOT_MEASURED = "not measured here (see docs/compression.md)"
BUDGET = 1.0
"""[percentage points] that a set of cuts may lose."""
STAGES = {"mask": "mask", "int8": "+ 8 bits", "entropy": "+ entropy coding"}
"""Reported stages, by the name of their value."""
METHODS = {"none": "none", "gumbel": "Gumbel mask", "top_k": "top-k"}
"""Methods by the name of their reported value, as measurements call them."""


class Measurements:
    """What `profile_compression.py` measured on the network.

    Args:
        folders: where its files NET/PART.json may lie; the first that has one counts.

    Raises:
        InputError: a file is there and breaks its form.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.methods = _method_rows(_found(folders, NET, "methods"))
        self.masks = {net: _method_rows(_found(folders, net, "masks")) for net in MASK_NETS.values()}
        self.sets = _set_rows(_found(folders, NET, "sets"))

    def chain(self) -> list[MethodRow]:
        """The codec's parts one by one."""
        return [row for row in self.methods if row.method == "chain"]

    def like_reported(self, net: str) -> list[MethodRow]:
        """Of each method on a network, the mask whose ratio is nearest to that of the reported chain."""
        wanted = math.log(reported("compression-stages").values["entropy"])
        nearest: dict[str, MethodRow] = {}
        for row in sorted(self.masks[net], key=lambda row: abs(math.log(row.ratio) - wanted)):
            nearest.setdefault(row.method, row)
        return [nearest[method] for method in METHODS.values() if method in nearest]

    def within_pct(self) -> float | None:
        """[%] of the random sets of cuts that lose no more than the budget."""
        if not self.sets:
            return None
        return 100 * sum(row.loss <= BUDGET for row in self.sets) / len(self.sets)


def fitted_stages() -> dict[str, float]:
    """Cumulative ratios of the profile that was fitted to the paper."""
    profile = load_profile("paper-fit")
    assert isinstance(profile, FittedProfile)
    fit, bits = profile.fit, SOURCE_BITS[profile.source_dtype]
    plain = fit.model_copy(update={"entropy_gain": 1.0})
    masked = plain.model_copy(update={"value_bits": bits})
    by_stage = {"mask": masked, "int8": plain, "entropy": fit}
    return {name: stage.ratio(fit.anchor_keep_rate, bits) for name, stage in by_stage.items()}


def finding(measured: Measurements) -> Finding:
    """Tables of stages and methods, a figure, and what stands beside the reported results."""
    return Finding(
        tables={"stages": _stage_grid(measured), "methods": _method_grid(measured)},
        figures={"compression": partial(_figure, measured)},
        ours=_ours(measured),
    )


def _found(folders: Sequence[Path], net: str, part: str) -> Path | None:
    files = (folder / net / f"{part}.json" for folder in folders)
    return next((path for path in files if path.exists()), None)


def _method_rows(path: Path | None) -> list[MethodRow]:
    if path is None:
        return []
    # brings torch along
    from satllm_env.compression.probing.rows import MethodRow, load_rows

    return load_rows(path, MethodRow)


def _set_rows(path: Path | None) -> list[SetRow]:
    if path is None:
        return []
    from satllm_env.compression.probing.rows import SetRow, load_rows

    return load_rows(path, SetRow)


def _stage_grid(measured: Measurements) -> Grid:
    values, fitted = reported("compression-stages").values, fitted_stages()
    rows = [
        (label, f"{values[name]:.2f}×", f"{fitted[name]:.2f}×", DASH, DASH) for name, label in STAGES.items()
    ]
    rows += [
        (f"ours: {row.setting}", DASH, DASH, f"{row.ratio:.1f}×", _points(row)) for row in measured.chain()
    ]
    return Grid(
        ("stage", "reported, ViT-G", "paper-fit, by construction", f"measured, {NET}", "points lost"), rows
    )


def _method_grid(measured: Measurements) -> Grid:
    rows = [
        (f"{result.what.split(':')[0]}: {label}", "reported", DASH, f"{_lost(result, name):.2f}")
        for result in _accuracies()
        for name, label in METHODS.items()
    ]
    for net, found in measured.masks.items():
        rows += [
            (f"{net}: {row.method}, {row.setting}", "measured", f"{row.ratio:.1f}×", _points(row))
            for row in found
        ]
        if not found:
            rows.append((f"{net}: {', '.join(METHODS.values())}", NOT_MEASURED, DASH, DASH))
    return Grid(("method", "is", "ratio", "points lost"), rows)


def _points(row: MethodRow) -> str:
    return f"{row.loss:.2f} ± {row.loss_half_width:.2f}".replace("-", "−")


def _accuracies() -> tuple[Reported, ...]:
    return tuple(reported(result_id) for result_id in MASK_NETS)


def _lost(result: Reported, method: str) -> float:
    """[percentage points] against no mask."""
    return result.values["none"] - result.values[method]


def _ours(measured: Measurements) -> dict[str, str]:
    chain, within = measured.chain(), measured.within_pct()
    fitted = " → ".join(f"{value:.2f}×" for value in fitted_stages().values())
    stages = " → ".join(f"{row.ratio:.1f}×" for row in chain) or NOT_MEASURED
    worst = f", worst {max(row.loss for row in measured.sets):.2f} points" if measured.sets else ""
    sets = NOT_MEASURED if within is None else f"{within:.0f} % of {len(measured.sets)}{worst}"
    return {
        "compression-stages": f"fit: {fitted}; measured chain: {stages}",
        **{result_id: _masks_text(measured, net) for result_id, net in MASK_NETS.items()},
        "cut-sets": sets,
        "accuracy-loss": "0.5 or 1 point at most, the budget of each request",
    }


def _masks_text(measured: Measurements, net: str) -> str:
    rows = measured.like_reported(net)
    lost = ", ".join(f"{row.method} {_points(row)} at {row.ratio:.0f}×" for row in rows)
    return f"points lost on {net}: {lost}" if rows else NOT_MEASURED


def _figure(measured: Measurements) -> Figure:
    """Stages, then methods, as rows; the ratio and the points lost as panels."""
    values, fitted = reported("compression-stages").values, fitted_stages()
    rows, ratios, losses = ["stages"], _columns(), _columns()
    heads = [0]
    _add(ratios, losses)
    for name, label in STAGES.items():
        rows.append(label)
        _add(ratios, losses, ratio={"reported": _dot(values[name]), "paper-fit": _dot(fitted[name])})
    for row in measured.chain():
        rows.append(f"ours: {row.setting}")
        _add(ratios, losses, {"measured": _dot(row.ratio)}, {"measured": _loss(row)})
    heads.append(len(rows))
    rows.append("methods")
    _add(ratios, losses)
    for result, net in zip(_accuracies(), MASK_NETS.values(), strict=True):
        for name, label in METHODS.items():
            rows.append(f"{result.what.split(':')[0]}: {label}")
            _add(ratios, losses, loss={"reported": _dot(_lost(result, name))})
        for row in measured.like_reported(net):
            rows.append(f"ours, {net}: {row.method}")
            _add(ratios, losses, {"measured": _dot(row.ratio)}, {"measured": _loss(row)})
    if measured.sets:
        heads.append(len(rows))
        rows += ["random sets of cuts", f"ours: {len(measured.sets)} sets, mean and range"]
        _add(ratios, losses)
        _add(
            ratios,
            losses,
            {"measured": _range([row.ratio for row in measured.sets])},
            {"measured": _range([row.loss for row in measured.sets])},
        )
    panels = [
        DotPanel("how much smaller", "uncompressed bytes over sent bytes", _shown(ratios), logarithmic=True),
        DotPanel("what it costs", "accuracy lost [percentage points]", _shown(losses), {"1 point": BUDGET}),
    ]
    title = "Compression as reported (ViT-G, ViT-L), as fitted, and as measured"
    return dot_panels(rows, panels, title=title, strong=heads)


Columns = dict[str, list[Dot | None]]


def _columns() -> Columns:
    return {"reported": [], "paper-fit": [], "measured": []}


def _add(
    ratios: Columns,
    losses: Columns,
    ratio: dict[str, Dot] | None = None,
    loss: dict[str, Dot] | None = None,
) -> None:
    """Add a row to both panels."""
    for columns, dots in ((ratios, ratio or {}), (losses, loss or {})):
        for name, column in columns.items():
            column.append(dots.get(name))


def _shown(columns: Columns) -> Columns:
    """Without those that hold nothing."""
    return {name: dots for name, dots in columns.items() if any(dots)}


def _range(values: Sequence[float]) -> Dot:
    return sum(values) / len(values), min(values), max(values)


def _dot(value: float) -> Dot:
    return value, value, value


def _loss(row: MethodRow) -> Dot:
    return row.loss, row.loss - row.loss_half_width, row.loss + row.loss_half_width
