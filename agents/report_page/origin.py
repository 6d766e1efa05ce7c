"""What made a page."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from satllm_env.provenance import command_line, git_revision

_PACKAGES = ("satllm", "numpy", "scipy", "numba", "torch")


@dataclass(frozen=True)
class Origin:
    """The command, the code and the versions behind a page."""

    command: str
    revision: str
    versions: tuple[str, ...]
    seed: int | None
    """None where nothing was drawn."""


def origin(seed: int | None) -> Origin:
    """What is running."""
    versions = (f"Python {platform.python_version()}", *(_version(package) for package in _PACKAGES))
    return Origin(command_line(), git_revision(), versions, seed)


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # run from a folder, not installed
        return f"{package} (not installed)"
