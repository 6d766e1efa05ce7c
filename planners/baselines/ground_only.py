"""Everything on the ground: the raw input is relayed down the least-latency route."""

from __future__ import annotations

from planners.baselines.split import NoSplitError, plan_of
from planners.routes import route_tree
from satllm_env.problem import Instance, Plan


def ground_only(instance: Instance) -> Plan:
    """Relay boundary 0 along the route of least Σ (transfer + latency); the destination computes.

    Raises:
        NoSplitError: there is no route, or the destination may not or cannot compute everything.
    """
    tables = instance.tables
    tree = route_tree(instance, tables.source, 0, 0)
    if not tree.seconds[tables.destination] < float("inf"):
        raise NoSplitError("no route leads to the destination")
    sends = [(-1, 0, link, 0) for link in tree.route(tables.destination)]
    return plan_of(instance, sends)
