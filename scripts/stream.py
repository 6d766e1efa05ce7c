"""Run planners over streams of requests, each planned when it arrives on servers that are still busy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from agents.contenders import trained
from agents.guide.policy import GuidePolicy
from agents.guide.stream import GuideStreamPolicy
from planners.stream import StreamPolicy, alone_bound_s, policy, policy_names, run_stream
from planners.stream.policies import DEFAULT_NAMES
from planners.stream.report import Load, grid_of
from satllm_env.cli import notes, print_json, progress, run_command, write_bytes
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.errors import InputError
from satllm_env.figures import to_png
from satllm_env.figures.stream import stream_figure
from satllm_env.tables import markdown_table, rich_table

_FLAGS = {
    "rate_per_min": "--rates",
    "burst_factor": "--burst-factor",
    "burst_share": "--burst-share",
    "burst_s": "--burst-length",
    "deadline_factor": "--deadline-factor",
    "miss_penalty_s": "--miss-penalty",
    "policy": "--policies",
    "num_requests": "--requests",
    "span_s": "--span",
    "deadline_s": "--deadline",
    "arrivals": "--arrivals",
}
"""Flags by what the library calls them."""


@dataclass
class Arguments:
    """Serve streams of requests (SatLLMStream-v0) with several planners, side by side.

    Prints a table: delays from arrival to result, what of them is waiting, missed deadlines, walks that
    failed, energy, and cost (delays and penalties). `snapshot-optimal` plans the optimum on the links of the
    arrival and knows nothing of the backlog; `backlog-aware` plans around it; `look-ahead` knows all
    arrivals and is exact on tiny problems; every planner and baseline of plan.py plans the snapshot too. A
    trained guide, by its name or its folder, proposes plans around the backlog.
    Exit codes: 0 done, 2 bad input, 3 the problem has no plan.
    """

    scenario: Annotated[str, tyro.conf.arg(metavar="NAME_OR_FILE")] = "busy-ring"
    """Scenario that requests are drawn from."""
    problem: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Problem file in place of a scenario: every request is this one."""
    policies: tuple[str, ...] = DEFAULT_NAMES
    """Who plans."""
    arrivals: Literal["poisson", "bursty"] = "poisson"
    """How requests arrive."""
    rates: tuple[float, ...] = (5.0, 20.0, 40.0)
    """[1/min] loads: requests per minute in the long run."""
    burst_factor: float = 20.0
    """[1] the rate in a burst against the load."""
    burst_share: float = 0.04
    """[1] share of time in bursts."""
    burst_length: float = 20.0
    """[s] mean length of a burst."""
    requests: int = 60
    """Requests of a stream at most."""
    span: float | None = None
    """[s] from the first to the last arrival at most."""
    deadline_factor: float | None = 3.0
    """[1] deadlines against requests' reference delays."""
    miss_penalty: float = 5.0
    """[s] charged for a missed deadline."""
    episodes: int = 2
    """Streams for each load."""
    seed: int = 0
    """Of the first stream; the others follow."""
    deadline: float | None = 60.0
    """[s] limit of the exact planner per run."""
    bound: bool = True
    """Prove a bound of the mean delay too: each request's optimum if it came alone."""
    json: bool = False
    """Print one JSON object."""
    markdown: bool = False
    """Print the table in Markdown."""
    figure: Annotated[Path | None, tyro.conf.arg(metavar="FILE.png")] = None
    """Draw the first stream of the last load under the first policy."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    try:
        loads = _run(arguments)
    except InputError as error:
        named = _FLAGS.get(error.field) or _FLAGS.get(error.source)
        raise InputError(named, "", error.problem) if named else error from None
    if arguments.figure is not None:
        drawn = loads[-1].results[0].episodes[0]
        title = f"{arguments.problem or arguments.scenario} under {loads[-1].results[0].policy}"
        write_bytes(arguments.figure, to_png(stream_figure(drawn, drawn[-1].arrival_s, subject=title)))
    if arguments.json:
        print_json({"loads": [load.as_data() for load in loads]})
    elif arguments.markdown:
        print(markdown_table(grid_of(loads)))
    else:
        Console().print(rich_table(grid_of(loads)))
    if arguments.figure is not None:
        notes().print(f"Figure:  {arguments.figure}")


def _check(arguments: Arguments) -> None:
    """Refuse wrong flags before any work."""
    for flag in ("policies", "rates"):
        if not getattr(arguments, flag):
            raise InputError(f"--{flag}", "", "name at least one")
    if arguments.episodes < 1:
        raise InputError("--episodes", "", f"must be at least 1 (got {arguments.episodes})")
    if arguments.seed < 0:
        raise InputError("--seed", "", f"must be 0 or more (got {arguments.seed})")
    if arguments.deadline is not None and not arguments.deadline >= 0:
        raise InputError("--deadline", "", f"must be at least 0 s (got {arguments.deadline})")
    if arguments.figure is not None and arguments.figure.suffix != ".png":
        raise InputError("--figure", "", f"must end in .png (got {arguments.figure})")
    if arguments.json and arguments.markdown:
        raise InputError("--json, --markdown", "", "give one of them")


def _run(arguments: Arguments) -> list[Load]:
    envs = [_env(arguments, rate) for rate in arguments.rates]
    policies = [_policy(name, arguments.deadline) for name in arguments.policies]
    seeds = range(arguments.seed, arguments.seed + arguments.episodes)
    with progress() as bar:
        steps = len(policies) + arguments.bound
        task = bar.add_task("serving", total=len(envs) * steps * arguments.episodes)
        return [
            _load(env, policies, seeds, arguments, lambda what: bar.update(task, advance=1, description=what))
            for env in envs
        ]


def _policy(name: str, deadline_s: float | None) -> StreamPolicy:
    """A planner by name, or a trained guide."""
    if name in policy_names():
        return policy(name, deadline_s)
    guide = trained(name)
    return GuideStreamPolicy(name, guide) if isinstance(guide, GuidePolicy) else policy(name, deadline_s)


def _env(arguments: Arguments, rate_per_min: float) -> SatLLMStreamEnv:
    return SatLLMStreamEnv(
        arguments.scenario,
        arguments.problem,
        arguments.arrivals,
        rate_per_min,
        arguments.burst_factor,
        arguments.burst_share,
        arguments.burst_length,
        arguments.requests,
        arguments.span,
        arguments.deadline_factor,
        arguments.miss_penalty,
    )


def _load(
    env: SatLLMStreamEnv,
    policies: Sequence[StreamPolicy],
    seeds: Sequence[int],
    arguments: Arguments,
    watch: Callable[[str], None],
) -> Load:
    results = tuple(run_stream(env, one, seeds, partial(watch, one.name)) for one in policies)
    bound_s = None
    if arguments.bound:
        bound_s = alone_bound_s(env, seeds, arguments.deadline, partial(watch, "bound"))
    return Load(env.arrivals.rate_per_min, results, bound_s)


if __name__ == "__main__":
    run_command(Arguments, main)
