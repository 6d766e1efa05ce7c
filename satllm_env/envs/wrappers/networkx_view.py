"""The network of a problem, and a walk over it, as a networkx graph for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satllm_env.errors import InputError
from satllm_env.problem import Instance, Walk

if TYPE_CHECKING:
    import networkx as nx


def networkx_of(instance: Instance, walk: Walk | None = None) -> nx.DiGraph[str]:
    """The network of an instance as a directed graph.

    Nodes are named by their ids and hold ``kind``, ``flops_per_s`` [FLOP/s], ``memory_bytes`` [bytes]
    (None as in the problem), ``computes``, and with a walk ``served`` and ``holds_payload``. Edges hold
    ``link``, the number, ``slot``, the action slot of their source, ``rate_bps`` [bit/s], ``latency_s``
    [s], and with a walk ``used``. The graph itself holds ``source`` and ``destination``, and with a walk
    ``boundary`` and ``level``, those of the payload.

    Args:
        instance: the instance.
        walk: a walk over it.

    Raises:
        InputError: the walk goes over another instance.
    """
    # networkx is imported only by those who ask for a graph
    import networkx as nx

    if walk is not None and walk.instance is not instance:
        raise InputError("walk", "", "goes over another instance")
    problem = instance.problem
    graph: nx.DiGraph[str] = nx.DiGraph(source=problem.source, destination=problem.destination)
    for number, node in enumerate(problem.nodes):
        graph.add_node(
            node.id,
            kind=node.kind,
            flops_per_s=node.flops_per_s,
            memory_bytes=node.memory_bytes,
            computes=bool(instance.can_compute[number]),
        )
    slot_of = {link: slot for row in instance.slots.tolist() for slot, link in enumerate(row)}
    for number, link in enumerate(problem.links):
        graph.add_edge(
            link.source,
            link.target,
            link=number,
            slot=slot_of[number],
            rate_bps=link.rate_bps,
            latency_s=link.latency_s,
        )
    if walk is not None:
        _add_walk(graph, walk)
    return graph


def _add_walk(graph: nx.DiGraph[str], walk: Walk) -> None:
    problem = walk.instance.problem
    graph.graph |= {"boundary": walk.boundary, "level": problem.compression[walk.level].name}
    for number, node in enumerate(problem.nodes):
        graph.nodes[node.id].update(served=bool(walk.used_nodes[number]), holds_payload=number == walk.node)
    for number, link in enumerate(problem.links):
        graph.edges[link.source, link.target]["used"] = bool(walk.used_links[number])
