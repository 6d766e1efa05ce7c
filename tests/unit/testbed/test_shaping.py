"""Shaped links and timed processors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satllm_env.testbed.shaping import TimedProcessor, TokenBucket, clock_s, wait_until


@given(
    st.floats(1e3, 1e9),
    st.lists(st.tuples(st.floats(0, 10), st.integers(0, 10**6)), min_size=1, max_size=20),
)
def test_a_bucket_never_exceeds_its_rate(rate_bps: float, payloads: list[tuple[float, int]]) -> None:
    """Payloads occupy the link one by one, each for its bits over the rate, none too early."""
    bucket, free_s = TokenBucket(rate_bps), 0.0
    for ready_s, size in payloads:
        start_s, end_s = bucket.take(ready_s, size)
        assert start_s == max(ready_s, free_s)
        assert end_s - start_s == pytest.approx(8 * size / rate_bps, abs=1e-12)
        free_s = end_s


def test_no_rate_takes_no_time() -> None:
    """A link that is not shaped lets all through at once."""
    assert TokenBucket(None).take(3.0, 10**9) == (3.0, 3.0)


def test_waits_do_not_end_early() -> None:
    """A wait ends at its time or later; one for a time that has passed ends."""
    at_s = clock_s() + 0.01
    wait_until(at_s)
    assert clock_s() >= at_s
    wait_until(at_s)


def test_a_processor_serves_one_at_a_time() -> None:
    """The second micro-batch waits for the first; a late one starts when it is ready."""
    processor, now_s = TimedProcessor(), clock_s()
    assert processor.serve(now_s, 0.01) == (now_s, now_s + 0.01)
    assert processor.serve(now_s, 0.02) == (now_s + 0.01, now_s + 0.01 + 0.02)
    later_s = clock_s() + 0.01
    assert processor.serve(later_s, 0.0) == (later_s, later_s)
