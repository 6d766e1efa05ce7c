"""Libraries that not everybody has installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from satllm_env.errors import InputError


def pyarrow() -> Any:
    """The library that reads and writes Parquet, with ``pyarrow.parquet`` at hand.

    Raises:
        InputError: it is not installed; names the extra.
    """
    _need("pyarrow.parquet", "pyarrow", "data")
    return import_module("pyarrow")


def minari() -> Any:
    """The library of offline datasets.

    Raises:
        InputError: it is not installed; names the extra.
    """
    return _need("minari", "minari", "minari")


def optuna() -> Any:
    """The library that searches for hyper-parameters.

    Raises:
        InputError: it is not installed; names the extra.
    """
    return _need("optuna", "optuna", "tune")


def _need(module: str, package: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        needed = f"is not installed; it comes with the extra: pip install 'satllm[{extra}]'"
        raise InputError(package, "", needed) from None
