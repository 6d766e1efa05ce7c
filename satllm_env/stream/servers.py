"""The discrete-event core: processors and links as servers that requests queue at, and their delays.

A plan sends `M` micro-batches through its processors and links, each of which serves one at a time:

    C(r, m) = done_r(max(C(r − 1, m) + latency(r − 1), C(r, m − 1)), busy(r))

where ``C(r, m)`` is when micro-batch `m` leaves resource `r`, and ``done_r(t, b)`` is when a server that is
given `b` seconds of work at `t` has done it in the time that earlier requests and outages leave. With
nothing in the way ``done_r(t, b) = t + b``, and the last of them is the static makespan
(`satllm_env.problem.delay`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from satllm_env.problem import Plan
from satllm_env.problem.instance import Floats, Instance
from satllm_env.problem.plan import Stage, Transfer
from satllm_env.stream.calendar import Calendar, Outages, Span

Server = tuple[str, ...]
"""A processor by its node's id, or a directed link by the ids of its ends."""

OutagesOf = Callable[[Server], Outages | None]
"""Outages of a server, None where it never fails."""


@dataclass(frozen=True)
class Occupation:
    """What a plan takes of one server."""

    server: Server
    resource: Stage | Transfer
    spans: tuple[Span, ...]
    """[s] when it works on the request."""


@dataclass(frozen=True)
class Admission:
    """How a plan goes through the servers as they stand."""

    plan: Plan
    arrival_s: float
    """[s] on the stream's clock."""
    delay_s: float
    """[s] from the arrival to the last micro-batch's end."""
    occupations: tuple[Occupation, ...]
    """In the order in which a micro-batch meets them."""

    @property
    def wait_s(self) -> float:
        """[s] by which it takes longer than on idle servers that never fail."""
        return self.delay_s - self.plan.delay_s

    @property
    def end_s(self) -> float:
        """[s] on the stream's clock, when it is done."""
        return self.arrival_s + self.delay_s


class Servers:
    """Everything that works on requests, with what is booked of it.

    Args:
        outages_of: when links fail; never by default.
    """

    def __init__(self, outages_of: OutagesOf | None = None) -> None:
        self._outages_of = outages_of
        self._calendars: dict[Server, Calendar] = {}
        self.now_s = 0.0
        """[s] the moment that is planned for; no earlier one can be."""

    def advance(self, now_s: float) -> None:
        """Move on to the arrival of the next request.

        Raises:
            ValueError: it lies in the past.
        """
        if now_s < self.now_s:
            raise ValueError(f"{now_s} s lies before {self.now_s} s")
        self.now_s = now_s
        for calendar in self._calendars.values():
            calendar.forget(now_s)

    def try_out(self, plan: Plan) -> Admission:
        """How a plan would go if it were admitted now; nothing is booked."""
        micro_batches = plan.instance.tables.micro_batches
        ready_s, undisturbed, occupations = [self.now_s] * micro_batches, True, list[Occupation]()
        for resource in plan.resources:
            server = server_of(plan.instance, resource)
            work = self._calendar(server).plan(ready_s, resource.busy_s)
            undisturbed &= work.undisturbed
            occupations.append(Occupation(server, resource, tuple(work.spans)))
            latency_s = resource.latency_s if isinstance(resource, Transfer) else 0.0
            ready_s = [end + latency_s for end in work.end_s]
        # undisturbed, it is the static delay to the last digit: the same sum in the same order
        delay_s = plan.delay_s if undisturbed else ready_s[-1] - self.now_s
        return Admission(plan, self.now_s, delay_s, tuple(occupations))

    def admit(self, plan: Plan) -> Admission:
        """Book a plan; its delay is final, since requests that come later go after it."""
        admission = self.try_out(plan)
        for occupation in admission.occupations:
            self._calendar(occupation.server).book(list(occupation.spans))
        return admission

    def copy(self) -> Servers:
        """The same servers, to go on another way."""
        twin = Servers(self._outages_of)
        twin.now_s = self.now_s
        twin._calendars = {server: calendar.copy() for server, calendar in self._calendars.items()}
        return twin

    def as_known(self) -> Servers:
        """The servers as planners may know them: with what is booked, without failures to come."""
        twin = Servers()
        twin.now_s = self.now_s
        twin._calendars = {server: calendar.as_known() for server, calendar in self._calendars.items()}
        return twin

    def unfinished_s(self, server: Server) -> float:
        """[s] of work that a server still has for earlier requests."""
        calendar = self._calendars.get(server)
        return 0.0 if calendar is None else calendar.unfinished_s(self.now_s)

    def backlog_s(self, instance: Instance) -> tuple[Floats, Floats]:
        """[s] of work left at each processor (N,) and each link (E,) of an instance."""
        names = [node.id for node in instance.problem.nodes]
        tables = instance.tables
        ends = zip(tables.link_source.tolist(), tables.link_target.tolist(), strict=True)
        nodes = [self.unfinished_s((name,)) for name in names]
        links = [self.unfinished_s((names[source], names[target])) for source, target in ends]
        return np.array(nodes, np.float64), np.array(links, np.float64)

    @property
    def load_s(self) -> dict[Server, float]:
        """[s] of work left at every server that has any, the longest first."""
        left = {server: self.unfinished_s(server) for server in self._calendars}
        return dict(sorted(((s, w) for s, w in left.items() if w > 0), key=lambda item: (-item[1], item[0])))

    def _calendar(self, server: Server) -> Calendar:
        if server not in self._calendars:
            outages = None if self._outages_of is None else self._outages_of(server)
            calendar = Calendar(outages)
            calendar.forget(self.now_s)
            self._calendars[server] = calendar
        return self._calendars[server]


def server_of(instance: Instance, resource: Stage | Transfer) -> Server:
    """The server that a plan's stage or transfer takes."""
    nodes, tables = instance.problem.nodes, instance.tables
    if isinstance(resource, Stage):
        return (nodes[resource.node].id,)
    return nodes[tables.link_source[resource.link]].id, nodes[tables.link_target[resource.link]].id
