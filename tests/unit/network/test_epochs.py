"""Epochs and Julian dates."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sgp4.api import jday

from satllm_env.errors import InputError
from satllm_env.network import parse_epoch
from satllm_env.network.epochs import julian_ut1, julian_utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-01T00:00:00Z", datetime(2025, 1, 1, tzinfo=UTC)),
        ("2025-01-01T02:30:00.25+02:00", datetime(2025, 1, 1, 0, 30, 0, 250_000, tzinfo=UTC)),
        ("2000-02-29 12:00", datetime(2000, 2, 29, 12, tzinfo=UTC)),
        ("2025-06-01", datetime(2025, 6, 1, tzinfo=UTC)),
    ],
)
def test_iso_8601_is_read_as_utc(text: str, expected: datetime):
    """Offsets are applied, and no offset means UTC."""
    epoch = parse_epoch(text)
    assert epoch == expected
    assert epoch.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2025-13-01", "1957-10-04", "1972-01-01T02:00+05:00", "2025-01-01T25:00:00Z"]
)
def test_other_text_is_refused(text: str):
    """What is not a usable time is one line that names the flag."""
    with pytest.raises(InputError, match=r"^--epoch: "):
        parse_epoch(text, "--epoch")


@given(st.datetimes(datetime(1972, 1, 1), datetime(2099, 1, 1)))
def test_julian_date_agrees_with_sgp4(moment: datetime):
    """The Julian date is that of the SGP4 library, to its rounding."""
    day, fraction = julian_utc(moment.replace(tzinfo=UTC))
    seconds = moment.second + moment.microsecond / 1e6
    expected = jday(moment.year, moment.month, moment.day, moment.hour, moment.minute, seconds)
    assert day == expected[0]
    assert fraction == pytest.approx(expected[1], abs=1e-14)


@pytest.mark.parametrize(
    ("epoch", "ut1_utc_s"),
    # UT1 − UTC at 0 h: IERS Earth orientation series C04
    [(datetime(2000, 1, 1, tzinfo=UTC), 0.3554), (datetime(2017, 1, 1, tzinfo=UTC), 0.5915)],
)
def test_ut1_is_the_measured_one(epoch: datetime, ut1_utc_s: float):
    """UT1 is that of the IERS within 2 ms (1 m on the equator)."""
    day, fraction = julian_ut1(epoch, np.zeros(1))
    utc_day, utc_fraction = julian_utc(epoch)
    offset_s = (day - utc_day + fraction[0] - utc_fraction) * 86_400
    assert offset_s == pytest.approx(ut1_utc_s, abs=2e-3)


def test_elapsed_seconds_run_through_a_leap_second():
    """A day that ends in a leap second has 86,401 elapsed seconds; UT1 does not jump."""
    epoch = datetime(2016, 12, 31, 23, 59, 50, tzinfo=UTC)
    day, fraction = julian_ut1(epoch, np.array([0.0, 5.0, 15.0, 20.0]))
    seconds = (fraction - fraction[0]) * 86_400
    assert seconds == pytest.approx([0, 5, 15, 20], abs=1e-4)
    assert day == 2_457_754.0


def test_a_zone_is_required():
    """A naive datetime says nothing about when it is."""
    from satllm_env.network import Walker, walker_constellation

    walker = Walker(500, 53, 12, 1, 0)
    with pytest.raises(InputError, match="has no time zone"):
        walker_constellation(walker, datetime(2025, 1, 1))
    east = datetime(2025, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    assert walker_constellation(walker, east).epoch == datetime(2025, 1, 1, tzinfo=UTC)
