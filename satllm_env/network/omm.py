"""Element sets as CelesTrak's CSV of Orbit Mean-Elements Messages (OMM)."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

from satllm_env.errors import InputError
from satllm_env.network.checks import to_number
from satllm_env.network.element_sets import SGP4_TYPES, ElementSet, ElementSets, gather
from satllm_env.network.elements import SGP4_DAY_ZERO
from satllm_env.network.epochs import parse_epoch
from satllm_env.text import read_text

NUMBERS = {
    "bstar": "BSTAR",
    "eccentricity": "ECCENTRICITY",
    "inclination_deg": "INCLINATION",
    "raan_deg": "RA_OF_ASC_NODE",
    "argument_of_perigee_deg": "ARG_OF_PERICENTER",
    "mean_anomaly_deg": "MEAN_ANOMALY",
    "mean_motion_rev_day": "MEAN_MOTION",
}
NEEDED = ("OBJECT_NAME", "NORAD_CAT_ID", "EPOCH", *NUMBERS.values())
EXPECTED = {
    "CENTER_NAME": ("", "EARTH"),
    "REF_FRAME": ("", "TEME"),
    "TIME_SYSTEM": ("", "UTC"),
    "MEAN_ELEMENT_THEORY": ("", "SGP4"),
    "EPHEMERIS_TYPE": SGP4_TYPES,
}
"""Columns that need not be there, with what they may say: anything else would be misread."""

_CATALOGUE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_DAY = timedelta(days=1)


def read_omm(path: str | Path) -> ElementSets:
    """Read element sets from the CSV form of OMM (CCSDS 502.0-B), as CelesTrak gives them.

    Columns go by their names in the header; those that are not needed are skipped, as the standard allows
    more than these. Catalogue numbers have up to nine digits.

    Raises:
        InputError: no set; or names the file, the first line and the column at fault: a needed column that
            is missing, a field that is no number, a satellite that comes twice, or a set in another frame,
            time system or theory than TEME, UTC and SGP4.
    """
    source = str(path)
    rows = csv.reader(StringIO(read_text(path)), strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        _check_header(header, source)
        sets = [
            _element_set(header, cells, f"line {rows.line_num}", source)
            for cells in rows
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise InputError(source, f"line {rows.line_num}", f"is not CSV: {error}") from None
    return gather(sets, source)


def _check_header(header: list[str], source: str) -> None:
    for column in NEEDED:
        if column not in header:
            raise InputError(source, "line 1", f"must be a header with a column {column}")
    for column in (*NEEDED, *EXPECTED):
        if header.count(column) > 1:
            raise InputError(source, "line 1", f"column {column} comes twice")


def _element_set(header: list[str], cells: list[str], where: str, source: str) -> ElementSet:
    if len(cells) != len(header):
        raise InputError(source, where, f"has {len(cells)} fields, the header {len(header)}")
    row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    for column, accepted in EXPECTED.items():
        if row.get(column, "") not in accepted:
            problem = f"{row[column]!r} cannot be used, only {' or '.join(filter(None, accepted))}"
            raise InputError(source, f"{where}: {column}", problem)
    if not _CATALOGUE_NUMBER.fullmatch(row["NORAD_CAT_ID"]):
        problem = f"{row['NORAD_CAT_ID']!r} is not a number of up to nine digits"
        raise InputError(source, f"{where}: NORAD_CAT_ID", problem)
    epoch = parse_epoch(row["EPOCH"], f"{source}: {where}: EPOCH")
    return ElementSet(
        where=where,
        name=row["OBJECT_NAME"],
        catalogue_number=int(row["NORAD_CAT_ID"]),
        epoch_days=(epoch - SGP4_DAY_ZERO) / _DAY,
        **{field: to_number(source, f"{where}: {column}", row[column]) for field, column in NUMBERS.items()},
    )
