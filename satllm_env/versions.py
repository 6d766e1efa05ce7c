"""What a bug report should say: this code, the machine, and the versions of what it runs on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from satllm_env.provenance import git_revision

CORE = (
    "gymnasium", "numpy", "scipy", "numba", "networkx", "pydantic", "skyfield", "sgp4", "joblib", "rich",
    "tyro", "jinja2", "constriction", "zstandard", "safetensors",
)  # fmt: skip
EXTRAS = (
    "torch", "stable-baselines3", "sb3-contrib", "tensorboard", "matplotlib", "pillow", "pyarrow", "minari",
    "pettingzoo", "transformers", "itur", "ray", "optuna", "ortools", "highspy", "imageio-ffmpeg", "moviepy",
)  # fmt: skip
"""Distributions, by the names that pip knows."""


def versions() -> dict[str, str]:
    """Versions by name, "not installed" for what is missing; nothing is imported for it."""
    known = {
        "satllm": _version_of("satllm"),
        "revision": git_revision(),
        "Python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor(),
        "cores": str(os.cpu_count()),
    }
    return known | {name: _version_of(name) for name in (*CORE, *EXTRAS)}


def show_versions() -> None:
    """Print what a bug report should say; `python -m satllm_env` does so, too."""
    found = versions()
    width = max(map(len, found))
    for name, text in found.items():
        print(f"{name:{width}}  {text}")


def processor() -> str:
    """The processor's name as the system tells it."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """The machine in a line, for pages with measured figures."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
