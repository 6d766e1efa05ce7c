"""Training runs of every kind: told apart by their settings, started and resumed alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.progress import Progress

from agents.config import TrainingSettings, load_settings, load_toml, parse_settings
from agents.guide.settings import GuideTraining, is_guide_data, parse_guide_settings
from agents.guide.training import GuideRun
from agents.network_threads import one_network_thread
from agents.policies.settings import ScorerTraining, is_scorer_data, parse_scorer_settings
from agents.policies.training import ScorerRun
from agents.run_folder import SETTINGS, settings_in
from agents.training import Training
from satllm_env.errors import InputError

AnySettings = TrainingSettings | ScorerTraining | GuideTraining
"""Of MaskablePPO, cloning before it included; of an action scorer or of a guide, which name an algorithm."""


def load_any(path: Path | None) -> AnySettings:
    """Settings in a TOML file, by default those of the shipped PPO policy.

    Raises:
        InputError: the file cannot be read, is not TOML, or a key breaks the form.
    """
    return load_settings() if path is None else _parse(load_toml(path), str(path))


def settings_of(folder: Path) -> AnySettings:
    """The settings that a run was made with.

    Raises:
        InputError: the folder holds no run.
    """
    return _parse(settings_in(folder), str(folder / SETTINGS))


def changed(settings: AnySettings, changes: Mapping[str, Any]) -> AnySettings:
    """Settings with what a command line says otherwise.

    Args:
        settings: left as they are.
        changes: any of ``scenarios``, ``seed``, ``steps``, ``episodes`` and ``demonstrations``.

    Raises:
        InputError: these settings have no such thing, or not that value.
    """
    data = settings.model_dump(mode="json", exclude_none=True)
    for name, value in changes.items():
        if name in ("scenarios", "seed"):
            data[name] = value
        elif isinstance(settings, TrainingSettings):
            _change_ppo(data, name, value)
        elif isinstance(settings, GuideTraining):
            if name != "episodes":
                raise InputError(f"--{name}", "", "is not for settings of guide")
            data["lessons"]["instances"] = value
        else:
            part = data["q_learning" if settings.algorithm == "dqn" else "teaching"]
            if name not in part:
                raise InputError(f"--{name}", "", f"is not for settings of {settings.algorithm}")
            part[name] = value
    return _parse(data, "train.py")


def train(
    settings: AnySettings, folder: Path, command: str, jobs: int, resume: bool, progress: Progress
) -> Path:
    """Train to the end.

    Args:
        settings: every hyper-parameter.
        folder: of the run.
        command: that makes it, for the policy's card.
        jobs: processes that MaskablePPO and guides may use; action scorers are trained in one.
        resume: whether to go on with the run that the folder holds.
        progress: shows how far it is.

    Returns:
        The folder of the best policy.

    Raises:
        InputError: the folder holds a run already (without `resume`), or none (with it), or its files are
            damaged.
    """
    with one_network_thread():
        if isinstance(settings, TrainingSettings):
            return Training(settings, folder, command, jobs).run(progress, resume)
        if isinstance(settings, GuideTraining):
            return GuideRun(settings, folder, command, jobs).run(progress, resume)
        return ScorerRun(settings, folder, command).run(progress, resume)


def _parse(data: Any, source: str) -> AnySettings:
    if is_guide_data(data):
        return parse_guide_settings(data, source)
    if is_scorer_data(data):
        return parse_scorer_settings(data, source)
    return parse_settings(data, source)


def _change_ppo(data: dict[str, Any], name: str, value: Any) -> None:
    if name == "steps":
        data["ppo"]["total_steps"] = value
    elif name == "episodes":
        data["cloning"].pop("demonstrations", None)
        data["cloning"]["episodes"] = value
    else:
        data["cloning"] |= {"episodes": 0, "demonstrations": str(value)}
