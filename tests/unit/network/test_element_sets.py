"""Constellations of element sets."""

import pickle
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from satllm_env.errors import InputError
from satllm_env.network import (
    DecayedWarning,
    ElementSets,
    StaleElementsWarning,
    Walker,
    constellation_of,
    read_tle,
    walker_constellation,
)

from .element_text import lines_of, satellite

DAY_S = 86_400.0


def sets_of(folder: Path, *satrecs: object) -> ElementSets:
    """Element sets read from a file of these satellites."""
    file = folder / "sets.tle"
    file.write_text("\n".join(line for satrec in satrecs for line in lines_of(satrec)))
    return read_tle(file)


@pytest.fixture
def pair(tmp_path: Path) -> ElementSets:
    """Two satellites, the second with a set that is four days newer."""
    return sets_of(tmp_path, satellite(1, 26_500.0), satellite(2, 26_504.0))


def test_an_epoch_can_be_chosen(pair: ElementSets):
    """A chosen epoch is where time starts, and positions there do not depend on it."""
    at_newest, later = constellation_of(pair), constellation_of(pair, datetime(2022, 7, 27, tzinfo=UTC))
    shift_s = (later.epoch - at_newest.epoch).total_seconds()
    moved = at_newest.propagate([shift_s]).teme_km - later.propagate([0.0]).teme_km
    assert np.abs(moved).max() < 1e-5


@pytest.mark.parametrize(
    ("times_s", "message"),
    [
        ([0.0, 10.1 * DAY_S], r"^1 is propagated to 14\.1 days after its element set's epoch"),
        ([-20 * DAY_S, 5 * DAY_S], r"^2 is propagated to 20\.0 days before its element set's epoch"),
        ([12 * DAY_S, -13 * DAY_S], r"^1 is propagated to 16\.0 days after"),
    ],
)
def test_stale_sets_warn_once(pair: ElementSets, times_s: list[float], message: str):
    """Farther than 14 days from a set's epoch, either way, one warning names the worst and its age."""
    constellation = constellation_of(pair)
    with pytest.warns(StaleElementsWarning, match=message) as caught:
        constellation.propagate(times_s)
    assert len(caught) == 1


def test_fresh_sets_do_not_warn(pair: ElementSets):
    """Up to 14 days from every epoch nothing is said."""
    constellation_of(pair).propagate([-14 * DAY_S, 10 * DAY_S])


def test_generated_constellations_never_warn():
    """A Walker constellation has no real satellite to differ from."""
    walker_constellation(Walker(550, 53, 4, 2, 1)).propagate([-100 * DAY_S, 100 * DAY_S])


def test_copies_warn_alike(pair: ElementSets):
    """What is stale survives pickling."""
    with pytest.warns(StaleElementsWarning):
        pickle.loads(pickle.dumps(constellation_of(pair))).propagate([30 * DAY_S])


def test_decayed_satellites_are_left_out_with_a_warning(tmp_path: Path):
    """What SGP4 cannot bring to the last time asked for is named and left out, the others stay."""
    falling = satellite(2, bstar=0.9, motion=0.0722)
    sets = sets_of(tmp_path, satellite(1), falling, satellite(3))
    assert len(constellation_of(sets)) == 3
    with pytest.warns(DecayedWarning, match=r"^1 of 3 satellites left out, decayed by then .*: 2$"):
        rest = constellation_of(sets, last_time_s=10 * DAY_S)
    assert rest.names == ("1", "3")
    rest.propagate([0.0, 10 * DAY_S])
    with pytest.raises(InputError, match=r"SGP4: 2: cannot be propagated"):
        constellation_of(sets).propagate([10 * DAY_S])


def test_nothing_left_is_an_error(tmp_path: Path):
    """A constellation needs a satellite."""
    sets = sets_of(tmp_path, satellite(1, bstar=0.9, motion=0.0722))
    with pytest.raises(InputError, match="all satellites have decayed"):
        constellation_of(sets, sets.elements.last_epoch + timedelta(days=300))


def test_names_are_unique(pair: ElementSets):
    """A constellation refuses two satellites with one name."""
    constellation = walker_constellation(Walker(550, 53, 3, 1, 0))
    with pytest.raises(InputError, match="constellation: names: 'x' comes twice"):
        type(constellation)(("y", "x", "x"), constellation.elements, constellation.epoch)


def test_a_real_file_makes_a_constellation(real_sets: Path):
    """Of 3,023 real satellites two have decayed by the newest epoch; the others propagate."""
    sets = read_tle(real_sets / "starlink_2022-09-14_starrynet.tle")
    with pytest.warns(DecayedWarning, match=r"^2 of 3023 satellites .*FALCON 9 DEB #53089, STARLINK-4653"):
        constellation = constellation_of(sets)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        teme_km = constellation.propagate([0.0]).teme_km
    assert teme_km.shape == (3021, 1, 3)


def test_a_decayed_satellite_that_sgp4_finds_again_is_left_out(tmp_path: Path):
    """It may be there at both ends of a span and under the ground between."""
    revolution_s = 120 * np.pi / 0.061
    diving = satellite(2, bstar=0.0, motion=0.061, eccentricity=0.13, anomaly=np.pi)
    sets = sets_of(tmp_path, satellite(1), diving)
    with pytest.warns(DecayedWarning, match=r"^1 of 2 satellites left out, .*: 2$"):
        rest = constellation_of(sets, last_time_s=revolution_s)
    assert rest.names == ("1",)


@pytest.mark.parametrize("last_time_s", [float("nan"), float("inf"), 1e11])
def test_impossible_last_times_are_refused(pair: ElementSets, last_time_s: float):
    """The span must be finite and within what can be propagated."""
    with pytest.raises(InputError, match=r"^constellation: last_time_s: must be"):
        constellation_of(pair, last_time_s=last_time_s)


def test_a_name_given_may_be_in_the_file_already(tmp_path: Path):
    """Names are unlike even where a satellite is called as another is once its number is added."""
    file = tmp_path / "sets.tle"
    names = ("ECHO", "ECHO", "ECHO #1", "4")
    sets = [(name, *lines_of(satellite(number))) for number, name in enumerate(names, start=1)]
    file.write_text("\n".join(line for lines in sets for line in lines))
    found = read_tle(file)
    assert found.names == ("ECHO #1 #1", "ECHO #2", "ECHO #1 #3", "4")
    constellation_of(found)


def test_positions_that_are_no_numbers_are_not_called_decay(pair: ElementSets):
    """A set that SGP4 turns into no position at all is an error, not a satellite left out."""
    tilted = replace(
        pair.elements,
        inclination_rad=np.array([1e-310, 0.9]),
        mean_motion_rad_min=np.array([0.0088, 0.0657]),
    )
    with pytest.raises(InputError, match=r"^SGP4: 1: cannot be propagated to t = 0 s: its position is not"):
        constellation_of(replace(pair, elements=tilted))
