"""Checks shared by the architectures."""

from __future__ import annotations

from collections.abc import Mapping

from satllm_env.errors import InputError


def require_sizes(source: str, sizes: Mapping[str, object], least: int = 1) -> None:
    """Check that every size is an integer of at least `least`.

    Raises:
        InputError: one line naming `source` and the first field at fault.
    """
    for field, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(source, field, f"must be an integer of at least {least} (got {value!r})")


def require_multiple(source: str, field: str, value: int, of_field: str, divisor: int) -> None:
    """Check that `value` is a multiple of `divisor`.

    Raises:
        InputError: it is not.
    """
    if value % divisor:
        raise InputError(source, field, f"{value} is not a multiple of {of_field} ({divisor})")
