"""Splits of the layers in given shares over the computing nodes of a route: `uniform`, `proportional`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from planners.baselines.split import (
    NoSplitError,
    best_plan,
    computing_visits,
    detour_routes,
    legal_plans,
    sends_along,
    straight_routes,
)
from planners.follow import Send
from planners.routes import Links
from satllm_env.problem import Instance, Plan
from satllm_env.problem.instance import Floats, Ints

Weights = Callable[[Instance, list[int]], Floats]
"""Share of the layers that each of some nodes gets, up to a factor."""


def uniform(instance: Instance) -> Plan:
    """Equal shares of the layers.

    The layers are cut into runs of equal length (up to one layer, and as far as memory allows) over the
    first k computing satellites of a least-latency route of the raw input to the destination, with the
    destination as one more where it may compute; every cut is sent at one level. Of all routes (one over
    each satellite that sees the destination), all k and all levels within the accuracy budget, the split
    of least delay is taken.
    Only where none of them is legal, routes are led over a satellite off the way.

    Raises:
        NoSplitError: no such split is legal.
    """
    return _best_split(instance, lambda _, nodes: np.ones(len(nodes)))


def proportional(instance: Instance) -> Plan:
    """Shares of the layers in proportion to the nodes' speeds, otherwise as `uniform`.

    A node's speed is one over the seconds that the whole model takes it.

    Raises:
        NoSplitError: no such split is legal.
    """
    return _best_split(instance, _speeds)


def _speeds(instance: Instance, nodes: list[int]) -> Floats:
    seconds = instance.tables.layer_s[nodes].sum(axis=1)
    return np.asarray(1.0 / np.maximum(seconds, 1e-300))


def _best_split(instance: Instance, weights: Weights) -> Plan:
    plan = best_plan(legal_plans(instance, _candidates(instance, straight_routes(instance), weights)))
    if plan is None:
        plan = next(legal_plans(instance, _candidates(instance, detour_routes(instance), weights)), None)
    if plan is None:
        raise NoSplitError("no split along a route keeps the memory, accuracy and once-only rules")
    return plan


def _candidates(instance: Instance, routes: Iterable[Links], weights: Weights) -> Iterator[list[Send]]:
    tables = instance.tables
    for route in routes:
        visits = computing_visits(instance, route)
        for count in range(len(visits) + 1):
            for with_ground in (False, True) if instance.can_compute[tables.destination] else (False,):
                nodes = [int(tables.link_source[route[position]]) for position in visits[:count]]
                nodes += [tables.destination] * with_ground
                if not nodes or len(nodes) > tables.num_layers:
                    continue
                ends = _ends(instance, nodes, weights(instance, nodes))
                if ends is None:
                    continue
                runs = list(zip(visits[:count], ends.tolist(), strict=False))
                for level in range(tables.num_levels):
                    yield sends_along(instance, route, runs, level)


def _ends(instance: Instance, nodes: list[int], weights: Floats) -> Ints | None:
    """Boundaries at which runs in proportion to weights end, moved as little as memory asks for.

    Every run is at least one layer long; None where the nodes cannot hold the model between them.
    """
    tables = instance.tables
    ends: Ints = np.rint(np.cumsum(weights) / weights.sum() * tables.num_layers).astype(np.int64)
    least = _least_ends(instance, nodes)
    done = 0
    for i, node in enumerate(nodes):
        if done == tables.num_layers:
            return None
        most = min(int(tables.stage_reach[node, done]), tables.num_layers - (len(nodes) - 1 - i))
        ends[i] = done = min(max(int(ends[i]), done + 1, least[i]), most)
        if done < least[i]:
            return None
    return ends


def _least_ends(instance: Instance, nodes: list[int]) -> list[int]:
    """Per run, the least boundary at which it may end if the nodes after it are to hold the rest."""
    tables = instance.tables
    least = [tables.num_layers]
    for node in reversed(nodes[1:]):
        begins = np.flatnonzero(tables.stage_reach[node] >= least[-1])
        least.append(int(begins[0]) if len(begins) else tables.num_layers)
    return least[::-1]
