"""Problems of a given shape and size: what the families of the benchmark draw from.

Satellites hold 0.3 to 0.8 of the model, four of five compute, and only satellites compute, so that most
plans split the model; the accuracy budget binds in most draws.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from planners.benchmark.generator import (
    Draw,
    Pair,
    Spread,
    ground_form,
    layer_form,
    level_form,
    link_forms,
    none_form,
    pairs_of,
)
from satllm_env.problem import Problem, parse_problem

GRID_PLANES, GRID_PER_PLANE, GRID_SHIFT = 72, 22, 17
"""A Walker Delta of 1,584 satellites: planes, satellites per plane, and how many slots further round the
last plane's neighbours in the first one are."""

GRID_REACH, GRID_DOWNLINKS = 200, 6
"""Downlinks of the grid, all among so many satellites in sequence (nine planes)."""


class Size(NamedTuple):
    """What decides how long planning takes."""

    shape: str
    layers: int
    satellites: int
    levels: int
    micro_batches: int

    def __str__(self) -> str:
        """As in tables."""
        L, S, Q, M = self[1:]
        return f"{self.shape}, L {L}, S {S}, Q {Q}, M {M}"


def size_of(problem: Problem) -> Size:
    """The size of a problem; the shape of one drawn here is its model's name."""
    satellites = sum(node.kind == "satellite" for node in problem.nodes)
    model = problem.model
    return Size(model.name, len(model.layers), satellites, len(problem.compression), problem.micro_batches)


def draw_problem(rng: np.random.Generator, size: Size) -> Problem:
    """Draw a problem of a size.

    Args:
        rng: generator.
        size: its shape is "chain" (one way), "line", "ring", "full", "one-way" (acyclic), "grid" (two
            rows), or "plus-grid" (all of `GRID_PLANES` x `GRID_PER_PLANE` satellites).
    """
    shape, layers, satellites, levels, micro_batches = size
    draw = Spread(rng)
    weights = [draw(20e6, 60e6) for _ in range(layers)]
    nodes = [_satellite(rng, draw, i, sum(weights)) for i in range(satellites)]
    nodes.append(ground_form(rng))
    pairs, down = _links(rng, shape, satellites)
    ends = [(f"sat-{a}", f"sat-{b}") for a, b in pairs] + [(f"sat-{v}", "ground") for v in sorted(set(down))]
    return parse_problem(
        {
            "format": "satllm-split-problem/1",
            "model": {
                "name": shape,
                "input_bytes": draw(5e6, 16e6),
                "result_bytes": 4000.0,
                "layers": [layer_form(rng, draw, i, weights[i]) for i in range(layers)],
            },
            "nodes": nodes,
            "links": link_forms(draw, ends),
            "source": "sat-0",
            "destination": "ground",
            "ground_may_compute": False,
            "compression": [none_form(), *(level_form(rng, q, layers - 1) for q in range(1, levels))],
            "accuracy_budget": float(rng.choice([0.3, 0.5, 1.0])),
            "micro_batches": micro_batches,
        }
    )


def _satellite(rng: np.random.Generator, draw: Draw, index: int, model_bytes: float) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": f"sat-{index}",
        "kind": "satellite",
        "memory_bytes": draw(0.3, 0.8) * model_bytes,
        "codec_speed": float(rng.choice([0.5, 1.0, 2.0])),
    }
    if rng.random() < 0.8:
        node["flops_per_s"] = draw(0.9e12, 5e12)
    return node  # the others can only relay


def _links(rng: np.random.Generator, shape: str, satellites: int) -> tuple[list[Pair], list[int]]:
    """Inter-satellite links, and the satellites with a downlink."""
    if shape == "chain":
        return [(i, i + 1) for i in range(satellites - 1)], [satellites - 1]
    if shape == "line":
        return pairs_of(rng, shape, satellites), [satellites - 1]
    if shape == "ring":
        around = [(i, (i + 1) % satellites) for i in range(satellites)]
        return [pair for a, b in around for pair in ((a, b), (b, a))], [int(rng.integers(satellites))]
    if shape == "plus-grid":
        first = int(rng.integers(satellites))
        chosen = rng.choice(GRID_REACH, GRID_DOWNLINKS, replace=False)
        return _plus_grid_pairs(), [(first + int(offset)) % satellites for offset in chosen]
    pairs = pairs_of(rng, shape, satellites)
    return pairs, rng.choice(satellites, size=int(rng.integers(1, 3)), replace=False).tolist()


def _plus_grid_pairs() -> list[Pair]:
    """Fore and right neighbours of each satellite, each link both ways."""
    pairs: list[Pair] = []
    for plane in range(GRID_PLANES):
        shift = GRID_SHIFT if plane == GRID_PLANES - 1 else 0
        beside = (plane + 1) % GRID_PLANES
        for slot in range(GRID_PER_PLANE):
            here = plane * GRID_PER_PLANE + slot
            fore = plane * GRID_PER_PLANE + (slot + 1) % GRID_PER_PLANE
            right = beside * GRID_PER_PLANE + (slot + shift) % GRID_PER_PLANE
            pairs += [(here, fore), (fore, here), (here, right), (right, here)]
    return pairs
