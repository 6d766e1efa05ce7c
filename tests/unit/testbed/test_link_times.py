"""Busy times of links that the kernel shapes."""

from satllm_env.testbed.link_times import with_link_times
from satllm_env.testbed.stage import Span


def test_a_link_is_busy_until_the_latency_begins() -> None:
    """From when a payload is ready, or the one before it has left, to the start of its latency."""
    sender = [
        Span(1, 0, "busy", 0.0, 1.0),
        Span(1, 0, "link", 1.0, 1.0),
        Span(1, 1, "busy", 1.0, 2.0),
        Span(1, 1, "link", 2.0, 2.0),
        Span(2, 0, "link", 10.0, 10.0),
    ]
    receiver = [
        Span(1, 0, "latency", 3.0, 3.5),
        Span(1, 1, "latency", 5.0, 5.5),
        Span(2, 0, "latency", 12.0, 12.5),
    ]
    seen, same = with_link_times([sender, receiver])
    links = [span for span in seen if span.part == "link"]
    assert [(span.start_s, span.end_s) for span in links] == [(1.0, 3.0), (3.0, 5.0), (10.0, 12.0)]
    assert [span for span in seen if span.part == "busy"] == [sender[0], sender[2]]
    assert same == receiver


def test_no_link_is_busy_for_less_than_nothing() -> None:
    """A payload that the kernel's burst lets through at once leaves no negative time."""
    sender, receiver = [Span(1, 0, "link", 1.0, 1.0)], [Span(1, 0, "latency", 0.999, 1.1)]
    assert with_link_times([sender, receiver])[0] == sender
