"""Ground stations and their tables."""

from pathlib import Path

import pytest

from satllm_env.errors import InputError
from satllm_env.network import Station, default_stations, read_stations

HEADER = "name,lat_deg,lon_deg,elev_m\n"


def test_stations_are_read_in_order(tmp_path: Path):
    """Rows become stations in file order; spaces, blank lines, quotes and a byte order mark are harmless."""
    file = tmp_path / "stations.csv"
    file.write_text(
        "\ufeff" + HEADER + 'Kiruna, 67.89 ,21.07,400\n\n"North, Pole",90,-180,0\n', encoding="utf-8"
    )
    assert read_stations(file) == (Station("Kiruna", 67.89, 21.07, 400), Station("North, Pole", 90, -180, 0))


def test_a_header_alone_is_no_station(tmp_path: Path):
    """A table without rows is a network without ground."""
    file = tmp_path / "stations.csv"
    file.write_text(HEADER)
    assert read_stations(file) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: must be the header name,lat_deg,lon_deg,elev_m"),
        ("name,lon_deg,lat_deg,elev_m\n", "line 1: must be the header"),
        (HEADER + "a,1,2\n", "line 2: has 3 fields, not 4"),
        (HEADER + "a,1,2,3\nb,north,2,3\n", "line 3: lat_deg: 'north' is not a number"),
        (HEADER + "a,1_0,2,3\n", "line 2: lat_deg: '1_0' is not a number"),
        (HEADER + "a,91,2,3\n", "line 2: lat_deg: must be from -90 to 90 deg (got 91)"),
        (HEADER + "a,1,181,3\n", "line 2: lon_deg: must be from -180 to 180 deg"),
        (HEADER + "a,1,2,nan\n", "line 2: elev_m: must be a finite number"),
        (HEADER + "a,1,2,400000\n", "line 2: elev_m: must be from -500 to 9000 m"),
        (HEADER + " ,1,2,3\n", "line 2: name: is empty"),
        (HEADER + "a,1,2,3\na,1,2,3\n", "line 3: name: 'a' comes twice"),
        (HEADER + '"a,1,2,3\n', "line 2: is not CSV"),
    ],
)
def test_bad_tables_name_line_and_field(tmp_path: Path, text: str, message: str):
    """The first fault is one line with file, line and field."""
    file = tmp_path / "stations.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_stations(file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


def test_unreadable_files_are_one_line(tmp_path: Path):
    """A folder, a missing file and bytes that are not text are bad input."""
    garbled = tmp_path / "garbled.csv"
    garbled.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path, tmp_path / "missing.csv", garbled):
        with pytest.raises(InputError, match="cannot be read"):
            read_stations(path)


def test_built_in_sites_are_spread_over_the_globe():
    """The list has polar, middle and equatorial sites in all quarters, each once."""
    stations = default_stations()
    assert len({station.name for station in stations}) == len(stations) >= 12
    latitudes = [station.lat_deg for station in stations]
    assert max(latitudes) > 75
    assert min(latitudes) < -70
    assert sum(abs(latitude) < 25 for latitude in latitudes) >= 4
    for west in (-180, -90, 0, 90):
        assert any(west <= station.lon_deg < west + 90 for station in stations)


@pytest.mark.parametrize(("name", "lat", "lon"), [("Svalbard", 78.23, 15.39), ("Weilheim", 47.88, 11.085)])
def test_built_in_sites_are_where_their_operators_say(name: str, lat: float, lon: float):
    """Two sites checked against their operators' published coordinates, to 0.02°."""
    station = next(station for station in default_stations() if station.name == name)
    assert (station.lat_deg, station.lon_deg) == pytest.approx((lat, lon), abs=0.02)
