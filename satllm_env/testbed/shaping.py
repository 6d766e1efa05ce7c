"""Links and processors that take the time a plan says: a token bucket, a delay line and timed waits.

Schedules are kept in absolute time. A wait that the operating system ends late shifts what follows from
it once, but does not shift the schedule of the link or processor itself, so errors do not add up.
"""

from __future__ import annotations

import time

SPIN_S = 0.0003
"""[s] before its end a wait stops sleeping and looks at the clock: sleeps end up to that much late."""

clock_s = time.perf_counter
"""[s] monotonic, the same in all processes of one machine."""


def wait_until(at_s: float) -> None:
    """Return at a time of `clock_s`, or at once if it has passed."""
    left_s = at_s - clock_s()
    if left_s > SPIN_S:
        time.sleep(left_s - SPIN_S)
    while clock_s() < at_s:
        pass


class TokenBucket:
    """A link's rate: a bucket without burst, so that a payload occupies the link for its bits over the rate.

    Kept by virtual scheduling, which is the same as counting tokens (ITU-T I.371, generic cell rate
    algorithm).

    Args:
        rate_bps: [bit/s]; None is unlimited.
    """

    def __init__(self, rate_bps: float | None) -> None:
        self.rate_bps, self._free_s = rate_bps, float("-inf")

    def take(self, ready_s: float, payload_bytes: float) -> tuple[float, float]:
        """[s] when a payload that is ready at some time begins and ends to occupy the link."""
        start_s = max(ready_s, self._free_s)
        occupied_s = 0.0 if self.rate_bps is None else 8 * payload_bytes / self.rate_bps
        self._free_s = start_s + occupied_s
        return start_s, self._free_s


class TimedProcessor:
    """A processor that is busy for promised times, one micro-batch after the other."""

    def __init__(self) -> None:
        self._free_s = float("-inf")

    def serve(self, ready_s: float, busy_s: float) -> tuple[float, float]:
        """[s] when a micro-batch that is ready at some time begins and ends; returns at its end."""
        start_s = max(ready_s, self._free_s)
        self._free_s = start_s + busy_s
        wait_until(self._free_s)
        return start_s, self._free_s
