"""Link lists in files: one ``a b`` per line."""

from __future__ import annotations

from pathlib import Path

from satllm_env.errors import InputError
from satllm_env.network.topology import Topology, from_pairs
from satllm_env.text import read_text


def read_topology(path: str | Path, satellites: int) -> Topology:
    """Read undirected links, one ``a b`` per line, satellites numbered from 0; blank lines are skipped.

    Raises:
        InputError: names the file and the first line at fault.
    """
    pairs: list[tuple[int, int]] = []
    first_line: dict[tuple[int, int], int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        pair = _pair(line, str(path), number, satellites)
        earlier = first_line.setdefault((min(pair), max(pair)), number)
        if earlier != number:
            raise InputError(str(path), f"line {number}", f"repeats the link of line {earlier}")
        pairs.append(pair)
    return from_pairs(pairs, satellites, str(path))


def _pair(line: str, source: str, number: int, satellites: int) -> tuple[int, int]:
    where = f"line {number}"
    try:
        a, b = (int(part) for part in line.split())
    except ValueError:
        raise InputError(
            source, where, f"must be two satellite numbers 'a b' (got {line.strip()!r})"
        ) from None
    for field, end in (("a", a), ("b", b)):
        if not 0 <= end < satellites:
            raise InputError(
                source, f"{where}: {field}", f"satellites are numbered 0 to {satellites - 1} (got {end})"
            )
    if a == b:
        raise InputError(source, where, f"links satellite {a} to itself")
    return a, b
