"""A split along a route: which node computes which layers, at one compression level throughout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from planners.follow import Send, follow
from planners.routes import Links, route_tree
from satllm_env.problem import Instance, Plan, Walk

MAX_DETOURS = 64
"""Satellites that routes are led over when no route straight down allows a legal split."""


class NoSplitError(ValueError):
    """A baseline has no plan; the message says why."""


def plan_of(instance: Instance, sends: Sequence[Send]) -> Plan:
    """The plan of some sends.

    Raises:
        NoSplitError: they break a rule.
    """
    walk = Walk(instance)
    fault = follow(walk, sends)
    if fault or not walk.finished:
        raise NoSplitError(fault or "the payload does not reach the destination")
    return Plan.from_walk(walk)


def best_plan(plans: Iterable[Plan]) -> Plan | None:
    """The plan of least delay, the first among equals."""
    return min(plans, key=lambda plan: plan.delay_s, default=None)


def legal_plans(instance: Instance, candidates: Iterable[list[Send]]) -> Iterator[Plan]:
    """The plans among candidate sends that keep the rules."""
    for sends in candidates:
        walk = Walk(instance)
        if not follow(walk, sends) and walk.finished:
            yield Plan.from_walk(walk)


def straight_routes(instance: Instance) -> list[Links]:
    """Least-latency routes of the raw input to the destination, one over each satellite that sees it."""
    tables = instance.tables
    tree = route_tree(instance, tables.source, 0, 0)
    down = tables.in_links[tables.in_start[tables.destination] : tables.in_start[tables.destination + 1]]
    last = [(tree.seconds[tables.link_source[link]], int(link)) for link in down]
    return [
        [*tree.route(int(tables.link_source[link])), link]
        for seconds, link in sorted(last)
        if seconds < float("inf") and tables.link_source[link] != tables.destination
    ]


def detour_routes(instance: Instance) -> Iterator[Links]:
    """Least-latency routes to a satellite off the way and from there to the destination, nearest first."""
    tables = instance.tables
    tree = route_tree(instance, tables.source, 0, 0)
    order = np.argsort(tree.seconds, kind="stable")[:MAX_DETOURS].tolist()
    for node in order:
        if tree.seconds[node] == float("inf") or node == tables.destination:
            continue
        out = tree.route(node)
        free = np.ones(len(tables.link_source), np.bool_)
        free[out] = False
        back = route_tree(instance, node, tables.num_layers, 0, free)
        if back.seconds[tables.destination] < float("inf"):
            yield [*out, *back.route(tables.destination)]


def computing_visits(instance: Instance, route: Links) -> list[int]:
    """Positions on a route (before which link) of first visits to satellites that can compute."""
    visits, seen = [], set()
    for position, link in enumerate(route):
        node = int(instance.tables.link_source[link])
        if instance.can_compute[node] and node not in seen:
            visits.append(position)
        seen.add(node)
    return visits


def sends_along(instance: Instance, route: Links, runs: Sequence[tuple[int, int]], level: int) -> list[Send]:
    """Sends of a split along a route.

    Args:
        instance: the problem.
        route: links in order.
        runs: per computing visit in order: its position on the route and the boundary it computes up to.
        level: for every cut; the input and the result are sent plain.
    """
    ends, done = dict(runs), 0
    sends: list[Send] = []
    for position, link in enumerate(route):
        first = done if position in ends and ends[position] > done else -1
        done = ends.get(position, done)
        plain = done in (0, instance.tables.num_layers)
        sends.append((first, done, link, 0 if plain else level))
    return sends
