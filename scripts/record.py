"""Record how a plan is walked, move by move, as a GIF or an MP4."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from agents.contenders import contender
from planners import Result
from satllm_env.cli import notes, print_json, progress, run_command, write_bytes
from satllm_env.errors import InputError, NoPlanError
from satllm_env.figures import film, plan_frames
from satllm_env.figures.quantities import format_bytes, format_s
from satllm_env.figures.recording import HOLD_S, check_film, num_frames
from satllm_env.figures.walk_frame import check_size
from satllm_env.problem import Instance, Plan, load_problem
from satllm_env.scenarios import Sample, load_scenario

_FLAGS = {
    "width_px": "--width",
    "height_px": "--height",
    "suffix": "--out",
    ".mp4": "--out",
    "frames_per_s": "--fps",
    "hold_s": "--hold",
}
"""Flags by what the library calls them."""


@dataclass
class Arguments:
    """Record an episode: a planner or a trained policy walks one request, a frame per move.

    Each frame shows the map with the way so far, who holds which layers, the accuracy budget and the
    pipeline. Exit codes: 0 a film, 2 bad input, 3 no plan to record.
    """

    problem: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Problem file (satllm-split-problem/1)."""
    scenario: Annotated[str | None, tyro.conf.arg(metavar="NAME_OR_FILE")] = None
    """Scenario to draw the request from: a shipped one's name, or a TOML file."""
    seed: int = 0
    """Seed of the draw, as of `plan.py`, and of planners that draw."""
    policy: Annotated[str, tyro.conf.arg(metavar="NAME")] = "astar"
    """Planner, baseline, shipped policy, or folder of a training run."""
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.gif|FILE.mp4")] = Path("episode.gif")
    """The film; its suffix decides the form. MP4 needs the extra `video`."""
    fps: float = 6.0
    """Frames per second."""
    hold: Annotated[float, tyro.conf.arg(metavar="SECONDS")] = HOLD_S
    """How long the last frame stays."""
    width: Annotated[int, tyro.conf.arg(metavar="PIXELS")] = 1200
    """Width of the film."""
    height: Annotated[int, tyro.conf.arg(metavar="PIXELS")] = 720
    """Height of the film."""
    deadline: Annotated[float | None, tyro.conf.arg(metavar="SECONDS")] = None
    """Stop the exact planner after this time and record the best plan it has."""
    json: bool = False
    """Print one JSON object."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    _check(arguments)
    sample = _request(arguments)
    result = _plan(arguments, sample)
    if result.plan is None:
        raise NoPlanError(f"{arguments.policy} has no plan to record: {result.reason}")
    data = _film(arguments, sample, result.plan)
    write_bytes(arguments.out, data)
    _report(arguments, result, result.plan, len(data))


def _check(arguments: Arguments) -> None:
    """Refuse wrong flags before any work."""
    if (arguments.problem is None) == (arguments.scenario is None):
        raise InputError("--problem, --scenario", "", "give one of them")
    if arguments.seed < 0:
        raise InputError("--seed", "", f"must be at least 0, not {arguments.seed}")
    try:
        check_size(arguments.width, arguments.height)
        check_film(arguments.out.suffix, arguments.fps, arguments.hold)
    except InputError as error:
        raise InputError(_FLAGS[error.field], "", error.problem) from None


def _request(arguments: Arguments) -> Sample:
    if arguments.problem is not None:
        return Sample(Instance.from_problem(load_problem(arguments.problem)))
    assert arguments.scenario is not None
    return load_scenario(arguments.scenario).sample(arguments.seed)


def _plan(arguments: Arguments, sample: Sample) -> Result:
    try:
        planner = contender(arguments.policy, arguments.seed, arguments.deadline)
    except InputError as error:
        source = "--policy" if error.source == "--policies" else error.source
        raise InputError(source, error.field, error.problem) from None
    with notes().status("planning"):
        return planner.plan(sample)


def _film(arguments: Arguments, sample: Sample, plan: Plan) -> bytes:
    size = {"width_px": arguments.width, "height_px": arguments.height}
    frames = plan_frames(plan, sample.map_layout(), **size)
    with progress() as bar:
        watched = bar.track(frames, total=num_frames(plan), description="drawing")
        return film(watched, arguments.out.suffix, arguments.fps, arguments.hold)


def _report(arguments: Arguments, result: Result, plan: Plan, size_bytes: int) -> None:
    frames = num_frames(plan)
    if not arguments.json:
        delay = f"delay {format_s(plan.delay_s)} ({result.planner}, {result.status})"
        print(f"{arguments.out}: {frames} frames, {format_bytes(size_bytes)}, {delay}")
        return
    print_json(
        {
            "file": str(arguments.out),
            "bytes": size_bytes,
            "frames": frames,
            "fps": arguments.fps,
            "policy": arguments.policy,
            "status": result.status,
            "delay_s": plan.delay_s,
            "steps": plan.steps_as_data(),
        }
    )


if __name__ == "__main__":
    run_command(Arguments, main)
