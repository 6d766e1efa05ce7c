"""The look-ahead planner: knows all arrivals, tries all plans of all requests, and proves its optimum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planners.baselines.options import copy, make, options
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan, Walk
from satllm_env.stream import Request, Servers

MAX_WALKS = 200_000
"""Moves that the plans of one request may be enumerated with."""
MAX_NODES = 200_000
"""Plans that may be tried in all."""

Cost = Callable[[Request, float], float]
"""[s] what a request costs with a delay of [s]: never less than it would with a shorter one."""


@dataclass(frozen=True)
class LookAhead:
    """Plans of all requests, whose costs add up to the least possible."""

    plans: tuple[Plan, ...]
    cost_s: float
    """[s] no policy that serves every request has a smaller sum of costs."""
    tried: int
    """Plans tried in all."""


def look_ahead(requests: Sequence[Request], cost: Cost, servers: Servers | None = None) -> LookAhead:
    """The plans with the least sum of costs, all requests being known from the start.

    Depth first over the requests in the order of arrival, every plan of each being tried on the servers as
    the plans before leave them. A branch is cut where its costs so far, and the least cost of each request
    still to come on idle servers, add up to no less than the best found: backlog never makes a request
    cheaper, so that is a bound from below, and the result is exact.

    Args:
        requests: in the order of arrival.
        cost: of a request.
        servers: as they stand before the first; idle by default.

    Raises:
        InputError: a request has too many plans, or they cannot all be tried; or one has none.
    """
    plans = [_affordable(request, cost) for request in requests]
    search = _Search(requests, plans, cost)
    search.explore(0, servers or Servers(), 0.0, ())
    return LookAhead(search.best, search.best_s, search.tried)


def all_plans(instance: Instance) -> list[Plan]:
    """Every plan of a tiny instance, the quickest on idle servers first.

    Raises:
        InputError: there are too many.
    """
    found, open_walks, moves = list[Plan](), [Walk(instance)], 0
    while open_walks:
        walk = open_walks.pop()
        if walk.finished:
            found.append(Plan.from_walk(walk))
            continue
        for option in options(walk):
            moves += 1
            if moves > MAX_WALKS:
                raise InputError(
                    "problem", "", f"too large for the look-ahead: over {MAX_WALKS} moves to try"
                )
            twin = copy(walk)
            make(twin, option)
            open_walks.append(twin)
    return sorted(found, key=lambda plan: plan.delay_s)


def _affordable(request: Request, cost: Cost) -> list[tuple[float, Plan]]:
    """A request's plans with their costs on idle servers, the least first."""
    plans = [(cost(request, plan.delay_s), plan) for plan in all_plans(request.instance)]
    if not plans:
        raise InputError("problem", "", f"request {request.number} has no plan")
    return sorted(plans, key=lambda pair: pair[0])


class _Search:
    """Branch and bound over the plans of all requests."""

    def __init__(
        self, requests: Sequence[Request], plans: list[list[tuple[float, Plan]]], cost: Cost
    ) -> None:
        self._requests, self._plans, self._cost = requests, plans, cost
        self._to_come_s = [sum(rows[0][0] for rows in plans[i:]) for i in range(len(plans) + 1)]
        self.best: tuple[Plan, ...] = ()
        self.best_s = float("inf")
        self.tried = 0

    def explore(self, number: int, servers: Servers, cost_s: float, chosen: tuple[Plan, ...]) -> None:
        """Try all plans of a request and of those after it."""
        if number == len(self._requests):
            if cost_s < self.best_s:
                self.best, self.best_s = chosen, cost_s
            return
        servers = servers.copy()
        servers.advance(self._requests[number].arrival_s)
        for own_s, plan in self._branches(number, servers, cost_s):
            if self._bound_s(number, cost_s + own_s) >= self.best_s:
                return  # those that follow cost more
            after = servers.copy()
            after.admit(plan)
            self.explore(number + 1, after, cost_s + own_s, (*chosen, plan))

    def _branches(self, number: int, servers: Servers, cost_s: float) -> list[tuple[float, Plan]]:
        """Plans that may lead to less than the best, with their costs as things stand, the least first."""
        request, found, least_s = self._requests[number], list[tuple[float, Plan]](), self.best_s
        last = number == len(self._requests) - 1
        for idle_s, plan in self._plans[number]:
            if self._bound_s(number, cost_s + idle_s) >= least_s:
                break
            self.tried += 1
            if self.tried > MAX_NODES:
                raise InputError(
                    "problem", "", f"too large for the look-ahead: over {MAX_NODES} plans to try"
                )
            found.append((self._cost(request, servers.try_out(plan).delay_s), plan))
            if last:  # nothing comes after it, so that only the best of its plans counts
                least_s = min(least_s, cost_s + found[-1][0])
        return sorted(found, key=lambda pair: pair[0])

    def _bound_s(self, number: int, cost_s: float) -> float:
        """[s] least sum of costs, those up to a request being known."""
        return cost_s + self._to_come_s[number + 1]
