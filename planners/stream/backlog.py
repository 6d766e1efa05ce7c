"""A plan around the backlog: the exact planner on instances that tell of it, and the core to choose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planners.solve import solve
from satllm_env.problem import Instance, Plan, evaluate
from satllm_env.problem.instance import Ints, Tables
from satllm_env.problem.plan import Transfer
from satllm_env.stream import Admission, Servers

ROUNDS = 3
"""Busiest servers that are taken away, one after the other."""


def plan_around(instance: Instance, servers: Servers, deadline_s: float | None = None) -> Plan | None:
    """The plan that is done first of several that the exact planner finds.

    These are the optimum of the snapshot; the optimum of the snapshot with every busy time lengthened by the
    work that is left there, spread over the micro-batches (`lengthened`); and optima of the snapshot without
    the server with the most work left among those that the last plan takes, up to `ROUNDS` times. The core
    says which is done first as things stand, so it is never later than the snapshot's optimum.

    Args:
        instance: the request on the links of its arrival.
        servers: what earlier requests have booked, failures to come left aside (`Servers.as_known`); not
            changed.
        deadline_s: [s] limit of each run of the planner.

    Returns:
        None where no plan exists.
    """
    first = _tried(instance, instance, servers, deadline_s)
    if first is None or first.wait_s <= 0:
        return None if first is None else first.plan
    found = [first, _tried(lengthened(instance, servers), instance, servers, deadline_s)]
    last, tables = first, instance.tables
    for _ in range(ROUNDS):
        reduced = _without_busiest(tables, last, servers)
        if reduced is None:
            break
        tables = reduced
        tried = _tried(replace(instance, tables=tables), instance, servers, deadline_s)
        if tried is None:
            break
        found.append(tried)
        last = tried
    return min((one for one in found if one is not None), key=lambda one: one.delay_s).plan


def lengthened(instance: Instance, servers: Servers) -> Instance:
    """The instance with the work left at a server, over M, added to what every micro-batch takes there.

    So a server that is the bottleneck costs all of its work left once. At processors it stands beside the
    decoding, which a stage pays once.
    """
    tables = instance.tables
    nodes_s, links_s = servers.backlog_s(instance)
    aged = tables._replace(
        decode_s=tables.decode_s + nodes_s[:, None, None] / tables.micro_batches,
        transfer_s=tables.transfer_s + links_s[:, None, None] / tables.micro_batches,
    )
    return replace(instance, tables=aged)


def _tried(
    planned: Instance, instance: Instance, servers: Servers, deadline_s: float | None
) -> Admission | None:
    """How the optimum of one instance goes as a plan of another, None where there is none."""
    plan = solve(planned, deadline_s=deadline_s).plan
    return None if plan is None else servers.try_out(evaluate(instance, plan.steps))


def _without_busiest(tables: Tables, admission: Admission, servers: Servers) -> Tables | None:
    """The tables without the server of a plan that has the most work left, None where none has any."""
    busiest = max(admission.occupations, key=lambda taken: servers.unfinished_s(taken.server))
    if servers.unfinished_s(busiest.server) <= 0:
        return None
    if not isinstance(busiest.resource, Transfer):
        node = busiest.resource.node
        layer_s, reach = tables.layer_s.copy(), tables.stage_reach.copy()
        layer_s[node], reach[node] = np.inf, np.arange(tables.num_layers)
        return tables._replace(layer_s=layer_s, stage_reach=reach)
    return _without_link(tables, busiest.resource.link)


def _without_link(tables: Tables, link: int) -> Tables | None:
    """The tables with a link that no node lists, so that no walk takes it."""
    out_start, out_links = _dropped(tables.out_start, tables.out_links, link)
    in_start, in_links = _dropped(tables.in_start, tables.in_links, link)
    return tables._replace(out_start=out_start, out_links=out_links, in_start=in_start, in_links=in_links)


def _dropped(start: Ints, links: Ints, link: int) -> tuple[Ints, Ints]:
    """Compressed rows of links without one of them."""
    kept = links != link
    return np.concatenate(([0], np.cumsum(kept)))[start].astype(np.int64), links[kept]
