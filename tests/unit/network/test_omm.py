"""Element sets in CelesTrak's CSV."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from sgp4 import omm
from sgp4.api import Satrec
from sgp4.exporter import export_omm

from satllm_env.errors import InputError
from satllm_env.network import read_omm, read_tle

from .element_text import lines_of, satellite, satellites

ROW = {
    "OBJECT_NAME": "STARLINK-1008",
    "OBJECT_ID": "2019-074B",
    "EPOCH": "2026-04-23T08:00:01.999872",
    "MEAN_MOTION": "15.45365296",
    "ECCENTRICITY": ".00012552",
    "INCLINATION": "53.1555",
    "RA_OF_ASC_NODE": "330.2738",
    "ARG_OF_PERICENTER": "108.3354",
    "MEAN_ANOMALY": "182.2673",
    "EPHEMERIS_TYPE": "0",
    "CLASSIFICATION_TYPE": "U",
    "NORAD_CAT_ID": "44714",
    "ELEMENT_SET_NO": "999",
    "REV_AT_EPOCH": "588",
    "BSTAR": ".22708966E-2",
    "MEAN_MOTION_DOT": ".111313E-2",
    "MEAN_MOTION_DDOT": "0",
}


def write(folder: Path, *rows: dict[str, object]) -> Path:
    """A CSV file with these rows."""
    file = folder / "sets.csv"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_a_row_has_its_elements(tmp_path: Path):
    """Each column goes where it belongs."""
    sets = read_omm(write(tmp_path, ROW))
    elements = sets.elements
    assert (sets.names, sets.catalogue_numbers.tolist()) == (("STARLINK-1008",), [44714])
    assert elements.last_epoch.isoformat() == "2026-04-23T08:00:01.999872+00:00"
    assert elements.bstar[0] == 0.0022708966
    assert elements.eccentricity[0] == 0.00012552
    assert np.degrees(elements.inclination_rad[0]) == pytest.approx(53.1555)
    assert np.degrees(elements.raan_rad[0]) == pytest.approx(330.2738)
    assert np.degrees(elements.argument_of_perigee_rad[0]) == pytest.approx(108.3354)
    assert np.degrees(elements.mean_anomaly_rad[0]) == pytest.approx(182.2673)
    assert elements.mean_motion_rad_min[0] * 1440 / (2 * np.pi) == pytest.approx(15.45365296)


def test_a_real_file_propagates_as_the_sgp4_package_has_it(real_sets: Path):
    """Every satellite of a real file is within 1 mm of the sgp4 package's, from its epoch on, and the epoch
    within 0.5 µs, as closely as that package counts the seconds since 1949.
    """
    file = real_sets / "starlink_2026-04-23_satmeshrl_every4th.omm.csv"
    with file.open() as stream:
        rows = list(omm.parse_csv(stream))
    sets = read_omm(file)
    assert sets.catalogue_numbers.tolist() == [int(row["NORAD_CAT_ID"]) for row in rows]
    worst_km = 0.0
    for ours, row in zip(sets.elements.satrecs(), rows, strict=True):
        theirs = Satrec()
        omm.initialize(theirs, row)
        assert ours.jdsatepoch == theirs.jdsatepoch
        assert ours.jdsatepochF == pytest.approx(theirs.jdsatepochF, rel=0, abs=6e-12)
        for minutes in (0.0, 1440.0):
            difference = np.subtract(ours.sgp4_tsince(minutes)[1], theirs.sgp4_tsince(minutes)[1])
            worst_km = max(worst_km, float(np.abs(difference).max()))
    assert worst_km < 1e-6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(satellites())
def test_both_formats_say_the_same(tmp_path: Path, satrec: Satrec):
    """A set written as two lines and as OMM is the same satellite in the same orbit."""
    lines = lines_of(satrec)
    written = export_omm(Satrec.twoline2rv(*lines), "X")
    (tmp_path / "sets.tle").write_text("\n".join(("X", *lines)))
    one, other = read_tle(tmp_path / "sets.tle"), read_omm(write(tmp_path, written))
    assert (one.names, one.catalogue_numbers) == (other.names, other.catalogue_numbers)
    for field, value in vars(one.elements).items():
        # the epoch is written in whole microseconds
        tolerance = 1e-11 if field == "epoch_days" else 1e-14
        assert getattr(other.elements, field) == pytest.approx(value, rel=1e-13, abs=tolerance)


def test_columns_go_by_name(tmp_path: Path):
    """Other orders, more columns, and a time zone in the epoch change nothing."""
    shuffled = {"SOMETHING_NEW": "?", **dict(reversed(ROW.items())), "EPOCH": ROW["EPOCH"] + "Z"}
    one, other = read_omm(write(tmp_path, ROW)), read_omm(write(tmp_path, shuffled))
    for field, value in vars(one.elements).items():
        assert np.array_equal(getattr(other.elements, field), value)


def test_what_is_not_needed_may_be_missing(tmp_path: Path):
    """Ten columns are enough."""
    few = {name: ROW[name] for name in ROW if name not in ("OBJECT_ID", "EPHEMERIS_TYPE", "REV_AT_EPOCH")}
    assert len(read_omm(write(tmp_path, few))) == 1


def test_large_catalogue_numbers(tmp_path: Path):
    """Numbers of six and nine digits, which no two-line set can hold."""
    rows = [ROW | {"NORAD_CAT_ID": number} for number in ("100000", "799500123")]
    sets = read_omm(write(tmp_path, *rows))
    assert sets.catalogue_numbers.tolist() == [100_000, 799_500_123]
    assert sets.names == ("STARLINK-1008 #100000", "STARLINK-1008 #799500123")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"NORAD_CAT_ID": "1234567890"}, "NORAD_CAT_ID: '1234567890' is not a number of up to nine digits"),
        ({"NORAD_CAT_ID": "T0001"}, "NORAD_CAT_ID: 'T0001' is not a number"),
        ({"MEAN_MOTION": "fast"}, "MEAN_MOTION: 'fast' is not a number"),
        ({"BSTAR": ""}, "BSTAR: '' is not a number"),
        ({"BSTAR": "1_0"}, "BSTAR: '1_0' is not a number"),
        ({"ECCENTRICITY": "nan"}, "eccentricity: must be a finite number (got nan)"),
        ({"ECCENTRICITY": "1.5"}, "eccentricity: must be from 0 to 0.999 (got 1.5)"),
        ({"MEAN_ANOMALY": "-1"}, "mean_anomaly_deg: must be from 0 to 360 deg (got -1)"),
        ({"EPOCH": "yesterday"}, "EPOCH: 'yesterday' is not an ISO 8601 time"),
        ({"EPHEMERIS_TYPE": "4"}, "EPHEMERIS_TYPE: '4' cannot be used, only 0 or 2 or 3"),
        ({"REF_FRAME": "GCRF"}, "REF_FRAME: 'GCRF' cannot be used, only TEME"),
        ({"TIME_SYSTEM": "TAI"}, "TIME_SYSTEM: 'TAI' cannot be used, only UTC"),
        ({"MEAN_ELEMENT_THEORY": "SGP4-XP"}, "MEAN_ELEMENT_THEORY: 'SGP4-XP' cannot be used, only SGP4"),
        ({"CENTER_NAME": "MARS"}, "CENTER_NAME: 'MARS' cannot be used, only EARTH"),
    ],
)
def test_bad_fields_are_named(tmp_path: Path, change: dict[str, str], message: str):
    """The line and the column are named with the file."""
    extra = dict.fromkeys(change.keys() - ROW.keys(), "")
    file = write(tmp_path, ROW | extra, ROW | {"NORAD_CAT_ID": "44715"} | change)
    with pytest.raises(InputError) as caught:
        read_omm(file)
    assert str(caught.value).startswith(f"{file}: line 3: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: must be a header with a column OBJECT_NAME"),
        ("OBJECT_NAME,NORAD_CAT_ID\nA,1\n", "line 1: must be a header with a column EPOCH"),
        (",".join(ROW) + "\n", "holds no element set"),
        (",".join([*ROW, "EPOCH"]) + "\n", "line 1: column EPOCH comes twice"),
        (",".join(ROW) + "\n1,2\n", "line 2: has 2 fields, the header 17"),
        (",".join(ROW) + '\n"' + "\n", "line 2: is not CSV"),
        ("<html>\n", "line 1: must be a header with a column OBJECT_NAME"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, text: str, message: str):
    """What is no table of element sets is refused with the file's name."""
    file = tmp_path / "sets.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_omm(file)
    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_satellite_comes_once(tmp_path: Path):
    """Two rows with one catalogue number are refused, not chosen from."""
    with pytest.raises(InputError, match="line 3: catalogue number 44714 comes twice, first in line 2"):
        read_omm(write(tmp_path, ROW, ROW | {"OBJECT_NAME": "ANOTHER"}))


def test_the_example_is_a_satellite():
    """The exported example can be propagated, or the tests above would compare errors."""
    assert satellite().sgp4_tsince(100.0)[0] == 0
