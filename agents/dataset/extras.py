"""Libraries that not everybody has installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from satllm_env.errors import InputError
from satllm_env.optional import advice


def pyarrow() -> Any:
    """The library that reads and writes Parquet, with ``pyarrow.parquet`` at hand.

    Raises:
        InputError: it is not installed; names the extra.
    """
    _load("pyarrow.parquet")
    return import_module("pyarrow")


def minari() -> Any:
    """The library of offline datasets.

    Raises:
        InputError: it is not installed; names the extra.
    """
    return _load("minari")


def optuna() -> Any:
    """The library that searches for hyper-parameters.

    Raises:
        InputError: it is not installed; names the extra.
    """
    return _load("optuna")


def _load(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise InputError(package, "", advice(package)) from None
