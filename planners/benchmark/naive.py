"""How long the naive baseline takes to build its graph, before any search in it."""

from __future__ import annotations

import time

from planners.baselines.naive_shortest_path import naive_graph
from satllm_env.errors import InputError
from satllm_env.problem import Instance


def graph_build_s(instance: Instance) -> float | None:
    """[s] that the baseline's networkx graph takes to build, None where it would be too large."""
    begin = time.perf_counter()
    try:
        naive_graph(instance)
    except InputError:
        return None
    return time.perf_counter() - begin
