"""Prices on what is limited: accuracy, and every processor and directed link that serves only once.

A pass over relaxed walks, which may use a resource again and again, charges prices and gives back the
most that a legal plan could have been charged. So for any prices ≥ 0

    least over relaxed walks of (Σ busy + Σ latency + Σ charged) − given back

is at most the sum of every legal plan (Lagrangian relaxation; Geoffrion 1974). Charged are

- a loss, by unit; given back is the accuracy budget's worth,
- a stage, and the seconds it computes; given back once per processor is what its dearest stage that
  keeps memory and the threshold costs,
- a carriage over a link; given back once per link.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from planners.astar.scaled import Scaled
from satllm_env.problem.instance import Floats, Ints


class Multipliers(NamedTuple):
    """What is charged [ticks] for the whole of a limited thing."""

    loss: Floats  # (1,) the accuracy budget
    compute: Floats  # (N,) a node's processor, computing as long as one stage may
    stage: Floats  # (N,) one stage
    link: Floats  # (E,) one carriage


class Prices(NamedTuple):
    """What a pass adds up, prices included, in ticks."""

    loss: int  # per coarse loss unit
    compute: Ints  # (N, L + 1) the first layers
    stage: Ints  # (N,) a stage
    link: Ints  # (E,) a carriage and its latency
    credit: int  # given back
    once: Ints  # (N,) what of it is for a node's processor


def no_multipliers(problem: Scaled) -> Multipliers:
    """Nothing is charged."""
    nodes, links = len(problem.prefix), len(problem.latency)
    return Multipliers(np.zeros(1), np.zeros(nodes), np.zeros(nodes), np.zeros(links))


@numba.njit(cache=True)
def capacities(problem: Scaled, threshold: int) -> Ints:
    """(N,) ticks that one stage may compute at most under memory and a threshold on busy times."""
    num_nodes, num_layers = problem.reach.shape
    most = np.zeros(num_nodes, np.int64)
    for node in range(num_nodes):
        if node == problem.destination:
            continue
        end = 0
        for first in range(num_layers):
            reach = problem.reach[node, first]
            end = max(end, first)
            while end < reach and problem.prefix[node, end + 1] - problem.prefix[node, first] <= threshold:
                end += 1
            most[node] = max(most[node], problem.prefix[node, end] - problem.prefix[node, first])
    return most


@numba.njit(cache=True)
def prices_of(problem: Scaled, multipliers: Multipliers, capacity: Ints) -> Prices:
    """Prices in whole ticks, and what is given back for them.

    Args:
        problem: the instance in ticks.
        multipliers: what is charged.
        capacity: (N,) from `capacities`, at the threshold of the pass or a higher one.
    """
    num_nodes = len(problem.prefix)
    loss = 0
    if problem.coarse_budget > 0:
        loss = int(multipliers.loss[0] / problem.coarse_budget)
    credit = loss * problem.coarse_budget
    compute = problem.cost.copy()
    stage, once = np.zeros(num_nodes, np.int64), np.zeros(num_nodes, np.int64)
    for node in range(num_nodes):
        if capacity[node] == 0 or node == problem.destination:
            continue
        stage[node] = int(multipliers.stage[node])
        once[node] = stage[node]
        if multipliers.compute[node] > 0.0:
            rate = multipliers.compute[node] / capacity[node]
            for boundary in range(compute.shape[1]):
                compute[node, boundary] += int(rate * problem.prefix[node, boundary])
            once[node] += int(rate * capacity[node]) + 1  # rounding down twice may gain a tick
        credit += once[node]
    link = problem.latency.copy()
    for number in range(len(link)):
        toll = int(multipliers.link[number])
        link[number] += toll
        credit += toll
    return Prices(loss, compute, stage, link, credit, once)
