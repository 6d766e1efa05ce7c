"""The measured figures as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from satllm_env.compression.measured_cuts import MeasuredCuts
from satllm_env.compression.probing.rows import MethodRow, SetRow
from satllm_env.tables import Grid


def level_grid(profile: MeasuredCuts) -> Grid:
    """A row per level: over single cuts the least, median and largest ratio, and so on."""
    headings = ("level", "ratio", "KL [nat]", "points lost", "planned with", "agree [%]", "encode", "decode")
    rows = []
    for level in profile.cut_levels:
        planned = [profile.loss_rule.points(cut.kl_nat) for cut in level.cuts]
        rows.append(
            (
                level.name,
                _spread([cut.ratio for cut in level.cuts], ".0f"),
                _spread([cut.kl_nat for cut in level.cuts], ".2g"),
                _spread([cut.loss for cut in level.cuts], ".2f"),
                _spread(planned, ".2f"),
                _spread([cut.agreement_pct for cut in level.cuts], ".1f"),
                _speed(level.encode_s_per_byte),
                _speed(level.decode_s_per_byte),
            )
        )
    return Grid(headings, rows)


def cut_grid(profile: MeasuredCuts) -> Grid:
    """A row per cut: ratio and divergence at every level."""
    rows = []
    for place, cut in enumerate(profile.cut_levels[0].cuts):
        figures = [level.cuts[place] for level in profile.cut_levels]
        rows.append((str(cut.boundary), *(f"{at.ratio:.0f} · {at.kl_nat:.1e}" for at in figures)))
    return Grid(("cut after block", *(level.name for level in profile.cut_levels)), rows)


def method_grid(rows: Sequence[MethodRow]) -> Grid:
    """A row per method and setting."""
    headings = ("method", "setting", "ratio", "points lost", "KL [nat]", "agree [%]", "perplexity ×")
    return Grid(
        headings,
        [
            (
                row.method, row.setting, f"{row.ratio:.1f}", f"{row.loss:.2f} ± {row.loss_half_width:.2f}",
                f"{row.kl_nat:.2g}", f"{row.agreement_pct:.2f}",
                f"{row.perplexity_factor:.4f}",
            )
            for row in rows
        ],
    )  # fmt: skip


def set_grid(title: str, rows: Sequence[SetRow], limit: float) -> Grid:
    """What random sets lost, by their number of cuts and over all."""
    headings = (
        title,
        "sets",
        "ratio",
        "mean loss",
        "worst",
        f"under {limit:g}",
        "as planned",
        "KL / sum",
    )
    counts = sorted({len(row.cuts) for row in rows})
    parts = {f"{count} cuts": [row for row in rows if len(row.cuts) == count] for count in counts}
    return Grid(
        headings, [(name, *_set_cells(part, limit)) for name, part in (parts | {"all": list(rows)}).items()]
    )


def _set_cells(rows: Sequence[SetRow], limit: float) -> tuple[str, ...]:
    losses = np.array([row.loss for row in rows])
    bounds = np.array([row.bound for row in rows])
    sums = [row.kl_nat / row.summed_kl_nat for row in rows if row.summed_kl_nat]
    return (
        str(len(rows)),
        _spread([row.ratio for row in rows], ".0f"),
        f"{losses.mean():.2f}",
        f"{losses.max():.2f}",
        f"{100 * (losses < limit).mean():.1f} %",
        f"{100 * (losses <= bounds).mean():.1f} %",
        _spread(sums, ".2f"),
    )


def _spread(values: Sequence[float], form: str) -> str:
    if not len(values):
        return "–"
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    return f"{low:{form}} – {middle:{form}} – {high:{form}}"


def _speed(s_per_byte: float) -> str:
    return f"{1e-6 / s_per_byte:.0f} MB/s" if s_per_byte else "–"
