"""Problems with something gone: a link that has broken, a satellite that has failed."""

from __future__ import annotations

from satllm_env.errors import InputError
from satllm_env.problem.schema import Problem

__all__ = ["without_link", "without_node"]


def without_link(problem: Problem, source: str, target: str) -> Problem:
    """The problem without one directed link; the link of the other direction stays.

    Args:
        problem: left as it is.
        source: node at which the link begins.
        target: node at which it ends.

    Raises:
        InputError: there is no such link.
    """
    left = tuple(link for link in problem.links if (link.source, link.target) != (source, target))
    if len(left) == len(problem.links):
        raise InputError("links", "", f"there is no link from {source!r} to {target!r}")
    return problem.model_copy(update={"links": left})


def without_node(problem: Problem, node_id: str) -> Problem:
    """The problem without a node and all its links.

    Args:
        problem: left as it is.
        node_id: the node that is gone.

    Raises:
        InputError: there is no such node, or it is the source or the destination, without which there
            is nothing to plan.
    """
    for role in ("source", "destination"):
        if node_id == getattr(problem, role):
            raise InputError("nodes", "", f"{node_id!r} is the {role}: nothing is left to plan without it")
    nodes = tuple(node for node in problem.nodes if node.id != node_id)
    if len(nodes) == len(problem.nodes):
        raise InputError("nodes", "", f"unknown node {node_id!r}")
    links = tuple(link for link in problem.links if node_id not in (link.source, link.target))
    return problem.model_copy(update={"nodes": nodes, "links": links})
