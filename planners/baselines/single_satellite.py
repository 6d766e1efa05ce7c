"""The whole model on the one satellite that does it best."""

from __future__ import annotations

import numpy as np

from planners.baselines.split import NoSplitError, plan_of
from planners.follow import Send
from planners.routes import route_tree
from satllm_env.problem import Instance, Plan


def single_satellite(instance: Instance) -> Plan:
    """Relay the raw input to a satellite, compute everything there, relay the result down.

    Both ways are least-latency routes; the way down avoids links that the way out has used. Of all
    satellites that hold the model, the one of least delay.

    Raises:
        NoSplitError: no satellite holds the whole model, or none of them has routes.
    """
    tables = instance.tables
    num_layers = tables.num_layers
    out = route_tree(instance, tables.source, 0, 0)
    back = route_tree(instance, tables.destination, num_layers, 0, to_root=True)
    holds = (tables.stage_reach[:, 0] == num_layers) & instance.can_compute
    holds[tables.destination] = False
    with np.errstate(invalid="ignore"):
        least_s = out.seconds + back.seconds + tables.layer_s.sum(axis=1) * tables.micro_batches
    best: Plan | None = None
    for node in np.argsort(least_s, kind="stable").tolist():
        if not holds[node] or not least_s[node] < (best.delay_s if best else np.inf):
            continue
        plan = _plan_on(instance, node, out.route(node), back.route(node))
        if plan and (best is None or plan.delay_s < best.delay_s):
            best = plan
    if best is None:
        raise NoSplitError("no satellite within reach holds the whole model")
    return best


def _plan_on(instance: Instance, node: int, out: list[int], back: list[int]) -> Plan | None:
    """The plan that computes on a node, None if no way down is free."""
    tables = instance.tables
    if set(out) & set(back):
        free = np.ones(len(tables.link_source), np.bool_)
        free[out] = False
        tree = route_tree(instance, node, tables.num_layers, 0, free)
        if not tree.seconds[tables.destination] < np.inf:
            return None
        back = tree.route(tables.destination)
    sends: list[Send] = [(-1, 0, link, 0) for link in out]
    sends += [(0 if k == 0 else -1, tables.num_layers, link, 0) for k, link in enumerate(back)]
    return plan_of(instance, sends)
