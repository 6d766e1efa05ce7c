"""Ground stations: their table in a file, and a list of real sites."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path

from satllm_env.errors import InputError
from satllm_env.network.checks import check_number, to_number
from satllm_env.text import read_text

COLUMNS = ("name", "lat_deg", "lon_deg", "elev_m")


@dataclass(frozen=True)
class Station:
    """A ground station on the WGS84 ellipsoid.

    Args:
        name: its id.
        lat_deg: [deg] geodetic latitude, −90 to 90.
        lon_deg: [deg] east longitude, −180 to 180.
        elev_m: [m] height above the ellipsoid, −500 to 9,000.

    Raises:
        InputError: a value out of its range.
    """

    name: str
    lat_deg: float
    lon_deg: float
    elev_m: float

    def __post_init__(self) -> None:
        """Check the values."""
        source = f"station {self.name!r}"
        if not self.name.strip():
            raise InputError(source, "name", "is empty")
        check_number(source, "lat_deg", self.lat_deg, -90, 90, " deg")
        check_number(source, "lon_deg", self.lon_deg, -180, 180, " deg")
        check_number(source, "elev_m", self.elev_m, -500, 9000, " m")


def read_stations(path: str | Path) -> tuple[Station, ...]:
    """Read stations from CSV with the columns ``name,lat_deg,lon_deg,elev_m``, in that order.

    Raises:
        InputError: names the file, the line and the field at fault.
    """
    return parse_stations(read_text(path), str(path))


def default_stations() -> tuple[Station, ...]:
    """Seventeen real sites that serve satellites in low orbit, from pole to pole.

    Coordinates are those of NASA's Network Directory of Station Locations as published by NAIF (kernel
    ``ndosl_190716_v02.tf``, WGS84 ellipsoid), rounded to 0.0001° and metres.
    """
    resource = files("satllm_env.network") / "stations.csv"
    return parse_stations(resource.read_text(encoding="utf-8"), "stations.csv")


def parse_stations(text: str, source: str) -> tuple[Station, ...]:
    """Read the CSV text of `read_stations`.

    Raises:
        InputError: names `source`, the line and the field at fault.
    """
    rows = csv.reader(StringIO(text), strict=True)
    stations: dict[str, Station] = {}
    try:
        header = tuple(cell.strip() for cell in next(rows, []))
        if header != COLUMNS:
            raise InputError(source, "line 1", f"must be the header {','.join(COLUMNS)}")
        for row in rows:
            if any(cell.strip() for cell in row):
                station = _station(row, source, f"line {rows.line_num}")
                if station.name in stations:
                    raise InputError(source, f"line {rows.line_num}: name", f"{station.name!r} comes twice")
                stations[station.name] = station
    except csv.Error as error:
        raise InputError(source, f"line {rows.line_num}", f"is not CSV: {error}") from None
    return tuple(stations.values())


def _station(row: list[str], source: str, where: str) -> Station:
    if len(row) != len(COLUMNS):
        raise InputError(source, where, f"has {len(row)} fields, not {len(COLUMNS)} ({','.join(COLUMNS)})")
    values = [
        to_number(source, f"{where}: {field}", cell) for field, cell in zip(COLUMNS[1:], row[1:], strict=True)
    ]
    try:
        return Station(row[0].strip(), *values)
    except InputError as error:
        raise InputError(source, f"{where}: {error.field}", error.problem) from None
