"""How much a set of processors can hold between them: a bound that knows each serves only once."""

from __future__ import annotations

import numba
import numpy as np

from satllm_env.problem.instance import Bools, Floats, Tables


@numba.njit(cache=True)
def least_bottleneck_s(tables: Tables, used_nodes: Bools, here: int) -> Floats:
    """Least busy time with which the processors that are left can share some layers.

    A processor computes `k` layers in no less than `k` times its quickest layer, and no more layers than
    its longest stage. So `r` layers need a bottleneck of at least the `r`-th smallest of those multiples
    over all processors; the order of layers, links and codecs are left out, which keeps it a bound.

    Args:
        tables: the instance's arrays.
        used_nodes: (N,) processors that have served.
        here: a node whose processor counts as served too, −1 for none.

    Returns:
        (L + 1,) [s] by number of layers, inf where the processors cannot hold that many.
    """
    num_nodes, num_layers = tables.layer_s.shape
    quickest = np.full(num_nodes, np.inf)
    longest = np.zeros(num_nodes, np.int64)
    for node in range(num_nodes):
        if used_nodes[node] or node == here or not np.isfinite(tables.layer_s[node, 0]):
            continue
        quickest[node] = np.min(tables.layer_s[node])
        for first in range(num_layers):
            longest[node] = max(longest[node], tables.stage_reach[node, first] - first)
    taken = np.ones(num_nodes, np.int64)
    least = np.full(num_layers + 1, np.inf)
    least[0] = 0.0
    for count in range(1, num_layers + 1):
        best = -1
        for node in range(num_nodes):
            if taken[node] <= longest[node] and (
                best < 0 or taken[node] * quickest[node] < taken[best] * quickest[best]
            ):
                best = node
        if best < 0:
            break
        least[count] = taken[best] * quickest[best]
        taken[best] += 1
    return least
