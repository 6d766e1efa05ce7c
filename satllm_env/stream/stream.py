"""A stream: requests one after the other, with the servers that they leave work at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan
from satllm_env.problem.instance import Bools, Floats
from satllm_env.scenarios import Sample
from satllm_env.scenarios.service import Posed
from satllm_env.stream.arrivals import Arrivals
from satllm_env.stream.servers import Admission, Servers
from satllm_env.stream.worlds import World

UNSERVED = 10_000
"""Arrivals in a row that could not be served before the stream is taken to have no requests."""

_ARRIVALS, _ERA, _REQUEST = range(3)


@dataclass(frozen=True, eq=False)
class Request:
    """A request at its arrival."""

    number: int
    """From 0."""
    arrival_s: float
    """[s] on the stream's clock."""
    posed: Posed
    charge: Floats
    """(N,) [1] of each node's battery, 1 where it has none."""

    @property
    def sample(self) -> Sample:
        """The instance on the links of this moment, and its place."""
        return self.posed.sample

    @property
    def instance(self) -> Instance:
        """The instance on the links of this moment."""
        return self.posed.sample.instance

    @property
    def sunlit(self) -> Bools:
        """(N,) whether each node is in the Sun."""
        return self.posed.sunlit


@dataclass(frozen=True)
class Served:
    """An admitted request."""

    admission: Admission
    energy_j: float | None
    """[J] that satellites spend on it, None where nothing is known of it."""


class Stream:
    """Requests in the order of their arrival.

    When they arrive and what they ask depends on the seed alone, never on plans; so policies are compared
    on the same requests. Only the modes that batteries allow depend on what was planned before.

    Args:
        world: what they come to.
        arrivals: when they come.
        seed: of all draws.
        num_requests: how many at most, None for no limit.
        span_s: [s] none arrives later than this after the first, None for no limit.
    """

    def __init__(
        self,
        world: World,
        arrivals: Arrivals,
        seed: int,
        num_requests: int | None = None,
        span_s: float | None = None,
    ) -> None:
        check_limits(num_requests, span_s)
        self.world, self.arrivals, self.seed = world, arrivals, seed
        self.num_requests, self.span_s = num_requests, span_s
        self.era = world.begin(np.random.default_rng((seed, _ERA)))
        self.servers = Servers(self.era.outages_of)
        self.unserved = 0
        """Arrivals so far that could not be served: no contact, no way, or no memory for them."""
        self._times = enumerate(arrivals.times_s(np.random.default_rng((seed, _ARRIVALS))))
        self._number = 0
        self._current: Request | None = None

    @property
    def current(self) -> Request:
        """The request at hand."""
        if self._current is None:
            raise ValueError("no request is at hand")
        return self._current

    def next(self) -> Request | None:
        """Go on to the next request that can be served; None where the stream is over.

        Raises:
            InputError: very many in a row cannot.
        """
        self._current = None
        if self.num_requests is not None and self._number >= self.num_requests:
            return None
        for _ in range(UNSERVED):
            arrival, t_s = next(self._times)
            if self.span_s is not None and t_s > self.span_s:
                return None
            posed = self.era.request(t_s, np.random.default_rng((self.seed, _REQUEST, arrival)))
            if posed is None:
                self.unserved += 1
                continue
            self.servers.advance(t_s)
            self._current = Request(self._number, t_s, posed, self.era.charge(posed))
            self._number += 1
            return self._current
        raise InputError("arrivals", "", f"none of {UNSERVED} requests in a row could be served")

    def pass_over(self) -> None:
        """Leave out the request at hand, which has turned out to have no plan; it does not count."""
        self._current, self._number, self.unserved = None, self.current.number, self.unserved + 1

    def admit(self, plan: Plan) -> Served:
        """Book a plan for the request at hand."""
        admission = self.servers.admit(plan)
        return Served(admission, self.era.draw(self.current.posed, admission))

    def foreseen(self) -> Iterator[Request]:
        """All its requests from the first on, as an oracle knows them; the stream itself stays as it is.

        Raises:
            InputError: requests depend on what is planned for those before them (batteries).
        """
        if not self.era.foreseeable:
            raise InputError("scenario", "power.battery", "makes requests depend on the plans before them")
        twin = Stream(self.world, self.arrivals, self.seed, self.num_requests, self.span_s)
        while (request := twin.next()) is not None:
            yield request

    def idle_servers(self) -> Servers:
        """Its servers before the first request, failures included."""
        return Servers(self.era.outages_of)


def check_limits(num_requests: int | None, span_s: float | None) -> None:
    """Refuse limits out of range, and streams without end.

    Raises:
        InputError: they are wrong.
    """
    if num_requests is None and span_s is None:
        raise InputError("num_requests, span_s", "", "give at least one of them")
    whole = isinstance(num_requests, int) and not isinstance(num_requests, bool)
    if num_requests is not None and not (whole and num_requests >= 1):
        raise InputError("num_requests", "", f"is {num_requests!r}, not a whole number above 0")
    number = isinstance(span_s, int | float) and not isinstance(span_s, bool)
    if span_s is not None and not (number and 0 <= span_s < float("inf")):
        raise InputError("span_s", "", f"is {span_s!r}, not a finite number of seconds ≥ 0")
