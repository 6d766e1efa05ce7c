"""What is wrong with a scenario file, in one line that names the file and the key."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from satllm_env.errors import InputError

Way = tuple[str | int, ...]

_KINDS = {
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "model_type": "a table",
    "datetime_type": "a date and time",
}
"""What the writer of a file calls the kinds of value that pydantic asks for."""


def form_error(error: ValidationError, data: Any, source: str) -> InputError:
    """Reduce pydantic's report on `data` to its first fault.

    A key that may hold several kinds of value has one fault for each: the deepest is the one meant, then
    one in the value itself, and where no kind fits, all of them are named.
    """
    faults = [(_way(fault, data), fault) for fault in error.errors(include_url=False)]
    first = faults[0][0]
    here = [(way, fault) for way, fault in faults if way[: len(first)] == first]
    deepest = max((way for way, _ in here), key=len)
    meant = [fault for way, fault in here if way == deepest]
    fault = next((f for f in meant if not _is_kind(f)), None)
    problem = f"should be {_any_of(meant)}" if fault is None else fault["msg"].removeprefix("Value error, ")
    if fault is None or fault["type"] not in ("missing", "extra_forbidden", "value_error"):
        problem += f" (got {_short((fault or meant[0])['input'])})"
    return InputError(source, _dotted(deepest), problem)


def _way(fault: ErrorDetails, data: Any) -> Way:
    """Keys that lead to a fault, without the names that pydantic gives to the kinds of a value."""
    way: list[str | int] = []
    loc = fault["loc"]
    for position, part in enumerate(loc):
        forgotten = fault["type"] == "missing" and position == len(loc) - 1
        if _has(data, part):
            data = data[part]
        elif not forgotten:
            continue
        way.append(part)
    return tuple(way)


def _has(data: Any, part: str | int) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and part < len(data)


def _dotted(way: Way) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in way]
    return "".join(parts).removeprefix(".")


def _printable(key: str) -> str:
    return key if key and key.isprintable() else repr(key)


def _is_kind(fault: ErrorDetails) -> bool:
    return fault["type"] in _KINDS or fault["type"] == "literal_error"


def _any_of(faults: list[ErrorDetails]) -> str:
    kinds = [_KINDS.get(f["type"]) or str(f["ctx"]["expected"]) for f in faults]
    *others, last = dict.fromkeys(kinds)
    return f"{', '.join(others)} or {last}" if others else last


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists nested too deeply
        return type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
