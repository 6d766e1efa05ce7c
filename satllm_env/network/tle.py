"""Element sets in two-line form (TLE), with or without a line for the name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sgp4.alpha5 import from_alpha5
from sgp4.io import compute_checksum

from satllm_env.errors import InputError
from satllm_env.network.checks import check_number
from satllm_env.network.element_sets import SGP4_TYPES, ElementSet, ElementSets, gather
from satllm_env.network.elements import SGP4_DAY_ZERO
from satllm_env.text import read_text

LINE_LENGTH = 69
_PIVOT_YEAR = 57
"""Two-digit years from here on are of the 20th century: the first satellite flew in 1957."""


class _Column(NamedTuple):
    """A field of a line: its name, first and last column (from 1), and what it may hold."""

    name: str
    first: int
    last: int
    pattern: re.Pattern[str]


def _column(name: str, first: int, last: int, pattern: str) -> _Column:
    return _Column(name, first, last, re.compile(pattern, re.ASCII))


# the columns of the Space Track handbook; what lies between them is blank
_LINE_1 = (
    _column("catalogue number", 3, 7, r" *\d+|[A-HJ-NP-Z]\d{4}"),
    _column("classification", 8, 8, r"[A-Z ]"),
    _column("international designator", 10, 17, r"[\dA-Z ]*"),
    _column("epoch's year", 19, 20, r"\d\d"),
    _column("epoch's day", 21, 32, r" *\d+\.\d{8}"),
    _column("mean motion's first derivative", 34, 43, r"[-+ ]\.\d{8}"),
    _column("mean motion's second derivative", 45, 52, r"[-+ ]\d{5}[-+]\d"),
    _column("drag term", 54, 61, r"[-+ ]\d{5}[-+]\d"),
    _column("ephemeris type", 63, 63, r"[\d ]"),
    _column("set number", 65, 68, r" *\d*"),
    _column("checksum", 69, 69, r"\d"),
)
_LINE_2 = (
    _column("catalogue number", 3, 7, r" *\d+|[A-HJ-NP-Z]\d{4}"),
    _column("inclination", 9, 16, r" *\d+\.\d{4}"),
    _column("right ascension", 18, 25, r" *\d+\.\d{4}"),
    _column("eccentricity", 27, 33, r"\d{7}"),
    _column("argument of perigee", 35, 42, r" *\d+\.\d{4}"),
    _column("mean anomaly", 44, 51, r" *\d+\.\d{4}"),
    _column("mean motion", 53, 63, r" *\d+\.\d{8}"),
    _column("revolution", 64, 68, r" *\d*"),
    _column("checksum", 69, 69, r"\d"),
)


def read_tle(path: str | Path) -> ElementSets:
    """Read two-line element sets, each with or without a line for its name before it.

    A name may follow ``0`` and a space. Catalogue numbers up to 339,999 come in Alpha-5 form. Blank lines
    are skipped.

    Raises:
        InputError: no set; or names the file and the first line at fault: a wrong length, checksum or
            column, a line missing or too many, two lines of different satellites, a satellite that comes
            twice, or a set for another model than SGP4.
    """
    source = str(path)
    return gather([_element_set(*lines, source) for lines in _sets(read_text(path), source)], source)


class _Line(NamedTuple):
    """A line with its number in the file."""

    number: int
    text: str

    @property
    def where(self) -> str:
        return f"line {self.number}"


def _sets(text: str, source: str) -> Iterator[tuple[str, _Line, _Line]]:
    """Name (or ``""``) and two lines of each set."""
    name, first, number = None, None, 0
    for number, full in enumerate(text.splitlines(), start=1):
        line = _Line(number, full.rstrip())
        if not line.text:
            continue
        if first is not None:
            _expect("2", line, source)
            yield name or "", first, line
            name = first = None
        elif name is None and not line.text.startswith(("1 ", "2 ")):
            name = f"{line.text} ".removeprefix("0 ").strip()  # of a blank name "0" alone is left
        else:
            _expect("1", line, source)
            first = line
    if name is not None or first is not None:
        raise InputError(source, f"line {number}", "the file ends in the midst of an element set")


def _expect(which: str, line: _Line, source: str) -> None:
    if not line.text.startswith(f"{which} "):
        problem = f"must be line {which} of an element set (got {line.text[:24]!r})"
        raise InputError(source, line.where, problem)


def _element_set(name: str, first: _Line, second: _Line, source: str) -> ElementSet:
    one, two = _fields(first, _LINE_1, source), _fields(second, _LINE_2, source)
    if one["catalogue number"] != two["catalogue number"]:
        numbers = f"{two['catalogue number']}, that before it {one['catalogue number']}"
        raise InputError(source, second.where, f"is of satellite {numbers}")
    if one["ephemeris type"].strip() not in SGP4_TYPES:
        problem = f"ephemeris type {one['ephemeris type']} is not for SGP4"
        raise InputError(source, first.where, problem)
    drag = one["drag term"]
    return ElementSet(
        where=second.where,
        name=name,
        catalogue_number=from_alpha5(one["catalogue number"].strip()),
        epoch_days=_epoch_days(int(one["epoch's year"]), float(one["epoch's day"]), first, source),
        bstar=float(f"{drag[0]}.{drag[1:6]}e{drag[6:]}"),
        eccentricity=float(f"0.{two['eccentricity']}"),
        inclination_deg=float(two["inclination"]),
        raan_deg=float(two["right ascension"]),
        argument_of_perigee_deg=float(two["argument of perigee"]),
        mean_anomaly_deg=float(two["mean anomaly"]),
        mean_motion_rev_day=float(two["mean motion"]),
    )


def _fields(line: _Line, columns: tuple[_Column, ...], source: str) -> dict[str, str]:
    """What the columns hold, by name."""
    text = line.text
    if len(text) != LINE_LENGTH:
        raise InputError(source, line.where, f"has {len(text)} characters, not {LINE_LENGTH}")
    end = 1
    for column in columns:
        fits = column.pattern.fullmatch(text, column.first - 1, column.last)
        if text[end : column.first - 1].strip() or not fits:
            held = text[end : column.last]
            problem = f"columns {end + 1} to {column.last} are no {column.name} (got {held!r})"
            raise InputError(source, line.where, problem)
        end = column.last
    checksum = compute_checksum(text)
    if int(text[-1]) != checksum:
        raise InputError(source, line.where, f"ends in checksum {text[-1]}, but its columns give {checksum}")
    return {column.name: text[column.first - 1 : column.last] for column in columns}


def _epoch_days(year: int, day: float, line: _Line, source: str) -> float:
    """[d] since 1949 December 31 00:00; day 1.0 is the year's beginning."""
    check_number(source, f"{line.where}: epoch's day", day, 1, 367)
    full_year = year + (1900 if year >= _PIVOT_YEAR else 2000)
    return (date(full_year, 1, 1) - SGP4_DAY_ZERO.date()).days - 1 + day
