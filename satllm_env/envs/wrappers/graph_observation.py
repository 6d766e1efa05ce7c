"""`GraphObservation`: the network as padded arrays of nodes and links, for policies on graphs."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from satllm_env.envs.arguments import at_least
from satllm_env.envs.wrappers.graph_features import (
    EDGE_COLUMNS,
    NODE_COLUMNS,
    edge_features,
    node_features,
)
from satllm_env.envs.wrappers.parts import dict_space, mask_box, split_of, take_apart, unit_box
from satllm_env.errors import InputError
from satllm_env.problem.bounds import cost_to_go
from satllm_env.problem.instance import Bools

Graph = dict[str, Any]
"""Arrays by name."""

TAKEN_OVER = ("levels", "lookahead")
"""Parts of the flat observation that are parts of the graph's too."""


class GraphObservation(gym.Wrapper[Graph, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Show the whole network as a graph, padded to a fixed size.

    | part | shape | meaning |
    |---|---|---|
    | `nodes` | (N, 10) float32 | features of each node (`NODE_COLUMNS`) |
    | `node_mask` | (N,) int8 | which rows are nodes |
    | `edges` | (E, 7) float32 | features of each directed link (`EDGE_COLUMNS`) |
    | `edge_index` | (2, E) int64 | source and target of each link; 0 in padding |
    | `edge_mask` | (E,) int8 | which rows are links |
    | `globals` | (15,) float32 | the first 15 entries of the flat observation |
    | `levels` | (Q, 4) float32 | levels, as in the flat observation |
    | `slot_edges` | (D,) int64 | link that each slot stands for here, −1 for none |
    | `action_mask` | (1 + D·Q,) int8 | as in the infos |

    Nodes and links stand in the order of the problem. Action ``1 + d·Q + q`` sends over link
    ``slot_edges[d]`` at level `q`, so scores of links and levels are scores of actions. After
    `LookaheadObservation` there is also ``lookahead``, (1 + D·Q, 3).

    Args:
        env: a `SatLLMSplit-v0` environment, or one in `LookaheadObservation`.
        max_nodes: N; by default, and at the least, what the scenario's largest request may have.
        max_edges: E; likewise.

    Raises:
        TypeError: `env` is another environment, or shows something else.
        InputError: `max_nodes` or `max_edges` is too small or no whole number.
    """

    def __init__(
        self, env: gym.Env[Any, Any], max_nodes: int | None = None, max_edges: int | None = None
    ) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, max_nodes=max_nodes, max_edges=max_edges)
        super().__init__(env)
        self._split, self._parts = split_of(env, "GraphObservation")
        source, layout = self._split.source, self._split.layout
        self.max_nodes = at_least(source.max_nodes, max_nodes, "max_nodes")
        self.max_edges = at_least(source.max_links, max_edges, "max_edges")
        shown: dict[str, spaces.Space[Any]] = {
            "nodes": unit_box(self.max_nodes, len(NODE_COLUMNS)),
            "node_mask": mask_box(self.max_nodes),
            "edges": unit_box(self.max_edges, len(EDGE_COLUMNS)),
            "edge_index": spaces.Box(0, self.max_nodes - 1, (2, self.max_edges), np.int64),
            "edge_mask": mask_box(self.max_edges),
            "globals": unit_box(layout.slots_at),
            "slot_edges": spaces.Box(-1, self.max_edges - 1, (layout.num_slots,), np.int64),
            "action_mask": mask_box(layout.num_actions),
        }
        flat = {name: space for name, space in dict_space(self._parts).items() if name in TAKEN_OVER}
        self.observation_space = spaces.Dict(shown | flat, sort_keys=False)
        self._order = tuple(shown | flat)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Graph, dict[str, Any]]:
        """Reset the environment.

        Raises:
            InputError: a problem among the options has more nodes or links than the arrays.
        """
        flat, info = self.env.reset(seed=seed, options=options)
        self._padding: Graph | None = None  # until all of it has worked
        tables = self._split.instance.tables
        _check_size("max_nodes", tables.num_nodes, self.max_nodes)
        _check_size("max_edges", len(tables.link_source), self.max_edges)
        self._to_go_s = cost_to_go(tables).arrival.min(axis=1)
        self._padding = self._fixed_part()
        return self._observe(flat, info), info

    def step(self, action: Any) -> tuple[Graph, float, bool, bool, dict[str, Any]]:
        """Make one move."""
        flat, reward, terminated, truncated, info = self.env.step(action)
        return self._observe(flat, info), float(reward), terminated, truncated, info

    def action_masks(self) -> Bools:
        """(1 + D·Q,) the environment's mask."""
        return self._split.action_masks()

    def _fixed_part(self) -> Graph:
        """What stays the same in a walk."""
        tables = self._split.instance.tables
        ends = np.stack((tables.link_source, tables.link_target))
        links = ends.shape[1]
        return {
            "node_mask": (np.arange(self.max_nodes) < tables.num_nodes).astype(np.int8),
            "edge_index": np.pad(ends, ((0, 0), (0, self.max_edges - links))),
            "edge_mask": (np.arange(self.max_edges) < links).astype(np.int8),
        }

    def _observe(self, flat: Any, info: dict[str, Any]) -> Graph:
        if self._padding is None:
            raise gym.error.ResetNeeded("call reset() before step()")
        walk, reference_s = self._split.walk, self._split.reference_s
        graph = {name: array.copy() for name, array in self._padding.items()}
        graph["nodes"] = _pad(node_features(walk, self._to_go_s, reference_s), self.max_nodes)
        graph["edges"] = _pad(edge_features(walk, reference_s), self.max_edges)
        graph["globals"] = flat[: self._split.layout.slots_at].copy()
        graph["slot_edges"] = self._split.slots[walk.node].copy()
        graph["action_mask"] = info["action_mask"].copy()
        parts = take_apart(self._parts, flat)
        graph |= {name: part.copy() for name, part in parts.items() if name in TAKEN_OVER}
        return {name: graph[name] for name in self._order}  # in the space's order


def _check_size(name: str, needed: int, room: int) -> None:
    if needed > room:
        raise InputError(name, "", f"is {room}, but the problem needs {needed}")


def _pad(rows: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    return np.pad(rows, ((0, length - len(rows)), (0, 0)))
