"""Seconds and bytes as people read them."""

import pytest

from satllm_env.figures.quantities import format_bytes, format_s, time_unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 s"),
        (1.234, "1.23 s"),
        (12.34, "12.3 s"),
        (123.4, "123 s"),
        (12345.0, "12,345 s"),
        (0.0123, "12.3 ms"),
        (45.8e-6, "45.8 µs"),
        (3e-9, "3.00 ns"),
    ],
)
def test_seconds(value, text):
    """Seconds come with three digits in the unit that fits."""
    assert format_s(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (12, "12.0 B"), (4000, "4.00 kB"), (1.2e7, "12.0 MB"), (7.4e9, "7.40 GB")]
)
def test_bytes(value, text):
    """Bytes come in powers of 1000."""
    assert format_bytes(value) == text


def test_unit_of_an_axis():
    """An axis takes the unit of its longest time."""
    assert time_unit(2.0) == (1.0, "s") and time_unit(0.5) == (1e-3, "ms") and time_unit(0.0) == (1.0, "s")
