"""Run a plan for real: a process per stage, shaped links, measured against predicted delay."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from agents.execution import Executed, Execution, slow_downs
from agents.execution_folder import collected, prepare
from agents.execution_network import Batch, Network, batch_of, open_network
from agents.execution_report import as_data, resource_grid, summary
from planners import solve
from planners.plan_file import load_steps
from satllm_env.cli import EXIT_NO_PLAN, notes, print_json, progress, run_command, write_bytes, write_text
from satllm_env.errors import InputError
from satllm_env.figures.canvas import to_png
from satllm_env.figures.measured_gantt import measured_gantt
from satllm_env.figures.schedule import schedule
from satllm_env.problem import Instance, Plan, Problem, evaluate, load_problem
from satllm_env.problem.schema import Level
from satllm_env.scenarios import load_scenario
from satllm_env.tables import rich_table
from satllm_env.testbed.codecs import require_levels
from satllm_env.testbed.job import NetSource, load_job
from satllm_env.testbed.namespaces import links_by
from satllm_env.testbed.problem_of import PLAIN, Scale, problem_over
from satllm_env.testbed.run import PATIENCE_S, Settings
from satllm_env.testbed.supervise import PipelineError
from satllm_env.testbed.trace import chrome_trace

EXIT_BROKEN = 1


@dataclass(frozen=True)
class Arguments:
    """Plan a request, run the plan on real processes, and compare measured with predicted delay.

    A process per node on the plan's way (torch.distributed, gloo) computes its layers of the network, encodes
    with the real codec and sends over links that are shaped to the plan's rates and latencies. With
    --scenario the satellites, links and micro-batches are the scenario's, and the model is the network:
    layer seconds are measured on this machine and slowed down for each satellite; --slow-down, --rate-scale
    and --latency-scale set the scale, and memory is scaled so that a satellite holds the same share of the
    network as of the scenario's model. With --problem all figures are the file's, whose layers must be as
    many as the network's blocks. A first pass computes the results; the median of the measured passes after
    it is reported. Exit codes: 0; 1 the run broke, or its output is wrong; 2 bad input; 3 no plan.
    """

    problem: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Problem file (satllm-split-problem/1)."""
    scenario: Annotated[str | None, tyro.conf.arg(metavar="NAME_OR_FILE")] = None
    """Scenario to draw satellites and links from: a shipped one's name, or a TOML file."""
    seed: int = 0
    """Seed of the draw, and of random weights and inputs."""
    planner: Annotated[str, tyro.conf.arg(metavar="NAME")] = "astar"
    """Who plans; plan.py --planner list lists the planners."""
    plan: Annotated[Path | None, tyro.conf.arg(metavar="PLAN.json")] = None
    """Run this plan of the problem (the output of plan.py --json) instead of planning."""
    net: Annotated[str, tyro.conf.arg(metavar="NAME_OR_PATH")] = "landcover-vit"
    """A shipped network's name, the card of one's own, or the folder of a Hugging Face model."""
    random_init: bool = False
    """Draw the weights of a Hugging Face folder's config.json, for timing."""
    inputs: Annotated[int, tyro.conf.arg(metavar="N")] = 4
    """Inputs in a micro-batch."""
    items: Annotated[int, tyro.conf.arg(metavar="N")] = 256
    """Inputs of the test split that the first pass computes; at least the measured micro-batches' inputs."""
    compression: Literal["on", "off"] = "on"
    """Whether a scenario's plan may compress, with the levels of the network's own profile; where it has
    none, they are measured first."""
    codecs: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Keep calibrated codecs here, and take them from here where weights, inputs and settings are the
    same."""
    compute: Literal["auto", "timed", "real"] = "auto"
    """In measured passes: wait for as long as the plan says, or compute; auto waits unless there is
    a core for every stage and one more, and always with --problem."""
    slow_down: float = 10.0
    """How many times slower than a core of this machine the fastest node is (--scenario)."""
    rate_scale: float = 0.1
    """The links' rates over the scenario's."""
    latency_scale: float = 1.0
    """The links' latencies over the scenario's."""
    links: Literal["sender", "tc"] = "sender"
    """Who shapes links: each sender, by a token bucket and a delay line, or the kernel, by tc in network
    namespaces, which needs root; tc also shapes the first pass."""
    repeats: int = 3
    """Measured passes, of which the median counts."""
    patience: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = PATIENCE_S
    """How far a stage or link may fall behind the plan before it is given up."""
    fault: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="KIND:WHERE")] = ()
    """Have something go wrong: kill:NODE, slow:NODE=SECONDS, cut:FROM>TO or corrupt:FROM>TO, each with @N
    for the micro-batch of the first pass that it begins at, or @P:N for that of measured pass P; may be
    given again and again."""
    replan: bool = False
    """When something breaks, finish the batch on a new plan without it."""
    trace: Annotated[Path | None, tyro.conf.arg(metavar="FILE.json")] = None
    """Write a Chrome trace of the median pass and of the plan; Perfetto opens it."""
    gantt: Annotated[Path | None, tyro.conf.arg(metavar="FILE.png")] = None
    """Draw measured against predicted busy times."""
    prepare: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Run nothing: write the job into a folder for torchrun to start, on several hosts if you like."""
    collect: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """Run nothing: report what a job that torchrun has run left in its folder."""
    json: bool = False
    """Print one JSON object and nothing else on stdout."""


def main(arguments: Arguments) -> int:
    """Run the command."""
    _check(arguments)
    if arguments.collect is not None:
        return _collect(arguments, arguments.collect)
    source = NetSource(net=arguments.net, random_init=arguments.random_init, seed=arguments.seed)
    network, inputs, targets = open_network(
        source, arguments.inputs, arguments.items, notes().print, arguments.codecs
    )
    problem = _problem(arguments, network)
    plan = _plan(arguments, problem)
    if plan is None:
        notes().print("no feasible plan exists")
        return EXIT_NO_PLAN
    batch = batch_of(inputs, targets, arguments.inputs, problem.micro_batches)
    return _execute(arguments, network, batch, plan)


def _collect(arguments: Arguments, folder: Path) -> int:
    """Report a job that torchrun has run."""
    job = load_job(folder)
    size = job.input_shape[0]
    network, inputs, targets = open_network(job.network, size, job.items * size, notes().print)
    batch = batch_of(inputs[: job.items * size], targets, size, job.items)
    try:
        executed = collected(folder, Execution(network, batch, Settings(), note=notes().print))
    except PipelineError as error:
        return _broken(error)
    _report(arguments, executed)
    return 0


def _broken(error: PipelineError) -> int:
    notes().print(str(error), soft_wrap=True, markup=False)
    return EXIT_BROKEN


def _check(arguments: Arguments) -> None:
    given = [flag is not None for flag in (arguments.problem, arguments.scenario, arguments.collect)]
    if sum(given) != 1:
        raise InputError("--problem, --scenario, --collect", "", "give one of them")
    for field, least in (("seed", 0), ("inputs", 1), ("items", 1), ("repeats", 1)):
        if getattr(arguments, field) < least:
            raise InputError(f"--{field}", "", f"must be at least {least} (got {getattr(arguments, field)})")
    if not 0 < arguments.patience < float("inf"):
        raise InputError("--patience", "", f"must be above 0 (got {arguments.patience})")
    if arguments.random_init and not _is_folder(arguments.net):
        raise InputError(
            "--random-init", "", f"needs --net FOLDER with a config.json (got {arguments.net!r})"
        )
    if arguments.prepare is not None and arguments.links == "tc":
        raise InputError("--links", "", "tc is for runs on one machine, without --prepare")
    if arguments.plan is not None and arguments.problem is None:
        raise InputError("--plan", "", "needs --problem: a plan belongs to one problem file")


def _is_folder(net: str) -> bool:
    return Path(net).is_dir()


def _problem(arguments: Arguments, network: Network) -> Problem:
    """What is planned: the file's problem, or the scenario's with the network as its model."""
    if arguments.problem is not None:
        problem = load_problem(arguments.problem)
        layers, blocks = len(problem.model.layers), len(network.measured.layer_s)
        if layers != blocks:
            words = f"are {layers}, the network {network.net.name!r} has {blocks} blocks"
            raise InputError(str(arguments.problem), "model.layers", words)
        require_levels(problem.compression, network.codecs.profile, str(arguments.problem))
        return problem
    assert arguments.scenario is not None
    given = load_scenario(arguments.scenario).sample(arguments.seed).problem
    scale = Scale(arguments.slow_down, arguments.rate_scale, arguments.latency_scale)
    levels = (PLAIN,) if arguments.compression == "off" else _levels(network)
    return problem_over(given, network.measured, levels, scale)


def _levels(network: Network) -> tuple[Level, ...]:
    if not network.codecs.own:
        if network.codecs.folder is not None:
            raise InputError(
                "--codecs", "", f"{network.net.name!r} has no profile: its levels are measured anew"
            )
        words = "has no compression profile: measuring levels at every cut (--compression off does without)"
        notes().print(f"{network.net.name} {words}", soft_wrap=True, markup=False)
    return network.codecs.levels(len(network.measured.input))


def _plan(arguments: Arguments, problem: Problem) -> Plan | None:
    if arguments.plan is not None:
        return evaluate(Instance.from_problem(problem), load_steps(arguments.plan), str(arguments.plan))
    return solve(problem, arguments.planner, seed=arguments.seed).plan


def _execute(arguments: Arguments, network: Network, batch: Batch, plan: Plan) -> int:
    links = links_by(arguments.links, notes().print)
    settings = Settings(arguments.repeats, _compute(arguments, plan), arguments.patience, links=links)
    with progress() as bar:
        task = bar.add_task("running the plan", total=None)
        execution = Execution(
            network, batch, settings, arguments.fault, arguments.replan, arguments.planner,
            note=notes().print, tick=lambda count: bar.update(task, advance=count),
        )  # fmt: skip
        if arguments.prepare is not None:
            return _prepare(arguments.prepare, execution, plan)
        try:
            executed = execution.execute(plan)
        except PipelineError as error:
            return _broken(error)
    _report(arguments, executed)
    return 0


def _prepare(folder: Path, execution: Execution, plan: Plan) -> int:
    slow_down = slow_downs(plan.instance, execution.network.measured)
    count = prepare(folder, execution, plan, slow_down)
    command = f"torchrun --nproc-per-node {count} -m satllm_env.testbed.worker {folder}"
    notes().print(f"wrote {folder}; on one host: {command}", soft_wrap=True, markup=False)
    return 0


def _compute(arguments: Arguments, plan: Plan) -> Literal["timed", "real"]:
    if arguments.compute != "auto":
        return arguments.compute
    few_cores = len(plan.stages) >= len(os.sched_getaffinity(0))  # one is for all else
    return "timed" if few_cores or arguments.problem is not None else "real"


def _report(arguments: Arguments, executed: Executed) -> None:
    run = executed.run
    predicted = schedule(run.plan)
    if arguments.trace is not None:
        write_text(arguments.trace, chrome_trace(run, (predicted.start_s, predicted.end_s)))
    if arguments.gantt is not None:
        figure = measured_gantt(run.plan, *run.intervals(run.median_pass), measured_s=run.measured_s)
        write_bytes(arguments.gantt, to_png(figure))
    scale = _scale(arguments)
    if arguments.json:
        print_json({**as_data(executed), "scale": scale})
    else:
        console = Console(highlight=False)
        console.print(rich_table(resource_grid(run)))
        console.print(summary(executed), soft_wrap=True, markup=False)
        if scale:
            console.print("scale: " + ", ".join(f"{name} {value:g}" for name, value in scale.items()))
    written = [str(path) for path in (arguments.trace, arguments.gantt) if path is not None]
    if written:
        notes().print(f"wrote {', '.join(written)}", soft_wrap=True)


def _scale(arguments: Arguments) -> dict[str, Any]:
    if arguments.scenario is None:
        return {}
    return {
        "slow_down": arguments.slow_down, "rate": arguments.rate_scale, "latency": arguments.latency_scale,
    }  # fmt: skip


if __name__ == "__main__":
    run_command(Arguments, main)
