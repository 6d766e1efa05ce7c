"""Sets of instances: reading them, verified, and writing them."""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.benchmark.form import FOLDER, Entry, SetCard, load_index, parse_form
from satllm_env.cli import write_bytes
from satllm_env.errors import InputError


@dataclass(frozen=True, eq=False)
class BenchmarkSet:
    """A set, or the first of its instances."""

    card: SetCard
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """The set's name."""
        return self.card.name


def load_benchmark(
    names: Sequence[str] = (), instances: int | None = None, folder: str | Path = FOLDER
) -> tuple[BenchmarkSet, ...]:
    """Sets of the benchmark, verified.

    Args:
        names: of the sets, all by default.
        instances: the first of each set, all by default.
        folder: where the benchmark lies.

    Raises:
        InputError: an unknown set, or a file that is missing or is not what the index describes.
    """
    index = load_index(Path(folder))
    return tuple(load_set(name, instances, folder) for name in names or [card.name for card in index.sets])


def load_set(name: str, instances: int | None = None, folder: str | Path = FOLDER) -> BenchmarkSet:
    """A set of the benchmark, verified.

    Raises:
        InputError: as `load_benchmark`.
    """
    place = Path(folder)
    card = load_index(place).card(name, str(place))
    lines = _read(place / card.file, card)[:instances]
    source = str(place / card.file)
    entries = tuple(_entry(line, f"{source}: line {number}") for number, line in enumerate(lines, start=1))
    return BenchmarkSet(card, entries)


def as_lines(entries: Iterable[Entry]) -> bytes:
    """The JSON lines of a set, uncompressed."""
    lines = (json.dumps(entry.as_data(), separators=(",", ":"), allow_nan=False) for entry in entries)
    return "".join(f"{line}\n" for line in lines).encode()


def write_set(path: Path, text: bytes) -> str:
    """Write a set's JSON lines, compressed, and return their SHA-256.

    Raises:
        InputError: the file cannot be written.
    """
    write_bytes(path, lzma.compress(text, preset=9))
    return hashlib.sha256(text).hexdigest()


def _read(path: Path, card: SetCard) -> list[bytes]:
    try:
        text = lzma.decompress(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), "", f"cannot be read: {error.strerror}") from None
    except (lzma.LZMAError, EOFError):
        raise InputError(str(path), "", "is damaged: not an xz file") from None
    if hashlib.sha256(text).hexdigest() != card.sha256:
        raise InputError(str(path), "sha256", "is not the set that the index describes")
    return text.splitlines()


def _entry(line: bytes, source: str) -> Entry:
    entry: Entry = parse_form(Entry, json.loads(line), source)
    return entry
