"""Two-line element sets."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sgp4.api import Satrec, SatrecArray
from sgp4.io import fix_checksum

from satllm_env.errors import InputError
from satllm_env.network import Constellation, constellation_of, read_tle
from satllm_env.network.elements import SGP4_DAY_ZERO

from .element_text import ISS, lines_of, satellite, satellites

same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(folder: Path, *lines: str) -> Path:
    """A file of these lines."""
    file = folder / "sets.tle"
    file.write_text("\n".join(lines) + "\n")
    return file


def teme_km(lines: list[tuple[str, str]], jd: float, fractions: np.ndarray) -> np.ndarray:
    """[km] positions (S, T, 3) as the sgp4 package reads and propagates the lines."""
    array = SatrecArray([Satrec.twoline2rv(*pair) for pair in lines])
    errors, positions, _ = array.sgp4(np.full_like(fractions, jd), fractions)
    assert not errors.any()
    return positions


def test_a_known_set_has_its_known_elements(tmp_path: Path):
    """The space station's set of 20 September 2008 comes out as its columns say."""
    sets = read_tle(write(tmp_path, "ISS (ZARYA)", *ISS))
    elements = sets.elements
    assert (sets.names, sets.catalogue_numbers.tolist()) == (("ISS (ZARYA)",), [25544])
    assert elements.last_epoch.isoformat() == "2008-09-20T12:25:40.104192+00:00"
    assert elements.bstar[0] == -1.1606e-5
    assert elements.eccentricity[0] == 0.0006703
    assert np.degrees(elements.inclination_rad[0]) == pytest.approx(51.6416)
    assert np.degrees(elements.raan_rad[0]) == pytest.approx(247.4627)
    assert np.degrees(elements.argument_of_perigee_rad[0]) == pytest.approx(130.5360)
    assert np.degrees(elements.mean_anomaly_rad[0]) == pytest.approx(325.0288)
    assert elements.mean_motion_rad_min[0] * 1440 / (2 * np.pi) == pytest.approx(15.72125391)


@same_folder
@given(st.lists(satellites(), min_size=1, max_size=4, unique_by=lambda satrec: satrec.satnum))
def test_written_sets_propagate_as_the_sgp4_package_has_them(tmp_path: Path, satrecs: list[Satrec]):
    """Sets that the sgp4 package wrote give, read by us and by it, positions within 1 µm of each other
    as time runs from the epoch, and the epoch within 0.4 µs.
    """
    lines = [lines_of(satrec) for satrec in satrecs]
    sets = read_tle(write(tmp_path, *(line for pair in lines for line in pair)))
    assert sets.catalogue_numbers.tolist() == [satrec.satnum for satrec in satrecs]
    for ours, pair in zip(sets.elements.satrecs(), lines, strict=True):
        theirs = Satrec.twoline2rv(*pair)
        assert ours.jdsatepoch == theirs.jdsatepoch
        assert ours.jdsatepochF == pytest.approx(theirs.jdsatepochF, rel=0, abs=4e-12)
        for minutes in (0.0, 90.0, 1440.0):
            error, expected, _ = theirs.sgp4_tsince(minutes)
            assert ours.sgp4_tsince(minutes)[0] == error
            if not error:
                assert ours.sgp4_tsince(minutes)[1] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "starlink_2022-09-14_starrynet.tle",
        "oneweb_2025-10-07_tasa.tle",
        "iridium_next_2025-10-07_tasa.tle",
    ],
)
def test_real_files_propagate_as_the_sgp4_package_has_them(real_sets: Path, name: str):
    """Every satellite of a real file is within 1 mm of the sgp4 package's, an hour to two days on."""
    rows = (real_sets / name).read_text().splitlines()
    sets = read_tle(real_sets / name)
    whole = Constellation(sets.names, sets.elements, sets.elements.last_epoch)
    lasting = whole.can_propagate([0.0, 172_800.0])
    lines = list(itertools.compress(zip(rows[1::3], rows[2::3], strict=True), lasting))
    times_s = np.array([3600.0, 172_800.0])
    ours = whole.select(lasting).propagate(times_s).teme_km
    since = whole.epoch - SGP4_DAY_ZERO
    fraction = (since.seconds + since.microseconds / 1e6 + times_s) / 86_400
    theirs = teme_km(lines, 2_433_281.5 + since.days, fraction)
    assert len(lines) > 0.99 * len(rows) / 3
    assert np.abs(ours - theirs).max() < 1e-6


def test_forms_may_be_mixed(tmp_path: Path):
    """Sets with a name, with '0 NAME', without one, and blank lines between them."""
    pairs = [lines_of(satellite(number)) for number in (5, 67, 890)]
    last = [line + "  " for line in pairs[2]]
    file = write(tmp_path, "FIRST  ", *pairs[0], "", *pairs[1], "0 THIRD ONE", *last)
    sets = read_tle(file)
    assert sets.names == ("FIRST", "67", "THIRD ONE")
    assert sets.catalogue_numbers.tolist() == [5, 67, 890]


def test_alike_names_get_their_numbers(tmp_path: Path):
    """Satellites with one name are told apart by catalogue number, whatever their order."""
    text = [line for number in (7, 6) for line in ("FALCON 9 DEB", *lines_of(satellite(number)))]
    sets = read_tle(write(tmp_path, *text, "ALONE", *lines_of(satellite(8))))
    assert sets.names == ("FALCON 9 DEB #7", "FALCON 9 DEB #6", "ALONE")


def test_real_names_are_unique(real_sets: Path):
    """32 satellites of a real file share a name; ours do not, and the others keep theirs."""
    sets = read_tle(real_sets / "starlink_2022-09-14_starrynet.tle")
    assert len(set(sets.names)) == len(sets) == 3023
    assert sum(name.startswith("FALCON 9 DEB #") for name in sets.names) == 32
    assert sets.names[0] == "STARLINK-24"


@same_folder
@given(st.sampled_from([0, 1]), st.data())
def test_no_wrong_digit_goes_unseen(tmp_path: Path, which: int, data: st.DataObject):
    """Any one digit that is changed, the checksum's too, is refused with its line."""
    lines = list(ISS)
    place = data.draw(st.sampled_from([i for i, char in enumerate(lines[which]) if char.isdigit() and i > 0]))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != lines[which][place]]))
    lines[which] = lines[which][:place] + wrong + lines[which][place + 1 :]
    with pytest.raises(InputError, match=r"sets\.tle: line \d"):
        read_tle(write(tmp_path, *lines))


@same_folder
@given(st.text(max_size=200))
def test_garbage_is_refused(tmp_path: Path, text: str):
    """Whatever else a file holds is one clear line that names the file."""
    with pytest.raises(InputError, match=r"sets\.tle") as caught:
        read_tle(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def changed(line: str, first: int, text: str) -> str:
    """A line with other text from a column (counted from 1) on, and its checksum made good."""
    return fix_checksum(line[: first - 1] + text + line[first - 1 + len(text) :])


ONE, TWO = ISS
OTHER = changed(TWO, 3, "25545")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "holds no element set"),
        ((ONE[:-1] + "8", TWO), "line 1: ends in checksum 8, but its columns give 7"),
        (("", ONE, TWO[:-1]), "line 3: has 68 characters, not 69"),
        ((ONE, OTHER), "line 2: is of satellite 25545, that before it 25544"),
        ((ONE, TWO, ONE, TWO), "line 4: catalogue number 25544 comes twice, first in line 2"),
        ((ONE, "NAME", TWO), "line 2: must be line 2 of an element set (got 'NAME')"),
        ((TWO, ONE), "line 1: must be line 1 of an element set (got '2 25544"),
        (("NAME", "NAME", ONE, TWO), "line 2: must be line 1 of an element set (got 'NAME')"),
        ((ONE, TWO, "NAME"), "line 3: the file ends in the midst of an element set"),
        ((ONE,), "line 1: the file ends in the midst of an element set"),
        ((changed(ONE, 3, "I5544"), TWO), "line 1: columns 2 to 7 are no catalogue number (got ' I5544')"),
        ((ONE, changed(TWO, 9, "1 1.6416")), "line 2: columns 8 to 16 are no inclination (got ' 1 1.6416')"),
        ((ONE, changed(TWO, 9, "181.0000")), "line 2: inclination_deg: must be from 0 to 180 deg (got 181)"),
        ((ONE, changed(TWO, 53, " 0.00000000")), "line 2: mean_motion_rev_day: must be from 0.001 to 20"),
        ((changed(ONE, 21, "000"), TWO), "line 1: epoch's day: must be from 1 to 367"),
        ((changed(ONE, 63, "4"), TWO), "line 1: ephemeris type 4 is not for SGP4"),
        ((changed(ONE, 33, "x"), TWO), "line 1: columns 33 to 43 are no mean motion's first derivative"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, lines: tuple[str, ...], message: str):
    """The first wrong line is named with the file."""
    file = write(tmp_path, *lines)
    with pytest.raises(InputError) as caught:
        read_tle(file)
    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_missing_file_is_one_line(tmp_path: Path):
    """A file that is not there is bad input, not a crash."""
    with pytest.raises(InputError, match=r"none\.tle: cannot be read: No such file"):
        read_tle(tmp_path / "none.tle")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("A0000", 100_000),
        ("E8493", 148_493),
        ("H9999", 179_999),
        ("J0000", 180_000),
        ("N9999", 229_999),
        ("P0000", 230_000),
        ("Z9999", 339_999),
        ("    5", 5),
    ],
)
def test_alpha_5_numbers(tmp_path: Path, text: str, number: int):
    """A letter stands for the two leading digits, I and O left out; short numbers may be padded."""
    sets = read_tle(write(tmp_path, changed(ONE, 3, text), changed(TWO, 3, text)))
    assert sets.catalogue_numbers.tolist() == [number]


def test_years_turn_at_57(tmp_path: Path):
    """Year 57 is 1957 and year 56 is 2056."""
    early, late = changed(ONE, 19, "57"), changed(ONE, 19, "56")
    assert read_tle(write(tmp_path, early, TWO)).elements.last_epoch.year == 1957
    assert read_tle(write(tmp_path, late, TWO)).elements.last_epoch.year == 2056


def test_the_newest_set_is_the_epoch(tmp_path: Path):
    """A constellation's time starts at the newest epoch of its sets unless told otherwise."""
    old, new = satellite(1, 26_500.0), satellite(2, 26_502.5)
    sets = read_tle(write(tmp_path, *lines_of(old), *lines_of(new)))
    assert (constellation_of(sets).epoch - SGP4_DAY_ZERO).total_seconds() == 26_502.5 * 86_400


def test_a_blank_name_is_no_name(tmp_path: Path):
    """A line ``0`` with nothing after it leaves a satellite with its number for a name."""
    file = write(tmp_path, "0 ", *lines_of(satellite(7)), "0", *lines_of(satellite(8)))
    assert read_tle(file).names == ("7", "8")


def test_an_impossible_file_name_is_an_error():
    """No file has a null byte in its name."""
    with pytest.raises(InputError, match=r"cannot be read: embedded null byte"):
        read_tle("a\0b.tle")
