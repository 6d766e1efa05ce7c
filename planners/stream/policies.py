"""Policies for streams, by name: what plans each request when it arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from planners.registry import planner_names
from planners.solve import solve
from planners.stream.backlog import plan_around
from planners.stream.look_ahead import look_ahead
from satllm_env.envs import SatLLMStreamEnv
from satllm_env.errors import InputError
from satllm_env.problem import Plan

SNAPSHOT, AROUND, LOOK_AHEAD = "snapshot-optimal", "backlog-aware", "look-ahead"

DEFAULT_NAMES = (SNAPSHOT, AROUND, "greedy", "random")


class StreamPolicy(Protocol):
    """Plans one request after the other."""

    name: str

    def begin(self, env: SatLLMStreamEnv) -> None:
        """Look at a stream that has just been reset."""

    def plan(self, env: SatLLMStreamEnv) -> Plan | None:
        """The plan of the request at hand, None where it has none."""


class SnapshotPolicy:
    """Plans the links as they are when the request arrives, as if every server were idle.

    Args:
        name: of the policy.
        planner: one of `planners.planner_names()`.
        deadline_s: [s] limit of exact planners per request.
    """

    def __init__(self, name: str, planner: str, deadline_s: float | None) -> None:
        self.name, self._planner, self._deadline_s = name, planner, deadline_s

    def begin(self, env: SatLLMStreamEnv) -> None:
        """Nothing to look at."""

    def plan(self, env: SatLLMStreamEnv) -> Plan | None:
        """The planner's plan; one that draws is given the request's number as its seed."""
        seed = env.stream.current.number
        return solve(env.instance, self._planner, deadline_s=self._deadline_s, seed=seed).plan


class BacklogPolicy:
    """Plans around the work that is left at servers (`planners.stream.backlog`).

    Args:
        deadline_s: [s] limit of each run of the exact planner.
    """

    name = AROUND

    def __init__(self, deadline_s: float | None) -> None:
        self._deadline_s = deadline_s

    def begin(self, env: SatLLMStreamEnv) -> None:
        """Nothing to look at."""

    def plan(self, env: SatLLMStreamEnv) -> Plan | None:
        """The plan that is done first of those found."""
        return plan_around(env.instance, env.stream.servers.as_known(), self._deadline_s)


class LookAheadPolicy:
    """Knows all arrivals: no policy that serves every request costs less. For tiny cases."""

    name = LOOK_AHEAD

    def __init__(self) -> None:
        self._plans: tuple[Plan, ...] = ()

    def begin(self, env: SatLLMStreamEnv) -> None:
        """Plan the whole stream.

        Raises:
            InputError: it is too large, or its requests hang on what is planned before them.
        """
        requests = list(env.stream.foreseen())
        references_s = [env.reference_of(request.instance) for request in requests]
        found = look_ahead(
            requests,
            lambda request, delay_s: delay_s + env.pricing.penalty_s(delay_s, references_s[request.number]),
            env.stream.idle_servers(),
        )
        self._plans = found.plans

    def plan(self, env: SatLLMStreamEnv) -> Plan:
        """The plan made at the start."""
        return self._plans[env.stream.current.number]


_OWN: dict[str, Callable[[float | None], StreamPolicy]] = {
    SNAPSHOT: lambda deadline_s: SnapshotPolicy(SNAPSHOT, "astar", deadline_s),
    AROUND: BacklogPolicy,
    LOOK_AHEAD: lambda _: LookAheadPolicy(),
}


def policy_names() -> tuple[str, ...]:
    """Names that `policy` knows: those above, and every planner and baseline on the snapshot."""
    return (*_OWN, *(name for name in planner_names() if name != "astar"))


def policy(name: str, deadline_s: float | None = None) -> StreamPolicy:
    """A policy by name.

    Args:
        name: one of `policy_names()`.
        deadline_s: [s] limit of exact planners per run.

    Raises:
        InputError: unknown name; lists the known ones.
    """
    if name in _OWN:
        return _OWN[name](deadline_s)
    if name not in policy_names():
        raise InputError("policy", "", f"unknown policy {name!r}; known are {', '.join(policy_names())}")
    return SnapshotPolicy(name, name, deadline_s)
