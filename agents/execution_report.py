"""Executed plans as data and as tables."""

from __future__ import annotations

from typing import Any

from agents.execution import Executed
from satllm_env.figures.route import resource_text
from satllm_env.problem.plan import Stage
from satllm_env.tables import Grid
from satllm_env.testbed.run import Run


def as_data(executed: Executed) -> dict[str, Any]:
    """The JSON object of `execute.py`."""
    run = executed.run
    return {
        "predicted_delay_s": run.plan.delay_s,
        "measured_delay_s": run.measured_s,
        "error_pct": run.error_pct,
        "measured_delays_s": list(run.delays_s),
        "modelled_delay_s": run.modelled_s,
        "output_max_abs_diff": executed.output_max_abs_diff,
        "accuracy_drop": executed.accuracy_drop,
        "accuracy_drop_half_width": executed.accuracy_half_width,
        "predicted_accuracy_drop": run.plan.accuracy_loss,
        "agreement_pct": executed.agreement_pct,
        "bytes_sent": sum(run.sent),
        "micro_batches": run.job.micro_batches,
        "compute": run.job.compute,
        "links_shaped_by": run.job.links,
        "stages": _stages(run),
        "links": _links(run),
        "replans": list(executed.replans),
        "steps": run.plan.steps_as_data(),
    }


def _stages(run: Run) -> list[dict[str, Any]]:
    nodes, busy_s = run.plan.instance.problem.nodes, run.busy_s()
    return [
        {
            "node": nodes[resource.node].id,
            "first_layer": resource.first_layer,
            "last_layer": resource.end_layer - 1,
            "predicted_busy_s": resource.busy_s,
            "measured_busy_s": busy_s[number],
        }
        for number, resource in enumerate(run.plan.resources)
        if isinstance(resource, Stage)
    ]


def _links(run: Run) -> list[dict[str, Any]]:
    problem, busy_s = run.plan.instance.problem, run.busy_s()
    rows = [(number, r) for number, r in enumerate(run.plan.resources) if not isinstance(r, Stage)]
    return [
        {
            "from": problem.links[transfer.link].source,
            "to": problem.links[transfer.link].target,
            "boundary": transfer.boundary,
            "level": problem.compression[transfer.level].name,
            "predicted_busy_s": transfer.busy_s,
            "measured_busy_s": busy_s[number],
            "bytes_sent": sent,
        }
        for (number, transfer), sent in zip(rows, run.sent, strict=True)
    ]


def resource_grid(run: Run) -> Grid:
    """A row per processor and link: predicted and measured busy times of a micro-batch."""
    rows = []
    for resource, measured_s in zip(run.plan.resources, run.busy_s(), strict=True):
        name = resource_text(run.plan.instance, resource)
        apart_s = measured_s - resource.busy_s
        rows.append((name, *(f"{1e3 * seconds:.3f}" for seconds in (resource.busy_s, measured_s, apart_s))))
    return Grid(("stage or link", "predicted [ms]", "measured [ms]", "apart [ms]"), rows)


def summary(executed: Executed) -> str:
    """What came of it, in a few lines."""
    run = executed.run
    how = "timed waits" if run.job.compute == "timed" else "real computation"
    lines = [
        f"delay: predicted {run.plan.delay_s:.6g} s, measured {run.measured_s:.6g} s "
        f"({run.error_pct:+.2f} %, median of {len(run.delays_s)}, {how})",
        f"{sum(run.sent):,} bytes sent over {len(run.sent)} links in {run.job.micro_batches} micro-batches",
    ]
    if run.job.compute == "real":
        off_pct = 100 * (run.measured_s / run.modelled_s - 1)
        lines.insert(
            1,
            f"the busy times that were measured in the passes make {run.modelled_s:.6g} s by the delay model "
            f"({off_pct:+.2f} %)",
        )
    if executed.output_max_abs_diff is not None:
        lines.append(f"output: within {executed.output_max_abs_diff:.3g} of the unsplit network's")
    elif executed.accuracy_drop is not None:
        lines.append(
            f"accuracy: {executed.accuracy_drop:.3g} ± {executed.accuracy_half_width:.2g} points lost on the "
            f"test inputs; the profile predicts {run.plan.accuracy_loss:.3g}"
        )
    elif executed.agreement_pct is not None:
        lines.append(
            "accuracy: the right outputs are unknown; "
            f"{100 - executed.agreement_pct:.3g} % have another likeliest class than the unsplit network's, "
            f"so at most as many points are lost; the measured levels predict {run.plan.accuracy_loss:.3g}"
        )
    return "\n".join([*lines, *(f"planned again after: {trouble}" for trouble in executed.replans)])
