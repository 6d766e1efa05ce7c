"""The folder of a training run: which settings it was made with, and by which command."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from satllm_env.cli import write_text
from satllm_env.errors import InputError
from satllm_env.problem.schema import Form, load_json

SETTINGS, BEST, LAST = "settings.json", "best", "last"

RUNS = Path("logs/train")
"""Where runs go unless told otherwise."""


def default_folder(name: str, scenarios: Sequence[str], seed: int) -> Path:
    """Name, scenarios and seed, so that TensorBoard shows runs in that order."""
    together = "+".join(Path(scenario).stem for scenario in scenarios)
    return RUNS / name / together / f"seed-{seed}"


def open_run(folder: Path, settings: Form, command: str, resume: bool) -> None:
    """Write down what a run is made with, or check that there is a run to resume.

    Raises:
        InputError: the folder holds a run already (without `resume`), or none (with it).
    """
    path = folder / SETTINGS
    if resume != path.exists():
        problem = "holds no run to resume" if resume else "holds a run already; resume it or choose another"
        raise InputError(str(folder), "", problem)
    if not resume:
        data = {"command": command, "settings": settings.model_dump(mode="json")}
        write_text(path, json.dumps(data, indent=1) + "\n")


def settings_in(folder: Path) -> Any:
    """The settings of a run, as plain data.

    Raises:
        InputError: the folder holds no run.
    """
    return _entry(folder, "settings", dict)


def command_of(folder: Path) -> str:
    """The command that began a run.

    Raises:
        InputError: the folder holds no run.
    """
    return str(_entry(folder, "command", str))


def _entry(folder: Path, name: str, kind: type) -> Any:
    path = folder / SETTINGS
    data = load_json(path)
    if not isinstance(data, dict) or not isinstance(data.get(name), kind):
        raise InputError(str(path), name, "is missing")
    return data[name]


def flat(settings: Form) -> dict[str, float | str]:
    """Settings as TensorBoard's table of hyper-parameters takes them: one level of names, plain values."""
    return dict(_flat(settings.model_dump(mode="json", exclude_none=True), ""))


def _flat(data: dict[str, Any], before: str) -> Iterator[tuple[str, float | str]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, list):
            yield before + name, " ".join(str(entry) for entry in value)
        else:
            yield before + name, value
