"""What a comparison leaves behind: TensorBoard logs, figures, data and a page that shows them."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from agents.comparison import Comparison, Showcase, score_as_data
from agents.evaluation import Score
from agents.report_page import origin
from agents.report_page.comparison_page import comparison_page
from planners.sensitivity import Sensitivity
from satllm_env.errors import InputError
from satllm_env.figures import (
    PolicyResult,
    delay_per_policy,
    gap_distribution,
    ground_track_map,
    pipeline_gantt,
    topology_graph,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch.utils.tensorboard import SummaryWriter

RESULTS, PAGE, FIGURES = "results.json", "report.html", "figures"


@dataclass(frozen=True)
class Written:
    """Where a report lies."""

    page: Path
    figures: Path


def write_report(
    comparison: Comparison, folder: Path, sensitivities: Mapping[str, Sensitivity] | None = None
) -> Written:
    """Write everything under a temporary name, then put it in the place of an earlier report.

    Args:
        comparison: what came out.
        folder: where to.
        sensitivities: what would help the showcases, by scenario.

    Raises:
        InputError: the folder holds something else, or cannot be written.
    """
    check_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise InputError("--out", str(folder), f"cannot be written: {error.strerror}") from None
    try:
        _write(comparison, draft, sensitivities or {})
        draft.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        draft.replace(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Written(folder / PAGE, folder / FIGURES)


def check_folder(folder: Path) -> None:
    """Refuse to replace what is not an earlier report.

    Raises:
        InputError: the path holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("--out", str(folder), "is not a folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / RESULTS).exists():
        raise InputError("--out", str(folder), "holds something that is not an earlier comparison")


def _write(comparison: Comparison, folder: Path, sensitivities: Mapping[str, Sensitivity]) -> None:
    figures = comparison_figures(comparison)
    (folder / FIGURES).mkdir()
    for name, figure in figures.items():
        (folder / FIGURES / f"{name}.png").write_bytes(_png(figure))
    page = comparison_page(comparison, sensitivities, origin(comparison.seed))
    (folder / PAGE).write_text(page, encoding="utf-8")
    data = json.dumps(comparison.as_data(), indent=1, allow_nan=False) + "\n"
    (folder / RESULTS).write_text(data, encoding="utf-8")
    _log(comparison, figures, folder)


def comparison_figures(comparison: Comparison) -> dict[str, Figure]:
    """The figures by name: delays, gaps, and each scenario's showcase as chart and map."""
    results = [_as_result(entry) for entry in comparison.scores]
    figures = {"delay": delay_per_policy(results), "gap": gap_distribution(results)}
    for showcase in comparison.showcases:
        figures |= _plan_figures(comparison, showcase)
    return figures


def _as_result(entry: Score) -> PolicyResult:
    return PolicyResult(entry.scenario, entry.policy, entry.kind, entry.delay_s, entry.gap_pct)


def _plan_figures(comparison: Comparison, showcase: Showcase) -> dict[str, Figure]:
    plan, layout = showcase.result.plan, showcase.sample.map_layout()
    if plan is None:
        return {}
    picture = topology_graph(plan) if layout is None else ground_track_map(layout, plan)
    return {f"gantt-{showcase.scenario}": pipeline_gantt(plan), f"map-{showcase.scenario}": picture}


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _log(comparison: Comparison, figures: dict[str, Figure], folder: Path) -> None:
    # importing TensorBoard takes seconds
    from torch.utils.tensorboard import SummaryWriter

    for entry in comparison.scores:
        with SummaryWriter(str(folder / entry.scenario / entry.policy.replace("/", "-"))) as writer:
            _log_score(writer, comparison, entry)
    with SummaryWriter(str(folder / "overview")) as writer:
        for name, figure in figures.items():
            writer.add_figure(name, figure, close=False)


def _log_score(writer: SummaryWriter, comparison: Comparison, entry: Score) -> None:
    """Every request's figures as scalars over the request's number, the means as hparams."""
    numbers = np.flatnonzero(entry.feasible).tolist()
    for number, delay_s in zip(numbers, entry.delay_s.tolist(), strict=True):
        writer.add_scalar("compare/delay_s", delay_s, number)
    if len(entry.gap_pct) == len(numbers):
        for number, gap_pct in zip(numbers, entry.gap_pct.tolist(), strict=True):
            writer.add_scalar("compare/gap_pct", gap_pct, number)
    for number, plan_time_s in enumerate(entry.plan_time_s.tolist()):
        writer.add_scalar("compare/plan_time_s", plan_time_s, number)
    numeric = {k: v for k, v in score_as_data(entry).items() if isinstance(v, float)}
    what = {
        "scenario": entry.scenario,
        "policy": entry.policy,
        "kind": entry.kind,
        "episodes": comparison.episodes,
        "seed": comparison.seed,
    }
    metrics = {f"hparam/{name}": value for name, value in numeric.items()}
    writer.add_hparams(what, metrics, run_name=".")
