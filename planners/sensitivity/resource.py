"""One resource of a problem, and the problem with more of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from satllm_env.errors import InputError
from satllm_env.problem import Problem
from satllm_env.problem.schema import Link, Node

Kind = Literal["link", "processor", "codec", "memory", "accuracy budget"]
KINDS: tuple[Kind, ...] = ("link", "processor", "codec", "memory", "accuracy budget")


@dataclass(frozen=True, order=True)
class Resource:
    """Something that a problem has more or less of."""

    kind: Kind
    node: str = ""
    """Id of the processor's, codec's or memory's node, or of the node at which a link begins."""
    target: str = ""
    """Id of the node at which a link ends."""


def enlarged(problem: Problem, resource: Resource, factor: float) -> Problem:
    """The problem with `factor` times as much of one resource, everything else as it is.

    A link's rate, a processor's speed (its layers take `1 / factor` of the time), a node's codec speed, its
    memory, or the accuracy budget. A budget of 0, which no factor enlarges, becomes `factor − 1`
    percentage points.

    Args:
        problem: left as it is.
        resource: what there is more of.
        factor: [1] at least 1.

    Raises:
        InputError: the problem has no such resource, or the factor is below 1.
    """
    if not factor >= 1.0:
        raise InputError("factor", "", f"must be at least 1, not {factor!r}")
    if resource.kind == "accuracy budget":
        return problem.model_copy(update={"accuracy_budget": _more_budget(problem, factor)})
    if resource.kind == "link":
        ends = (resource.node, resource.target)
        links = [_faster(k, factor) if (k.source, k.target) == ends else k for k in problem.links]
        return _changed(problem, "links", links, resource)
    nodes = [_stronger(n, resource.kind, factor) if n.id == resource.node else n for n in problem.nodes]
    return _changed(problem, "nodes", nodes, resource)


def amount(problem: Problem, resource: Resource) -> float | None:
    """How much there is: [bit/s], [FLOP/s], codec speed [1], [bytes] or [percentage points].

    None where the problem gives no number: unlimited memory, a processor given by its seconds per layer.
    """
    if resource.kind == "accuracy budget":
        return problem.accuracy_budget
    if resource.kind == "link":
        ends = (resource.node, resource.target)
        return next(link.rate_bps for link in problem.links if (link.source, link.target) == ends)
    node = next(node for node in problem.nodes if node.id == resource.node)
    if resource.kind == "processor":
        return None if node.layer_s is not None else node.flops_per_s
    return node.codec_speed if resource.kind == "codec" else node.memory_bytes


def _more_budget(problem: Problem, factor: float) -> float:
    budget = problem.accuracy_budget
    return budget * factor if budget > 0 else factor - 1.0


def _faster(link: Link, factor: float) -> Link:
    return link.model_copy(update={"rate_bps": link.rate_bps * factor})


def _stronger(node: Node, kind: Kind, factor: float) -> Node:
    more: dict[str, Any] = {}
    if kind == "memory" and node.memory_bytes is not None:
        more = {"memory_bytes": node.memory_bytes * factor}
    elif kind == "codec":
        more = {"codec_speed": node.codec_speed * factor}
    elif kind == "processor" and node.layer_s is not None:
        more = {"layer_s": tuple(seconds / factor for seconds in node.layer_s)}
    elif kind == "processor" and node.flops_per_s is not None:
        more = {"flops_per_s": node.flops_per_s * factor}
    return node.model_copy(update=more)


def _changed(problem: Problem, field: str, values: list[Any], resource: Resource) -> Problem:
    """The problem with one of its lists exchanged, provided that one entry has changed.

    A factor of 1 changes nothing and is no error, so entries are told apart by identity.
    """
    before = getattr(problem, field)
    if all(new is old for new, old in zip(values, before, strict=True)):
        where = f"{resource.node} -> {resource.target}" if resource.target else resource.node
        raise InputError(field, where, f"the problem has no such {resource.kind}")
    return problem.model_copy(update={field: tuple(values)})
