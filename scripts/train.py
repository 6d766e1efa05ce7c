"""Train a policy: clone optimal walks, then MaskablePPO, with the gap to the optimum in TensorBoard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from agents.config import TrainingSettings, load_settings, parse_settings
from agents.training import Training, settings_of
from satllm_env.cli import notes, progress, run_command
from satllm_env.errors import InputError
from satllm_env.provenance import command_line


@dataclass(frozen=True)
class Arguments:
    """Train a policy and write a run folder that can be resumed, run again and compared.

    The folder holds the settings, TensorBoard events and CSV of every figure, a checkpoint, and the
    policies `best` (least gap on evaluation instances) and `last`. compare.py takes such a folder as a
    policy's name.
    """

    config: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """TOML file of hyper-parameters; by default those of the shipped policy (agents/ppo.toml)."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Run folder; by default logs/train/NAME/seed-N."""
    resume: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Go on with a run that was stopped; its own settings hold."""
    repeat: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Train again with the settings of a run, in another folder."""
    scenarios: tuple[str, ...] | None = None
    """Scenarios to train on, in place of the settings'."""
    seed: int | None = None
    """Seed, in place of the settings'."""
    steps: int | None = None
    """Environment steps of reinforcement learning, in place of the settings'."""
    episodes: int | None = None
    """Optimal walks to plan and clone, in place of the settings'."""
    demonstrations: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Dataset of optimal walks to clone (see make_dataset.py), in place of planning any."""
    jobs: int = -1
    """Processes; -1 is one per core, 1 keeps everything in this one."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    settings = _settings(arguments)
    folder = arguments.resume or arguments.out or Path("logs/train") / settings.name / f"seed-{settings.seed}"
    console = notes()
    console.print(f"training {settings.name!r} on {', '.join(settings.scenarios)} in {folder}")
    with progress(console) as bar:
        best = Training(settings, folder, command_line(), arguments.jobs).run(
            bar, arguments.resume is not None
        )
    console.print(f"best policy: {best}")
    console.print(f"compare it:  python scripts/compare.py --policies astar {best}")
    console.print(f"look at it:  tensorboard --logdir {folder}")


def _settings(arguments: Arguments) -> TrainingSettings:
    chosen = [name for name in ("config", "resume", "repeat") if getattr(arguments, name) is not None]
    if len(chosen) > 1:
        raise InputError(f"--{chosen[1]}", "", f"cannot be given together with --{chosen[0]}")
    changes = _changes(arguments)
    if arguments.resume is not None:
        if changes or arguments.out is not None:
            raise InputError("--resume", "", "the run's own settings hold; leave the other options out")
        return settings_of(arguments.resume)
    base = settings_of(arguments.repeat) if arguments.repeat is not None else load_settings(arguments.config)
    return _changed(base, changes)


def _changes(arguments: Arguments) -> dict[str, object]:
    if arguments.episodes is not None and arguments.demonstrations is not None:
        raise InputError("--demonstrations", "", "cannot be given together with --episodes")
    named = ("scenarios", "seed", "steps", "episodes", "demonstrations")
    return {name: getattr(arguments, name) for name in named if getattr(arguments, name) is not None}


def _changed(base: TrainingSettings, changes: dict[str, object]) -> TrainingSettings:
    data = base.model_dump(mode="json")
    for name, value in changes.items():
        if name == "steps":
            data["ppo"]["total_steps"] = value
        elif name == "episodes":
            data["cloning"] |= {"episodes": value, "demonstrations": None}
        elif name == "demonstrations":
            data["cloning"] |= {"episodes": 0, "demonstrations": str(value)}
        else:
            data[name] = value
    return parse_settings(data, "train.py")


if __name__ == "__main__":
    run_command(Arguments, main)
