"""Moments as text."""

from datetime import UTC, datetime

from satllm_env.network.utc import utc_texts


def test_texts_have_as_many_digits_as_they_need():
    """Whole seconds without a fraction, others to the microsecond."""
    epoch = datetime(2025, 7, 9, 18, 45, 30, tzinfo=UTC)
    texts = utc_texts(epoch, [0.0, 30.0, 60.5, -0.000001, 86_400.0])
    assert texts == [
        "2025-07-09T18:45:30Z",
        "2025-07-09T18:46:00Z",
        "2025-07-09T18:46:30.5Z",
        "2025-07-09T18:45:29.999999Z",
        "2025-07-10T18:45:30Z",
    ]


def test_leap_seconds_are_counted():
    """The last minute of 2016 had 61 seconds (IERS Bulletin C 52)."""
    epoch = datetime(2016, 12, 31, 23, 59, 30, tzinfo=UTC)
    texts = utc_texts(epoch, [29.0, 30.25, 31.0])
    assert texts == ["2016-12-31T23:59:59Z", "2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00Z"]
