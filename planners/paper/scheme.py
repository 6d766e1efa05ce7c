"""The schemes that the paper compares, as planners of this project."""

from __future__ import annotations

from typing import NamedTuple

from planners.paper.setting import changed
from satllm_env.problem import Instance
from satllm_env.problem.schema import Node


class Scheme(NamedTuple):
    """A planner, and what of a request is otherwise for it."""

    label: str
    planner: str
    ground_computes: bool | None = None
    """None leaves it to the setting."""
    memory_limited: bool = True
    source_alone: bool = False
    """Whether no other satellite than the source computes."""

    def instance(self, drawn: Instance) -> Instance:
        """A request as this scheme sees it."""
        update: dict[str, object] = {}
        if self.ground_computes is not None:
            update["ground_may_compute"] = self.ground_computes
        if self.source_alone or not self.memory_limited:
            update["nodes"] = tuple(self._node(node, drawn.problem.source) for node in drawn.problem.nodes)
        return changed(drawn, **update) if update else drawn

    def _node(self, node: Node, source: str) -> Node:
        update: dict[str, object] = {} if self.memory_limited else {"memory_bytes": None}
        if self.source_alone and node.kind == "satellite" and node.id != source:
            update |= {"flops_per_s": None, "layer_s": None}
        return node.model_copy(update=update)


PLANNER = Scheme("planner", "astar")
GROUND_ONLY = Scheme("ground-only", "ground-only", ground_computes=True)
SINGLE = Scheme("single satellite, memory ignored", "single-satellite", memory_limited=False)
SENSING_ALONE = Scheme(
    "sensing satellite alone, memory ignored", "single-satellite", memory_limited=False, source_alone=True
)
SINGLE_FITTING = Scheme("single satellite", "single-satellite")
UNIFORM = Scheme("uniform split", "uniform")
PROPORTIONAL = Scheme("proportional split", "proportional")
SUM_ALONE = Scheme("shortest path on the sum", "naive-shortest-path")
REPORTED_SCHEMES = (PLANNER, GROUND_ONLY, SINGLE, UNIFORM, PROPORTIONAL)
