"""Packages that not everybody needs, and the extra that each comes with."""

from __future__ import annotations

from importlib.util import find_spec

EXTRA_OF = {
    "imageio_ffmpeg": "video",
    "itur": "atmosphere",
    "matplotlib": "plot",
    "minari": "minari",
    "optuna": "tune",
    "pettingzoo": "multiagent",
    "PIL": "plot",
    "pyarrow": "data",
    "ray": "cluster",
    "sb3_contrib": "train",
    "stable_baselines3": "train",
    "tensorboard": "train",
    "torch": "train",
    "transformers": "huggingface",
}
"""By the name that a package is imported by."""


def is_installed(package: str) -> bool:
    """Whether a package could be imported; it is not."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # a finder refuses it, or its entry in sys.modules is no module
        return False


def advice(package: str) -> str:
    """What to say where a package is missing."""
    return f"{package} is not installed; it comes with the extra: pip install 'satllm[{EXTRA_OF[package]}]'"


def need(package: str) -> None:
    """Go on only if a package is there.

    Raises:
        ModuleNotFoundError: it is not; says which extra it comes with.
    """
    if not is_installed(package):
        raise ModuleNotFoundError(advice(package), name=package)
