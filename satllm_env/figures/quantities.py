"""Seconds, bytes and rates as people read them: three digits and a unit."""

from __future__ import annotations

_TIME_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTE_UNITS = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
_RATE_UNITS = ((1e12, "Tbit/s"), (1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"), (1.0, "bit/s"))


def time_unit(longest_s: float) -> tuple[float, str]:
    """The unit for times up to `longest_s`: its length in seconds and its name."""
    for length_s, name in _TIME_UNITS:
        if longest_s >= length_s:
            return length_s, name
    return _TIME_UNITS[0] if longest_s == 0 else _TIME_UNITS[-1]


def format_s(value_s: float) -> str:
    """[s] as ``1.23 s``, ``12.3 ms`` or ``123 µs``."""
    length_s, name = time_unit(abs(value_s))
    return f"{three_digits(value_s / length_s)} {name}"


def format_bytes(value_bytes: float) -> str:
    """[bytes] as ``1.23 MB`` or ``123 B``, in powers of 1000."""
    for size, name in _BYTE_UNITS:
        if abs(value_bytes) >= size:
            return f"{three_digits(value_bytes / size)} {name}"
    return "0 B" if value_bytes == 0 else f"{three_digits(value_bytes)} B"


def rate_unit(highest_bps: float) -> tuple[float, str]:
    """The unit for rates up to `highest_bps`: its size in bit/s and its name."""
    return next((unit for unit in _RATE_UNITS if highest_bps >= unit[0]), _RATE_UNITS[-1])


def three_digits(value: float) -> str:
    """A number as ``0``, ``1.23``, ``12.3`` or ``1,234``."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6:
        return f"{value:.3g}"
    decimals = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:,.{decimals}f}"
