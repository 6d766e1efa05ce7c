"""The planners by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from planners.astar import plan_exactly
from planners.baselines.greedy import greedy
from planners.baselines.ground_only import ground_only
from planners.baselines.naive_shortest_path import naive_shortest_path
from planners.baselines.random_walk import random_walk
from planners.baselines.shares import proportional, uniform
from planners.baselines.single_satellite import single_satellite
from planners.baselines.split import NoSplitError
from planners.exhaustive import search_exhaustively
from planners.limits import Limits
from planners.result import Result
from planners.sweeps.search import plan_by_sweeps
from satllm_env.errors import InputError
from satllm_env.problem import Instance, Plan

Kind = Literal["planner", "baseline"]
Planner = Callable[[Instance, Limits, int], Result]
"""Plans an instance within limits, with a seed."""


class Entry(NamedTuple):
    """A planner and what it is."""

    kind: Kind
    plan: Planner
    about: str


def _baseline(name: str, rule: Callable[[Instance, int], Plan]) -> Planner:
    """A rule as a planner: its plan is feasible, and nothing is proven about it."""

    def plan(instance: Instance, limits: Limits, seed: int) -> Result:
        del limits  # rules have no proof that could be cut short
        begin = time.perf_counter()
        try:
            found = rule(instance, seed)
        except NoSplitError as error:
            return Result(name, "infeasible", None, 0.0, time.perf_counter() - begin, str(error))
        return Result(name, "feasible", found, 0.0, time.perf_counter() - begin)

    return plan


def _sweeps(instance: Instance, limits: Limits, seed: int) -> Result:
    """Every sweep; nothing is proven about the plan."""
    del limits, seed  # it draws nothing and ends soon
    begin = time.perf_counter()
    plan, swept = plan_by_sweeps(instance)
    taken_s, counts = time.perf_counter() - begin, {"sweeps": swept}
    if plan is None:
        return Result("sweeps", "infeasible", None, 0.0, taken_s, "no sweep finds a way", counts)
    return Result("sweeps", "feasible", plan, 0.0, taken_s, counts=counts)


def _without_seed(rule: Callable[[Instance], Plan]) -> Callable[[Instance, int], Plan]:
    return lambda instance, seed: rule(instance)


_RULES: dict[str, tuple[Callable[[Instance, int], Plan], str]] = {
    "ground-only": (_without_seed(ground_only), "raw input relayed down, everything computed there"),
    "single-satellite": (_without_seed(single_satellite), "the whole model on the best satellite"),
    "uniform": (_without_seed(uniform), "equal runs of layers along a route"),
    "proportional": (_without_seed(proportional), "layers in proportion to speed along a route"),
    "greedy": (_without_seed(greedy), "the cheapest next move, again and again"),
    "random": (lambda i, seed: random_walk(i, np.random.default_rng(seed)), "legal moves at random"),
    "naive-shortest-path": (_without_seed(naive_shortest_path), "networkx Dijkstra on the sum alone"),
}

_ENTRIES: dict[str, Entry] = {
    "astar": Entry("planner", lambda i, limits, _: plan_exactly(i, limits), "the optimum, by modified A*"),
    "sweeps": Entry("baseline", _sweeps, "near-optimal plans under one threshold and price after another"),
    "exhaustive": Entry("planner", lambda i, *_: search_exhaustively(i), "every walk of a tiny instance"),
    **{name: Entry("baseline", _baseline(name, rule), about) for name, (rule, about) in _RULES.items()},
}


def planner_names() -> tuple[str, ...]:
    """Names that `solve` knows."""
    return tuple(_ENTRIES)


def planner_entry(name: str) -> Entry:
    """A planner by name.

    Raises:
        InputError: unknown name; lists the known ones.
    """
    if name not in _ENTRIES:
        raise InputError("planner", "", f"unknown planner {name!r}; known are {', '.join(_ENTRIES)}")
    return _ENTRIES[name]


def planner_kind(name: str) -> Kind:
    """Whether a planner proves what it returns ("planner") or follows a rule ("baseline").

    Raises:
        InputError: unknown name.
    """
    return planner_entry(name).kind
