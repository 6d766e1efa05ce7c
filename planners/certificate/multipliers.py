"""Better prices for a graph of survivors: a few steps up the Lagrangian dual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planners.certificate.graph import StateGraph
from planners.certificate.survivors import Question

STEPS = 12


def raise_bound(graph: StateGraph, question: Question) -> StateGraph:
    """The graph with the best prices met on the way, those it came with included.

    Each step charges what the cheapest walk has too much of and relieves what it leaves unused, as far as
    it would take to reach the bound (Polyak's step). Any prices at least 0 are right, so nothing here
    needs to be trusted.
    """
    target = question.below_s - graph.network.periods * question.floor_s
    if not np.isfinite(target):
        return graph
    best, best_s, current = graph, -np.inf, graph
    share = 1.0
    for _ in range(STEPS):
        walk = current.cheapest_walk()
        bound_s = float(current.priced_s[walk].sum()) - current.credit_s
        if bound_s > best_s:
            best, best_s = current, bound_s
        else:
            share *= 0.6
        if best_s >= target:
            break
        moved = _step(current, walk, share * (target - bound_s))
        if moved is None:
            break
        current = moved
    return best


def _step(graph: StateGraph, walk: list[int], wanted_s: float) -> StateGraph | None:
    """Prices moved along the subgradient; None where no price would change anything."""
    used = np.bincount(graph.resource[walk][graph.resource[walk] >= 0], minlength=len(graph.price))
    surplus = used - 1.0
    surplus[-1] = 0.0
    surplus[(graph.price <= 0.0) & (surplus < 0.0)] = 0.0
    surplus[list(graph.watched)] = 0.0
    budget = float(graph.network.budget_units)
    over = float(graph.loss_units[walk].sum()) / budget - 1.0 if budget else 0.0
    if graph.loss_price <= 0.0:
        over = max(over, 0.0)
    norm = float(surplus @ surplus) + over * over
    if norm <= 0.0:
        return None
    step = wanted_s / norm
    loss_price = max(0.0, graph.loss_price + step * over / budget) if budget else graph.loss_price
    return replace(graph, price=np.maximum(0.0, graph.price + step * surplus), loss_price=loss_price)
