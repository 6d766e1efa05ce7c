"""The calendar of one server: when it works for requests that came earlier, or does not work at all.

Earlier requests go first, whatever a later one asks for (preemptive resume, priority in order of arrival).
So what stands in a calendar never moves, and a later request takes what time is left.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from satllm_env.network.intervals import Intervals

Span = tuple[float, float]
"""[s] start and end; the start belongs to it, the end does not."""

Outages = Callable[[float, float], Intervals]
"""(n, 2) [s] in which a server does not work, of a window of [s]; those that touch it are whole."""

NEVER = (math.inf, math.inf)

CHUNK_S = 600.0
"""[s] of outages asked for at once."""


class Work(NamedTuple):
    """What a calendar has for M micro-batches of one request."""

    end_s: list[float]
    """(M,) [s] when each is done."""
    spans: list[Span]
    """[s] when the server works on them, ascending, joined where they touch."""
    undisturbed: bool
    """Whether none of them had to wait for anything but its own request's."""


class Calendar:
    """One server's time.

    Args:
        outages: when it does not work; never by default.
    """

    def __init__(self, outages: Outages | None = None) -> None:
        self._outages = outages
        self._known_s = 0.0
        """[s] outages are known up to here."""
        self._booked: list[Span] = []
        """Work, ascending and disjoint."""
        self._barred: list[Span] = []
        """Work and outages, ascending and disjoint."""

    def copy(self) -> Calendar:
        """The same calendar, to go on another way."""
        twin = Calendar(self._outages)
        twin._known_s, twin._booked, twin._barred = self._known_s, list(self._booked), list(self._barred)
        return twin

    def as_known(self) -> Calendar:
        """What is booked alone, as if the server never failed."""
        twin = Calendar()
        twin._booked, twin._barred = list(self._booked), list(self._booked)
        return twin

    def forget(self, now_s: float) -> None:
        """Drop what lies in the past; nothing may be asked about it any more."""
        self._booked = [span for span in self._booked if span[1] > now_s]
        self._barred = [span for span in self._barred if span[1] > now_s]
        self._known_s = max(self._known_s, now_s)

    def unfinished_s(self, now_s: float) -> float:
        """[s] of work that is booked from a moment on; what outages will add is not known then."""
        return sum(max(0.0, end - max(start, now_s)) for start, end in self._booked)

    def plan(self, ready_s: list[float], busy_s: float) -> Work:
        """When micro-batches would be served, one after the other; nothing is booked.

        Args:
            ready_s: (M,) [s] when each comes, ascending.
            busy_s: [s] that each keeps the server busy.
        """
        ends, spans, undisturbed = [], list[Span](), True
        free_s = ready_s[0]
        for ready in ready_s:
            free_s, pieces, waited = self._serve(max(ready, free_s), busy_s)
            undisturbed &= not waited
            ends.append(free_s)
            for piece in pieces:
                if piece[1] > piece[0]:
                    _append(spans, piece)
        return Work(ends, spans, undisturbed)

    def book(self, spans: list[Span]) -> None:
        """Give spans to a request for good."""
        self._booked = joined([*self._booked, *spans])
        self._barred = joined([*self._barred, *spans])

    def _serve(self, ready_s: float, busy_s: float) -> tuple[float, list[Span], bool]:
        """[s] when work is done that comes at a moment, what it takes, and whether it had to wait."""
        at, left, pieces = ready_s, busy_s, list[Span]()
        while True:
            self._look_ahead(at + left)
            index = bisect_right(self._barred, at, key=lambda span: span[1])
            start, end = self._barred[index] if index < len(self._barred) else NEVER
            if at < start and at + left <= start:
                pieces.append((at, at + left))
                return at + left, pieces, at != ready_s
            if at < start:
                pieces.append((at, start))
                left -= start - at
            at = end

    def _look_ahead(self, until_s: float) -> None:
        """Learn of outages up to a moment."""
        if self._outages is None or until_s < self._known_s:
            return
        until_s += CHUNK_S
        down_s = [(start, end) for start, end in self._outages(self._known_s, until_s).tolist()]
        self._barred = joined([*self._barred, *down_s])
        self._known_s = until_s


def joined(spans: list[Span]) -> list[Span]:
    """Spans ascending, joined where they touch or overlap; empty ones are dropped."""
    result: list[Span] = []
    for span in sorted(spans):
        if span[1] > span[0]:
            _append(result, span)
    return result


def _append(spans: list[Span], span: Span) -> None:
    """Add a span that begins no earlier than the last one."""
    if spans and span[0] <= spans[-1][1]:
        spans[-1] = (spans[-1][0], max(spans[-1][1], span[1]))
    else:
        spans.append(span)
