"""Run random plans on the testbed and compare measured with predicted delays."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from agents.execution import Execution
from agents.execution_network import Batch, Network, batch_of, open_network
from agents.testbed_report import PlanRow, grid, markdown, row_of
from satllm_env.cli import notes, print_json, progress, run_command, write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.figures.canvas import to_png
from satllm_env.figures.predicted_measured import Delays, predicted_against_measured
from satllm_env.problem import Plan
from satllm_env.provenance import command_line
from satllm_env.tables import Section, rich_table
from satllm_env.testbed.cases import MICRO_BATCHES, STAGES, random_plans
from satllm_env.testbed.codecs import cuts_of
from satllm_env.testbed.job import NetSource
from satllm_env.testbed.namespaces import links_by
from satllm_env.testbed.run import Settings

SECTION = Section("benchmark_testbed")
WITHIN_PCT = 5.0
MOST = max(MICRO_BATCHES)


@dataclass(frozen=True)
class Arguments:
    """Run random plans of 2 to 5 stages and 1 to 32 micro-batches, at several levels and rates.

    Layer seconds are measured on this machine first, so the comparison tries the delay model. Exit codes:
    0; 2 bad input.
    """

    net: str = "landcover-vit"
    """A shipped network that has a compression profile, or its card."""
    plans: int = 24
    """How many plans."""
    stages: tuple[int, ...] = STAGES
    """Numbers of stages that they go through."""
    levels: tuple[str, ...] = ("step-0.5", "step-1", "step-2", "step-4")
    """Compression levels besides `none`."""
    inputs: int = 4
    """Inputs in a micro-batch."""
    repeats: int = 5
    """Measured passes of each plan, of which the median counts."""
    compute: Literal["timed", "real"] = "timed"
    """Wait for the seconds that were measured, or compute in every pass."""
    links: Literal["sender", "tc"] = "sender"
    """Who shapes links: each sender, or the kernel, which needs root."""
    seed: int = 0
    """Of the plans."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Write the table as Markdown; a page that has the markers keeps all that is around them."""
    figure: Annotated[Path | None, tyro.conf.arg(metavar="FILE.png")] = None
    """Draw measured over predicted delays."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    network, batch, plans = _prepare(arguments)
    settings = Settings(
        arguments.repeats, arguments.compute, patience_s=60.0, links=links_by(arguments.links, notes().print)
    )
    rows = []
    with progress() as bar:
        task = bar.add_task("plans", total=len(plans))
        for plan in plans:
            rows.append(_measure(network, batch, plan, settings))
            bar.update(task, advance=1)
            notes().print(json.dumps(rows[-1].as_data()), soft_wrap=True)
    _report(arguments, rows, settings)


def _check(arguments: Arguments) -> None:
    for field in ("plans", "inputs", "repeats"):
        if getattr(arguments, field) < 1:
            raise InputError(f"--{field}", "", f"must be at least 1 (got {getattr(arguments, field)})")
    if not arguments.stages or min(arguments.stages) < 1:
        raise InputError("--stages", "", f"must be numbers from 1 (got {arguments.stages})")
    if arguments.seed < 0:
        raise InputError("--seed", "", f"must be at least 0 (got {arguments.seed})")
    if arguments.out is not None:
        SECTION.in_page(arguments.out, "")  # an unreadable page is told before the work


def _prepare(arguments: Arguments) -> tuple[Network, Batch, list[Plan]]:
    """The network, inputs enough for the largest plan, and the plans."""
    source = NetSource(net=arguments.net)
    network, inputs, targets = open_network(source, arguments.inputs, MOST * arguments.inputs, notes().print)
    blocks = len(network.net.blocks)
    if not network.codecs.own:
        raise InputError("--net", "", f"{arguments.net!r} has no compression profile")
    if max(arguments.stages) > blocks:
        raise InputError("--stages", "", f"must be at most the network's {blocks} blocks")
    known = {level.name: level for level in network.codecs.levels(arguments.inputs)}
    for name in arguments.levels:
        if name not in known:
            raise InputError("--levels", "", f"{name!r} is none of {', '.join(known)}")
    levels = [known[name] for name in ("none", *dict.fromkeys(arguments.levels))]
    plans = list(random_plans(network.measured, levels, arguments.plans, arguments.seed, arguments.stages))
    cuts = {(name, boundary) for plan in plans for (_, boundary), name in cuts_of(plan).items()}
    notes().print(f"calibrating the codecs of {len(cuts)} cuts")
    network.codecs.codecs(cuts)  # all at once is quicker than plan by plan
    return network, batch_of(inputs, targets, arguments.inputs, MOST), plans


def _measure(network: Network, batch: Batch, plan: Plan, settings: Settings) -> PlanRow:
    count = plan.instance.tables.micro_batches
    targets = None if batch.targets is None else batch.targets[: count * batch.inputs.shape[1]]
    some = Batch(batch.inputs[:count], targets)
    execution = Execution(network, some, settings, note=lambda _: None)
    return row_of(execution.execute(plan).run)


def _report(arguments: Arguments, rows: Sequence[PlanRow], settings: Settings) -> None:
    if arguments.json:
        print_json({"plans": [row.as_data() for row in rows]})
    else:
        console = Console(highlight=False)
        console.print(rich_table(grid(rows)))
        worst = max(rows, key=lambda row: abs(row.error_pct))
        middle = statistics.median(abs(row.error_pct) for row in rows)
        console.print(f"median of |error| {middle:.2f} %, worst {worst.error_pct:+.2f} %")
    if arguments.figure is not None:
        delays = [
            Delays(row.stages, row.predicted_s, row.measured_s, statistics.median(row.measured_s))
            for row in rows
        ]
        title = f"{len(rows)} random plans of {arguments.net}: measured against predicted delay"
        figure = predicted_against_measured(delays, title=title, within_pct=WITHIN_PCT)
        write_bytes(arguments.figure, to_png(figure))
    if arguments.out is not None:
        when = time.strftime("%Y-%m-%d", time.gmtime())
        text = markdown(rows, command_line(), when, len(os.sched_getaffinity(0)), settings)
        write_text(arguments.out, SECTION.in_page(arguments.out, text))
        notes().print(f"wrote {arguments.out}")


if __name__ == "__main__":
    run_command(Arguments, main)
