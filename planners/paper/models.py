"""Model sizes, ViT-B to ViT-G: which fit a satellite, and which are worth splitting."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from planners.paper.finding import Finding, seconds
from planners.paper.outcome import Outcome, Point, Results, points
from planners.paper.scheme import GROUND_ONLY, PLANNER, PROPORTIONAL, SINGLE, SINGLE_FITTING, UNIFORM
from planners.paper.setting import MODELS, Setting
from satllm_env.figures.curves import Curve, CurvePanel, curve_panels
from satllm_env.models.registry import PAPER_FOOTPRINT_BYTES
from satllm_env.tables import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMES = (PLANNER, GROUND_ONLY, SINGLE_FITTING, SINGLE, UNIFORM, PROPORTIONAL)
READINGS = {
    "in micro-batches, compressed cuts": Setting(),
    "whole (M = 1), compressed cuts": Setting(micro_batches=1),
    "whole (M = 1), plain cuts": Setting(micro_batches=1, accuracy_budget=0.0),
}
"""How the batch flows."""
PLAINEST = "whole (M = 1), plain cuts"


def setting(model: str, reading: str) -> Setting:
    """A model's setting under a reading."""
    return replace(READINGS[reading], model=model)


def wanted() -> list[Point]:
    """Every scheme for every model, under every reading."""
    return points((setting(model, reading) for reading in READINGS for model in MODELS), SCHEMES)


def finding(results: Results) -> Finding:
    """A table and a figure with a panel per reading."""
    return Finding(
        tables={"models": _grid(results)},
        figures={"models": partial(_figure, results)},
        ours={"vit-b": _vit_b(results), "vit-g-memory": _vit_g(results)},
    )


def single_stage_pct(outcome: Outcome) -> float:
    """[%] of plans in which one node computes everything."""
    stages = outcome.stages[outcome.feasible]
    return 100 * float(np.mean(stages == 1)) if len(stages) else float("nan")


def _grid(results: Results) -> Grid:
    headings = (
        "batch", "model", "footprint [GB]", *(f"{scheme.label} [s]" for scheme in SCHEMES),
        "planner against single, memory ignored", "stages", "one satellite best",
    )  # fmt: skip
    return Grid(headings, [_row(results, reading, model) for reading in READINGS for model in MODELS])


def _row(results: Results, reading: str, model: str) -> tuple[str, ...]:
    at = setting(model, reading)
    best = results.of(at)
    return (
        reading,
        model,
        f"{PAPER_FOOTPRINT_BYTES[model] / 1e9:g}",
        *(seconds(results.of(at, scheme).mean("delay_s")) for scheme in SCHEMES),
        results.ratio(at, SINGLE).change_only,
        f"{best.stages[best.feasible].mean():.1f}",
        f"{single_stage_pct(best):.0f} %",
    )


def _figure(results: Results) -> Figure:
    shown = (PLANNER, GROUND_ONLY, SINGLE_FITTING, UNIFORM, PROPORTIONAL)
    panels = [
        CurvePanel(
            f"batch {reading}",
            MODELS,
            "model",
            "delay [s]",
            tuple(
                Curve(
                    scheme.label, [results.of(setting(m, reading), scheme).found("delay_s") for m in MODELS]
                )
                for scheme in shown
            ),
        )
        for reading in READINGS
    ]
    return curve_panels(panels, title="Delay by model, 1080p, S2G 0.8 Gbit/s, satellites of 8 GB")


def _vit_b(results: Results) -> str:
    shares = {reading: single_stage_pct(results.of(setting("vit-b", reading))) for reading in READINGS}
    return "one satellite is best for " + ", ".join(
        f"{share:.0f} % of requests {reading}" for reading, share in shares.items()
    )


def _vit_g(results: Results) -> str:
    outcomes = [results.of(setting("vit-g", reading), SINGLE_FITTING) for reading in READINGS]
    found, asked = sum(int(o.feasible.sum()) for o in outcomes), sum(len(o.delay_s) for o in outcomes)
    return f"one satellite holds it in {found} of {asked} requests"
