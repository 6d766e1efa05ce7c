"""Checks of the arguments and numbers of this package, each one clear line."""

from __future__ import annotations

import math

from satllm_env.errors import InputError


def to_number(source: str, field: str, text: str) -> float:
    """The number that a text writes, without the underscores that Python lets stand in one.

    Raises:
        InputError: names `source` and `field`.
    """
    try:
        if "_" not in text:
            return float(text)
    except ValueError:
        pass
    raise InputError(source, field, f"{text.strip()!r} is not a number")


def check_number(
    source: str, field: str, value: float, low: float = -math.inf, high: float = math.inf, unit: str = ""
) -> None:
    """Refuse a value that is not a finite number in ``[low, high]``.

    Raises:
        InputError: names `source` and `field`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(source, field, f"must be a finite number (got {value!r})")
    if not low <= value <= high:
        raise InputError(source, field, f"must be from {low:g} to {high:g}{unit} (got {value:g})")


def check_positive(source: str, field: str, value: float) -> None:
    """Refuse a value that is not a finite number above zero.

    Raises:
        InputError: names `source` and `field`.
    """
    check_number(source, field, value)
    if value <= 0:
        raise InputError(source, field, f"must be above 0 (got {value:g})")


def check_count(source: str, field: str, value: int, low: int, high: int) -> None:
    """Refuse a value that is not an integer in ``[low, high]``.

    Raises:
        InputError: names `source` and `field`.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(source, field, f"must be an integer (got {value!r})")
    if not low <= value <= high:
        raise InputError(source, field, f"must be from {low} to {high} (got {value})")
