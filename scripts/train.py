"""Train a policy, with the gap to the optimum in TensorBoard: PPO, cloning, DAgger, deep Q-learning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from joblib import Parallel, delayed

from agents.learned import load_policy
from agents.policies.settings import ScorerTraining
from agents.policies.tuning import tune
from agents.run_folder import default_folder
from agents.runs import AnySettings, changed, load_any, settings_of, train
from agents.yardstick import GAP
from satllm_env.cli import notes, progress, run_command
from satllm_env.errors import InputError
from satllm_env.provenance import command_line


@dataclass(frozen=True)
class Arguments:
    """Train a policy and write a run folder that can be resumed, run again and compared.

    The folder holds the settings, TensorBoard events and CSV of every figure, a checkpoint, and the
    policies `best` (least gap on evaluation instances) and `last`. compare.py and benchmark.py take such a
    folder as a policy's name. agents/configs holds settings of every algorithm.
    """

    config: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """TOML file of hyper-parameters; by default those of the shipped policy (agents/ppo.toml)."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Run folder; by default logs/train/NAME/SCENARIOS/seed-N."""
    resume: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Go on with a run that was stopped; its own settings hold."""
    repeat: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Train again with the settings of a run, in another folder."""
    scenarios: tuple[str, ...] | None = None
    """Scenarios to train on, in place of the settings'."""
    seed: int | None = None
    """Seed, in place of the settings'."""
    seeds: tuple[int, ...] = ()
    """Several seeds, each in a folder of its own, `--jobs` of them at a time."""
    steps: int | None = None
    """Environment steps of reinforcement learning (of a round, where there are rounds)."""
    episodes: int | None = None
    """Instances to plan and clone (of a round, where there are rounds)."""
    demonstrations: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Dataset of optimal walks to clone (see make_dataset.py), in place of planning any."""
    tune: Annotated[int | None, tyro.conf.arg(metavar="TRIALS")] = None
    """Search for learning rate, width and blocks of an action scorer in so many trials (extra `tune`)."""
    jobs: int = -1
    """Processes; -1 is one per core, 1 keeps everything in this one."""


def main(arguments: Arguments) -> None:
    """Run the command."""
    settings = _settings(arguments)
    console = notes()
    if arguments.tune is not None:
        made = [_tune(arguments, settings, arguments.tune)]
    else:
        runs = list(_runs(arguments, settings))
        for run, folder in runs:
            console.print(f"training {run.name!r} on {', '.join(run.scenarios)} in {folder}")
        inner = arguments.jobs if len(runs) == 1 else 1
        work = (delayed(_train)(run, folder, inner, arguments.resume is not None) for run, folder in runs)
        made = Parallel(n_jobs=1 if len(runs) == 1 else arguments.jobs)(work)
    for best in made:
        console.print(f"best policy: {best}")
        console.print(f"compare it:  python scripts/compare.py --policies astar {best}")
    console.print("look at it:  make tensorboard, or tensorboard --logdir with the run's folder")


def _train(settings: AnySettings, folder: Path, jobs: int, resume: bool) -> Path:
    with progress(notes()) as bar:
        return train(settings, folder, command_line(), jobs, resume, bar)


def _runs(arguments: Arguments, settings: AnySettings) -> Iterator[tuple[AnySettings, Path]]:
    """Settings and folder of every run that is asked for."""
    for seed in arguments.seeds or (settings.seed,):
        one = changed(settings, {"seed": seed})
        if arguments.resume is not None:
            folder = arguments.resume
        elif arguments.out is not None:
            folder = arguments.out / f"seed-{seed}" if arguments.seeds else arguments.out
        else:
            folder = default_folder(one.name, one.scenarios, seed)
        yield one, folder


def _tune(arguments: Arguments, settings: AnySettings, trials: int) -> Path:
    if not isinstance(settings, ScorerTraining):
        raise InputError("--tune", "", "is for settings that name an algorithm (agents/configs)")
    for name in ("resume", "seeds"):
        if getattr(arguments, name):
            raise InputError("--tune", "", f"cannot be given together with --{name}")
    folder = arguments.out or default_folder(settings.name, settings.scenarios, settings.seed) / "tune"

    def objective(one: ScorerTraining, place: Path) -> float:
        notes().print(f"{place.name}: {one.network.width} wide, {one.network.blocks} blocks")
        return load_policy(_train(one, place, 1, resume=False)).card.figures[GAP]

    return tune(settings, folder, trials, objective) / "best"


def _settings(arguments: Arguments) -> AnySettings:
    chosen = [name for name in ("config", "resume", "repeat") if getattr(arguments, name) is not None]
    if len(chosen) > 1:
        raise InputError(f"--{chosen[1]}", "", f"cannot be given together with --{chosen[0]}")
    changes = _changes(arguments)
    if arguments.resume is not None:
        if changes or arguments.out is not None or arguments.seeds:
            raise InputError("--resume", "", "the run's own settings hold; leave the other options out")
        return settings_of(arguments.resume)
    base = settings_of(arguments.repeat) if arguments.repeat is not None else load_any(arguments.config)
    return changed(base, changes)


def _changes(arguments: Arguments) -> dict[str, object]:
    for one, other in (("episodes", "demonstrations"), ("seed", "seeds")):
        if getattr(arguments, one) is not None and getattr(arguments, other):
            raise InputError(f"--{other}", "", f"cannot be given together with --{one}")
    named = ("scenarios", "seed", "steps", "episodes", "demonstrations")
    return {name: getattr(arguments, name) for name in named if getattr(arguments, name) is not None}


if __name__ == "__main__":
    run_command(Arguments, main)
